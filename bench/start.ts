/**
 * What sidecar adds to a block: `sh scripts/bun bench/start.ts [--rounds N] [--gate]`.
 *
 * All figures are of one run on one machine, so that the ratios hold where the
 * milliseconds do not. With --gate the exit code is 1 if a target is missed. See
 * RESULTS.md.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureFirstInstruction } from "./first-instruction.ts";
import { type Idle, idleWindow, measureIdle } from "./idle.ts";
import { lowerDescriptorLimit } from "./process.ts";
import { distributed, makePrograms, names } from "./programs.ts";
import { runRounds } from "./rounds.ts";
import { scratchDirectory } from "./scratch.ts";
import { type Summary, summarize, table } from "./summary.ts";
import { judge } from "./targets.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "500" },
    gate: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds takes a number from 1 on");
if (!existsSync(distributed))
  fail("there is no dist/sidecar: run sh scripts/bun build.ts");

const directory = scratchDirectory();

const programs = makePrograms(directory);
lowerDescriptorLimit();
const samples = await runRounds(programs, rounds);
const idle = await measureIdle(programs);

const summaries = new Map([...samples].map(([name, list]) => [name, summarize(list)]));
const first = measureFirstInstruction(directory);
const targets = judge(summaries, idle, programs.added, first);
console.log(`Start to end of a process that runs /bin/true, ${rounds} rounds:\n`);
console.log(startTable(summaries));
for (const name of programs.missing) console.log(`\nNot installed here: ${name}`);
console.log(`\nWhile a block sleeps, for ${idleWindow / 1000} s:\n`);
console.log(idleTable(idle));
console.log("\nTargets:\n");
for (const { text, ok } of targets) console.log(`- ${ok ? "ok" : "MISSED"}: ${text}`);
process.exit(values.gate && targets.some(({ ok }) => !ok) ? 1 : 0);

function startTable(summaries: ReadonlyMap<string, Summary>): string {
  const floor = summaries.get(names.floor)!.wall;
  const head = ["program", "median ms", "least ms", "x floor", "CPU ms", "page faults"];
  const rows = [...summaries].map(([name, { wall, least, processor, faults }]) => [
    name,
    wall.toFixed(2),
    least.toFixed(2),
    (wall / floor).toFixed(2),
    processor.toFixed(2),
    faults.toFixed(0),
  ]);
  return table([head, ...rows]);
}

function idleTable(idle: readonly Idle[]): string {
  const head = [
    "supervisor",
    "private MB",
    "alone MB",
    "anonymous MB",
    "resident MB",
    "ticks",
    "wake-ups",
  ];
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(2);
  const rows = idle.map((one) => [
    one.name,
    ...[one.private, one.alone, one.anonymous, one.resident].map(megabytes),
    String(one.ticks),
    String(one.switches),
  ]);
  return table([head, ...rows]);
}

function fail(message: string): never {
  console.error(`bench: ${message}`);
  process.exit(2);
}
