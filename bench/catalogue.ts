/**
 * What a large deployment costs: `sh scripts/bun bench/catalogue.ts [--rounds N]
 * [--most N] [--gate]`.
 *
 * The commands of the catalogue with 100 to 100,000 images and a tenth as many nodes,
 * from a `.env` file and from a values.yaml. What counts is the time beyond that of
 * `sidecar features` with an empty `.env` file, which is run in every round as well: a
 * figure is the median of the differences within rounds. On a busy machine the time of
 * the processor says more. With --gate the exit code is 1 if a target is missed. See
 * RESULTS.md.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDeployment } from "./deployment.ts";
import { measure, prepare, type Sample } from "./process.ts";
import { distributed } from "./programs.ts";
import { shuffled } from "./rounds.ts";
import { scratchDirectory } from "./scratch.ts";
import { median, table } from "./summary.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    most: { type: "string", default: "100000" },
    gate: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds takes a number from 1 on");
if (!existsSync(distributed))
  fail("there is no dist/sidecar: run sh scripts/bun build.ts");

const directory = scratchDirectory();

const commands = {
  "features --json": ["features", "--json"],
  "choices --json": ["choices", "--json", "--runenv=(PYTHON3,42)"],
  "choices, of a feature": [
    "choices",
    "--json",
    "--runenv=(PYTHON3,42)",
    "--require=ABAQUS",
  ],
  resolve: ["resolve", "--runenv=(PYTHON3,42)", "--require=ABAQUS"],
} as const;
const sources = ["--env-file", "--values"] as const;
const sizes = [100, 1_000, 10_000, 100_000].filter(
  (size) => size <= Number(values.most),
);

const program = (words: readonly string[]) => ({
  prepared: prepare([distributed, ...words], { PATH: "/usr/bin:/bin" }),
  samples: [] as Sample[],
});
const empty = join(directory, "empty.env");
writeFileSync(empty, "");
const start = program(["features", "--env-file", empty]);
const deployments = sizes.map((size) => writeDeployment(size, directory));
const cases = sources.flatMap((source) =>
  Object.entries(commands).map(([name, words]) => ({
    name: `${name} ${source}`,
    source,
    programs: deployments.map(({ envFile, values: file }) =>
      program([...words, source, source === "--values" ? file : envFile]),
    ),
  })),
);

const all = [start, ...cases.flatMap(({ programs }) => programs)];
for (let round = -1; round < rounds; round += 1) {
  for (const { prepared, samples } of shuffled(all)) {
    const sample = measure(prepared);
    if (round >= 0) samples.push(sample);
  }
  await Bun.sleep(0); // lets Ctrl-C through
}

/** Milliseconds beyond the start. */
const beyond = (samples: readonly Sample[], key: "wall" | "processor") =>
  median(samples.map((sample, round) => sample[key] - start.samples[round]![key]));
/** By size. */
const figures = cases.map(({ name, source, programs }) => ({
  name,
  source,
  wall: programs.map(({ samples }) => beyond(samples, "wall")),
  processor: programs.map(({ samples }) => beyond(samples, "processor")),
}));
const shown = (size: number) => size.toLocaleString("en");
const walls = start.samples.map(({ wall }) => wall);
console.log(`Start: ${median(walls).toFixed(1)} ms; ${rounds} rounds.\n`);
console.log("Milliseconds beyond that, by images; a tenth as many nodes:\n");
const rows = figures.map(({ name, wall }) => [
  name,
  ...wall.map((milliseconds) => milliseconds.toFixed(1)),
]);
console.log(table([["command", ...sizes.map(shown)], ...rows]));
console.log("\nMicroseconds of the processor for each image or node:\n");
const perItem = figures.map(({ name, processor }) => [
  name,
  ...processor.map((time, index) => ((time * 1e3) / (sizes[index]! * 1.1)).toFixed(1)),
]);
console.log(table([["command", ...sizes.map(shown)], ...perItem]));

const fast = sizes.indexOf(10_000);
const large = sizes.indexOf(100_000);
const targets = figures.flatMap(({ name, source, wall }) => [
  ...(fast >= 0 && source === "--env-file" ? [speed(name, wall[fast]!)] : []),
  ...(fast >= 0 && large >= 0 ? [growth(name, wall[large]! / wall[fast]!)] : []),
]);
console.log("\nTargets:\n");
for (const { text, ok } of targets) console.log(`- ${ok ? "ok" : "MISSED"}: ${text}`);
process.exit(values.gate && targets.some(({ ok }) => !ok) ? 1 : 0);

function speed(name: string, wall: number) {
  const text = `${name}: 10,000 images in ${wall.toFixed(1)} ms, at most 50`;
  return { text, ok: wall <= 50 };
}

/** Ten times as much may take a little more than ten times as long. */
function growth(name: string, ratio: number) {
  const text = `${name}: 100,000 images take ${ratio.toFixed(1)} x 10,000, at most 12`;
  return { text, ok: ratio <= 12 };
}

function fail(message: string): never {
  console.error(`bench: ${message}`);
  process.exit(2);
}
