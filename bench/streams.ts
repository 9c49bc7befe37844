/**
 * What sidecar does to a block's output: `sh scripts/bun bench/streams.ts [--rounds N]
 * [--gate] [--directory DIR]`.
 *
 * All commands are run in every round, each round in another order; a ratio is that of
 * medians of one run. With --gate the exit code is 1 if a target is missed. RESULTS.md
 * tells what is measured.
 */
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheAlike } from "./compile.ts";
import { distributed } from "./programs.ts";
import { shuffled } from "./rounds.ts";
import { scratchDirectory } from "./scratch.ts";
import { measureMemory } from "./stream-memory.ts";
import { median, table } from "./summary.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    gate: { type: "boolean", default: false },
    directory: { type: "string", default: tmpdir() },
  },
});
const rounds = Number(values.rounds);
const directory = scratchDirectory(values.directory);

const environment = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
for (const name of ["write", "drain"]) {
  const source = join(import.meta.dirname, `programs/${name}.c`);
  const { exitCode } = Bun.spawnSync(["gcc", "-O2", "-o", name, source], {
    cwd: directory,
    stderr: "inherit",
  });
  if (exitCode !== 0) throw new Error(`cannot compile ${name}.c`);
}
cacheAlike(distributed, join(directory, "sidecar"));

/** Pieces and bytes of each: 1 GiB; a million short lines. */
const large = "8192 131072";
const small = "1000000 100";
const sidecar = "./sidecar --quiet";
const shortened = `${sidecar} --max-output=10m`;

/**
 * The block's own time counts where it has its file, else that of the whole pipeline.
 */
type Command = { readonly name: string; readonly script: string; readonly own?: true };

const commands: Command[] = [
  { name: "> FILE", script: `./write ${large} time >out`, own: true },
  {
    name: "--stdout=FILE",
    script: `${sidecar} --stdout=out --exec ./write ${large} time`,
    own: true,
  },
  { name: "1 GiB, tee", script: `./write ${large} time | tee out | ./drain` },
  {
    name: "1 GiB, --tee",
    script: `${sidecar} --tee --stdout=out --exec ./write ${large} time | ./drain`,
  },
  {
    name: "1 GiB, --max-output=10m",
    script: `${shortened} --stdout=out --exec ./write ${large} time 2>/dev/null`,
  },
  { name: "1 M lines, tee", script: `./write ${small} time | tee out | ./drain` },
  {
    name: "1 M lines, --tee",
    script: `${sidecar} --tee --stdout=out --exec ./write ${small} time | ./drain`,
  },
  {
    name: "1 M lines, --max-output=10m",
    script: `${shortened} --stdout=out --exec ./write ${small} time 2>/dev/null`,
  },
];

/** Milliseconds; of the processor, where the block's own time counts. */
type Sample = { readonly wall: number; readonly processor: number };

function measure({ name, script, own }: Command): Sample {
  rmSync(join(directory, "out"), { force: true });
  const start = performance.now();
  const { exitCode } = Bun.spawnSync(["sh", "-c", script], {
    cwd: directory,
    env: environment,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const wall = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${name} ended with ${exitCode}`);
  if (!own) return { wall, processor: 0 };
  const report = readFileSync(join(directory, "time"), "utf8").split(" ");
  return { wall: Number(report[0]) / 1e6, processor: Number(report[1]) / 1e6 };
}

const samples = new Map<string, Sample[]>(commands.map(({ name }) => [name, []]));
for (let round = -1; round < rounds; round += 1)
  for (const command of shuffled(commands)) {
    const sample = measure(command);
    if (round >= 0) samples.get(command.name)!.push(sample);
    await Bun.sleep(0); // lets Ctrl-C through
  }
const memory = await measureMemory(directory, `${large} time`);
const limited = await measureMemory(directory, `${large} time`, ["--max-output=100m"]);

const walls = (name: string) => samples.get(name)!.map(({ wall }) => wall);
const of = (name: string) => median(walls(name));
const processor = (name: string) =>
  median(samples.get(name)!.map(({ processor }) => processor));
const rows = commands.map(({ name }) => {
  return [name, of(name).toFixed(0), Math.min(...walls(name)).toFixed(0)];
});
console.log(`In ${values.directory}, ${rounds} rounds:\n`);
console.log(table([["what", "median ms", "least ms"], ...rows]));

const direct = of("--stdout=FILE") / of("> FILE");
const work = processor("--stdout=FILE") / processor("> FILE");
const teeLarge = of("1 GiB, --tee") / of("1 GiB, tee");
const teeSmall = of("1 M lines, --tee") / of("1 M lines, tee");
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
const targets = [
  {
    text:
      `a block that has its file: ${direct.toFixed(3)} x a shell's redirection, ` +
      `within 3 % (processor time: ${work.toFixed(3)} x)`,
    ok: Math.abs(direct - 1) <= 0.03,
  },
  { text: `1 GiB: ${teeLarge.toFixed(2)} x tee, at most 1`, ok: teeLarge <= 1 },
  {
    text: `a million lines: ${teeSmall.toFixed(2)} x tee, at most 1.3`,
    ok: teeSmall <= 1.3,
  },
  {
    text:
      `memory while relaying: ${megabytes(memory.resident)} MB resident, at most 40; ` +
      `${megabytes(memory.own)} MB belong to no file ` +
      `(${megabytes(limited.own)} with --max-output for both streams)`,
    ok: memory.resident <= 40e6,
  },
];
console.log("\nTargets:\n");
for (const { text, ok } of targets) console.log(`- ${ok ? "ok" : "MISSED"}: ${text}`);
process.exit(values.gate && targets.some(({ ok }) => !ok) ? 1 : 0);
