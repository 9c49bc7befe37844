/**
 * How long `sidecar image lint` takes to read layers: `sh scripts/bun
 * bench/image-lint-reading.ts [--rounds N] [--gate] [--directory DIR] [--from
 * DIR,DIR]`.
 *
 * Each directory of --from becomes a layer, gzipped in one image and plain in the
 * other. The other commands do the least that a verification needs: `gunzip |
 * sha256sum` of each layer in turn, or `sha256sum`. All are run in every round; a ratio
 * is that of medians. With --gate the exit code is 1 if a target is missed.
 */
import { readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeLargeImage } from "../test/support/large-image.ts";
import { peakMemory } from "../test/support/peak-memory.ts";
import { distributed } from "./programs.ts";
import { shuffled } from "./rounds.ts";
import { scratchDirectory } from "./scratch.ts";
import { median, table } from "./summary.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    gate: { type: "boolean", default: false },
    directory: { type: "string", default: tmpdir() },
    from: { type: "string", default: "/usr/lib/x86_64-linux-gnu,/usr/share,/usr/bin" },
  },
});
const rounds = Number(values.rounds);
const directory = scratchDirectory(values.directory);

const from = values.from.split(",");
const compressions = [
  { name: "gzip", suffix: "+gzip", verify: "gunzip -c | sha256sum", most: 1.3 },
  { name: "plain", suffix: "", verify: "sha256sum", most: 1.2 },
] as const;

/**
 * The archive of a directory, in pieces; by way of a file, which waits for its reader.
 */
async function* archiveOf(path: string): AsyncGenerator<Uint8Array> {
  const file = join(directory, "layer.tar");
  const words = ["tar", "--sort=name", "-C", "/", "-cf", file, path.slice(1)];
  if (Bun.spawnSync(words).exitCode !== 0) throw new Error(`cannot archive ${path}`);
  yield* Bun.file(file).stream() as unknown as AsyncIterable<Uint8Array>;
  rmSync(file);
}

for (const { name, suffix } of compressions)
  await writeLargeImage(
    join(directory, name),
    from.map((path) => [archiveOf(path), suffix] as const),
  );

const blobs = (name: string) => {
  const folder = join(directory, name, "blobs/sha256");
  const files = readdirSync(folder).map((file) => join(folder, file));
  return files.filter((file) => statSync(file).size > 1_000_000);
};

type Sample = { readonly seconds: number; readonly memory: number };

async function measure(words: readonly string[], codes: number[]): Promise<Sample> {
  const start = performance.now();
  const child = Bun.spawn([...words], {
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const peak = peakMemory(child);
  const code = await child.exited;
  const seconds = (performance.now() - start) / 1000;
  if (!codes.includes(code)) throw new Error(`${words.join(" ")} ended with ${code}`);
  return { seconds, memory: await peak };
}

const commands = compressions.flatMap(({ name, verify }) => [
  {
    name: `sidecar image lint, ${name}`,
    // That the image is not fit for blocks is no wonder.
    run: () => measure([distributed, "image", "lint", join(directory, name)], [0, 1]),
  },
  {
    name: `${verify}, ${name}`,
    run: () => {
      const script = blobs(name).map((file) => `<${file} ${verify}`);
      return measure(["sh", "-ec", script.join("\n")], [0]);
    },
  },
]);
const samples = new Map<string, Sample[]>(commands.map(({ name }) => [name, []]));
for (let round = -1; round < rounds; round += 1)
  for (const { name, run } of shuffled(commands)) {
    const sample = await run();
    if (round >= 0) samples.get(name)!.push(sample);
  }

const seconds = (name: string) => median(samples.get(name)!.map((one) => one.seconds));
const memory = (name: string) =>
  Math.max(...samples.get(name)!.map((one) => one.memory)) / 1e6;
const sizes = compressions.map(({ name }) => {
  const bytes = blobs(name).reduce((sum, file) => sum + statSync(file).size, 0);
  return `${(bytes / 1e9).toFixed(2)} GB ${name}`;
});
console.log(`${from.length} layers, ${sizes.join(", ")}; ${rounds} rounds:\n`);
const rows = commands.map(({ name }) => [
  name,
  seconds(name).toFixed(2),
  memory(name).toFixed(0),
]);
console.log(table([["what", "median s", "most MB"], ...rows]));
const targets = compressions.map(({ name, verify, most }) => {
  const lint = `sidecar image lint, ${name}`;
  const ratio = seconds(lint) / seconds(`${verify}, ${name}`);
  const text = `${name}: ${ratio.toFixed(2)} x ${verify}, at most ${most}`;
  return { text, ok: ratio <= most && memory(lint) <= 150 };
});
console.log("\nTargets, in at most 150 MB:\n");
for (const { text, ok } of targets) console.log(`- ${ok ? "ok" : "MISSED"}: ${text}`);
process.exit(values.gate && targets.some(({ ok }) => !ok) ? 1 : 0);
