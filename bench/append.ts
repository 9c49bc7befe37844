/**
 * What it costs to put sidecar into a large image: `sh scripts/bun bench/append.ts
 * [--rounds N] [--gigabytes N] [--gate] [--directory DIR]`.
 *
 * An archive of docker save, its layers plain as Docker writes them and hard to compress,
 * is copied by cp; sidecar's executable is compressed; and sidecar is appended, which
 * does both, verifies every layer, and waits until all is on disk. Each in every round,
 * each round in another order; a ratio is that of medians of one run. With --gate the
 * exit code is 1 if a target is missed.
 */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { largeArchive } from "./large-archive.ts";
import { distributed } from "./programs.ts";
import { shuffled } from "./rounds.ts";
import { scratchDirectory } from "./scratch.ts";
import { median, table } from "./summary.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    gigabytes: { type: "string", default: "2" },
    gate: { type: "boolean", default: false },
    directory: { type: "string", default: tmpdir() },
  },
});
const rounds = Number(values.rounds);
const directory = scratchDirectory(values.directory);

const archive = join(directory, "image.tar");
largeArchive(archive, Number(values.gigabytes) * 1e9);

const bun = join(import.meta.dirname, "../scripts/bun");
const commands = {
  cp: ["cp", archive, join(directory, "copy.tar")],
  "cp, and wait for the disk": [
    ...["sh", "-c", 'cp "$0" "$1" && sync "$1"'],
    ...[archive, join(directory, "copy.tar")],
  ],
  "gzip of sidecar": [
    ...["sh", "-c", 'gzip -6 <"$0" >"$1"'],
    ...[distributed, join(directory, "z")],
  ],
  "the same by sidecar's library": [
    ...["sh", bun, join(import.meta.dirname, "programs/compress.ts")],
    ...[distributed, join(directory, "z")],
  ],
  "sidecar image append": [
    ...[distributed, "image", "append", archive],
    ...["-o", join(directory, "appended.tar")],
  ],
};
type Name = keyof typeof commands;
const names = Object.keys(commands) as Name[];

/** Milliseconds, and bytes at most. */
type Sample = { readonly wall: number; readonly memory: number };
const samples = new Map<Name, Sample[]>(names.map((name) => [name, []]));

async function measure(name: Name): Promise<Sample> {
  // What the one before left to be written is not to be paid by the next.
  for (const file of ["copy.tar", "z", "appended.tar"])
    rmSync(join(directory, file), { force: true });
  Bun.spawnSync(["sync", "--file-system", directory]);
  const start = performance.now();
  const child = Bun.spawn(commands[name], {
    cwd: directory,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await child.exited;
  const wall = performance.now() - start;
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
  return { wall, memory: child.resourceUsage()!.maxRSS };
}

for (let round = -1; round < rounds; round += 1)
  for (const name of shuffled(names)) {
    const sample = await measure(name);
    if (round >= 0) samples.get(name)!.push(sample);
  }

const of = (name: Name) => median(samples.get(name)!.map(({ wall }) => wall));
const memory = Math.max(
  ...samples.get("sidecar image append")!.map((sample) => sample.memory),
);
console.log(`In ${values.directory}, ${values.gigabytes} GB, ${rounds} rounds:\n`);
console.log(
  table([
    ["what", "median s"],
    ...names.map((name) => [name, (of(name) / 1000).toFixed(2)]),
  ]),
);
const append = of("sidecar image append");
const compression = of("the same by sidecar's library");
const floor = of("cp") + compression;
const durable = of("cp, and wait for the disk") + compression;
const ratio = (to: number) => (append / to).toFixed(2);
const targets = [
  {
    text:
      `append: ${ratio(floor)} x cp and compressing the layer once, at most 1.5 ` +
      `(${ratio(durable)} x where cp waits for the disk; ` +
      `${ratio(of("cp") + of("gzip of sidecar"))} x cp and gzip)`,
    ok: append / floor <= 1.5,
  },
  {
    text: `memory: ${(memory / 1e6).toFixed(0)} MB resident, at most 150`,
    ok: memory <= 150e6,
  },
];
console.log("\nTargets:\n");
for (const { text, ok } of targets) console.log(`- ${ok ? "ok" : "MISSED"}: ${text}`);
process.exit(values.gate && targets.some(({ ok }) => !ok) ? 1 : 0);
