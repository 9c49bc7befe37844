/**
 * From the block's end to sidecar's:
 * `sh scripts/bun bench/end.ts [--rounds N] [--gate]`.
 *
 * The block notes the clock as its last act, and whoever started the supervisor notes
 * it when that one has ended. See RESULTS.md.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheAlike, compileMoments } from "./compile.ts";
import { distributed } from "./programs.ts";
import { median, table } from "./summary.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "300" },
    gate: { type: "boolean", default: false },
  },
});
/** Milliseconds. */
const mostToTheEnd = 3;
/** Starts of one supervisor in a row, before the next has its turn. */
const atOnce = 10;

const directory = mkdtempSync(join(tmpdir(), "sidecar-bench-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

const moments = compileMoments(directory);
const clock = join(directory, "clock");
const block = [moments, "block", clock];
const sidecar = cacheAlike(distributed, join(directory, "sidecar"));
const result = join(directory, "result.json");
const output = join(directory, "out");
const supervisors: readonly (readonly [string, readonly (string | null)[]])[] = [
  ["none", block],
  ["tini -s --", [Bun.which("tini"), "-s", "--", ...block]],
  ["dumb-init", [Bun.which("dumb-init"), ...block]],
  ["sidecar", [sidecar, "--quiet", "--exec", ...block]],
  ["sidecar --result", [sidecar, "--quiet", `--result=${result}`, "--exec", ...block]],
  [
    "sidecar --stdout --tee",
    [sidecar, "--quiet", `--stdout=${output}`, "--tee", "--exec", ...block],
  ],
];

const samples = new Map<string, { toBlock: number[]; toEnd: number[] }>();
for (let done = 0; done < Number(values.rounds); done += atOnce)
  for (const [name, words] of supervisors) {
    if (words.includes(null)) continue;
    const { stdout, exitCode } = Bun.spawnSync(
      [moments, String(atOnce), clock, ...(words as string[])],
      { stderr: "inherit", env: { PATH: "/usr/bin:/bin", HOME: directory } },
    );
    if (exitCode !== 0) throw new Error(`${name}: exit code ${exitCode}`);
    const sample = samples.get(name) ?? { toBlock: [], toEnd: [] };
    samples.set(name, sample);
    for (const line of stdout.toString().trim().split("\n")) {
      const [toBlock, toEnd] = line.split(" ").map(Number);
      sample.toBlock.push(toBlock!);
      sample.toEnd.push(toEnd!);
    }
  }

const rows = [...samples].map(([name, { toBlock, toEnd }]) => [
  name,
  median(toBlock).toFixed(2),
  median(toEnd).toFixed(2),
  Math.min(...toEnd).toFixed(2),
]);
console.log(
  table([["supervisor", "start to block ms", "block to end ms", "least ms"], ...rows]),
);
const plain = median(samples.get("sidecar")!.toEnd);
const ok = plain <= mostToTheEnd;
console.log(
  `\n- ${ok ? "ok" : "MISSED"}: from the block's end to sidecar's: ` +
    `${plain.toFixed(2)} ms, at most ${mostToTheEnd}`,
);
process.exit(values.gate && !ok ? 1 : 0);
