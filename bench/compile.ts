/** Compiles a program of bench/programs as build.ts compiles sidecar. */
import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileFlags } from "../scripts/compile-flags.ts";
import { compileLauncher, findCompiler } from "../src/launcher/compile.ts";
import { link, recordAddress } from "../src/launcher/link.ts";
import { functionNames } from "../src/system/posix/libc.ts";

const root = join(import.meta.dir, "..");

/**
 * @param source relative to the checkout
 * @param directory an empty one: Bun obeys a bunfig.toml of where it works and of HOME
 * @param record where the launcher's record is to be; without it there is no launcher
 * @returns the path of the executable
 */
function compileOne(source: string, file: string, directory: string, record = 0) {
  const { exitCode, stderr } = Bun.spawnSync(
    [
      process.execPath,
      "build",
      join(root, source),
      `--outfile=${file}`,
      `--define=SIDECAR_LAUNCHER_RECORD=${record}`,
      ...compileFlags,
    ],
    { cwd: directory, env: { PATH: "/usr/bin:/bin", HOME: directory, LC_ALL: "C" } },
  );
  if (exitCode !== 0) throw new Error(`cannot compile ${source}: ${stderr}`);
  return file;
}

/** A program of bench/programs, compiled. */
export function compile(name: "empty" | "floor", directory: string): string {
  const file = join(directory, name);
  compileOne(`bench/programs/${name}.ts`, file, directory);
  return cacheAlike(file, join(directory, `${name}-copy`));
}

/** Sidecar as it is where there is no compiler: dynamic, without the launcher. */
export function compileDynamic(directory: string): string {
  const file = compileOne("src/main.ts", join(directory, "dynamic"), directory);
  return cacheAlike(file, join(directory, "dynamic-copy"));
}

/** A block that notes when it began and when it ends (programs/moments.c). */
export function compileMoments(directory: string): string {
  const file = join(directory, "moments");
  const source = join(root, "bench/programs/moments.c");
  const { exitCode, stderr } = Bun.spawnSync(
    ["gcc", "-O1", "-static", "-o", file, source], // no loader to be waited for
  );
  if (exitCode !== 0) throw new Error(`cannot compile ${source}: ${stderr}`);
  return file;
}

/** The start of processes, in programs with and without the launcher. */
export function compileFirstInstruction(directory: string) {
  const source = "bench/programs/first-instruction.ts";
  const compiler = findCompiler((words) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(words);
    const output = stdout.toString();
    return { code: exitCode, output, text: `${output}${stderr}` };
  });
  if (typeof compiler === "string") return undefined;
  const spawning = compileOne(source, join(directory, "spawning"), directory);
  const starting = join(directory, "starting");
  compileOne(source, starting, directory, recordAddress);
  const program = readFileSync(starting);
  const work = join(directory, "launcher");
  const launcher = compileLauncher(program, starting, functionNames, compiler, work);
  writeFileSync(starting, link(program, launcher, new Uint8Array(0)), { mode: 0o755 });
  return { spawning, starting };
}

/**
 * Copies an executable so that the page cache holds it as it holds the others. How a
 * file came into the cache (written or read, in which portions) decides the size of its
 * folios and thereby what a page fault costs: a fifth of the whole start.
 */
export function cacheAlike(file: string, copy: string): string {
  writeFileSync(copy, readFileSync(file), { mode: 0o755 });
  const descriptor = openSync(copy, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
  return copy;
}
