/** What a run prints: failures as commands that repeat them, and what was tried. */
import type { Failed, Tally } from "./campaign.ts";
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
    return `  ${name.padEnd(28)}${String(count).padStart(7)}${failed > 0 ? `  ${failed} failed` : ""}`;
  });
  const rate = tally.scenarios / seconds;
  return [
    "class                        scenarios",
    ...rows,
    `${tally.scenarios} scenarios in ${seconds.toFixed(0)} s, ${rate.toFixed(1)} a second:` +
      ` ${tally.forks} processes forked, ${tally.signals} signals sent,` +
      ` ${(tally.bytes / 2 ** 20).toFixed(0)} MiB written;` +
      ` ${tally.slowestFall.toFixed(1)} ms from sidecar's SIGKILL to the last process'` +
      " end at most",
  ].join("\n");
}
