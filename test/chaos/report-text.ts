/** What a run prints: failures as commands that repeat them, and what was tried. */
import { type Failed, pairOf, type Tally } from "./campaign.ts";
import type { Evidence } from "./performance.ts";
import { scriptText } from "./scenario.ts";

export function describeFailure(
  seed: number,
  without: string,
  { index, scenario, problems, evidence }: Failed,
): string {
  const left = without === "" ? "" : ` --without ${without}`;
  return [
    `FAILED  sh scripts/bun test/chaos/run.ts --seed ${seed} --only ${index}${left}`,
    ...problems.map((problem) => `  ${problem}`),
    `  block: ${scriptText(scenario.script)}`,
    `  sends: ${JSON.stringify(scenario.sends)}`,
    ...messageLines(evidence),
  ].join("\n");
}

function messageLines({ files }: Evidence): string[] {
  const text = Buffer.from(files.get("console.error") ?? []).toString("latin1");
  const lines = text.match(/^sidecar: [^\n]*/gm) ?? [];
  return lines.slice(0, 5).map((line) => `  ${line}`);
}

/** In the order of time, milliseconds from sidecar's start. */
export function describeNotes({ report, board }: Evidence): string {
  const at = (time: number) => ((time - report.started) / 1_000_000).toFixed(3);
  const events = [
    ...board.notes
      .filter(({ kind }) => kind !== "written")
      .map(({ time, kind, node, process, a, b }) => ({
        time,
        text: `node ${node} (${process}) ${kind} ${a} ${b}`,
      })),
    ...report.sent.map(({ time, signal, kept }) => ({
      time,
      text: `sent signal ${signal}, ${kept}`,
    })),
    {
      time: report.ended,
      text: `sidecar ended: code ${report.code} signal ${report.signal}`,
    },
    { time: report.empty, text: "nothing is left" },
  ].toSorted((one, other) => one.time - other.time);
  return events.map(({ time, text }) => `${at(time).padStart(10)}  ${text}`).join("\n");
}

export function describeTally(tally: Tally, seconds: number): string {
  const names = [...tally.classes.keys()].toSorted();
  const rows = names.map((name) => {
    const { count, failed } = tally.classes.get(name)!;
    const failures = failed > 0 ? `  ${failed} failed` : "";
    return `  ${name.padEnd(28)}${String(count).padStart(7)}${failures}`;
  });
  const rate = tally.scenarios / seconds;
  return [
    ...endLines(tally),
    ...meetings(tally),
    "class                        scenarios",
    ...rows,
    `${tally.scenarios} scenarios in ${seconds.toFixed(0)} s, ` +
      `${rate.toFixed(1)} a second:` +
      ` ${tally.forks} processes forked, ${tally.signals} signals sent,` +
      ` ${(tally.bytes / 2 ** 20).toFixed(0)} MiB written;` +
      ` ${tally.slowestFall.toFixed(1)} ms from sidecar's SIGKILL to the last` +
      " process' end at most",
  ].join("\n");
}

/** What really became of sidecar; exit codes without a record are put together. */
function endLines({ ends }: Tally): string[] {
  const counts = new Map<string, number>();
  for (const [end, count] of ends) {
    const name = end.replace(/, code \d+$/, ", some code");
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const rows = [...counts].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return [
    "how sidecar ended",
    ...rows.map(([name, count]) => `  ${name.padEnd(34)}${String(count).padStart(7)}`),
  ];
}

const endings = ["kill-sidecar", "kill-guardian", "signal-ending", "timeout"];
const circumstances = [
  "process-1",
  "uid-20042",
  "tee",
  "redirect-one-file",
  "cgroup",
  "escape",
  "background",
  "temporary",
  "does-hop",
  "does-breed",
  "does-storm",
  "signal-first-10ms",
];

/** How often what ends a block met what makes that hard. */
function meetings({ pairs }: Tally): string[] {
  const cells = (name: string) =>
    endings.map((end) => String(pairs.get(pairOf(name, end)) ?? 0).padStart(15));
  return [
    `${"met".padEnd(20)}${endings.map((end) => end.padStart(15)).join("")}`,
    ...circumstances.map((name) => `  ${name.padEnd(18)}${cells(name).join("")}`),
  ];
}
