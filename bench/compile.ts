/** Compiles a program of bench/programs as build.ts compiles sidecar. */
import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileFlags } from "../scripts/compile-flags.ts";

/**
 * @param directory an empty one: Bun obeys a bunfig.toml of where it works and of HOME
 * @returns the path of the executable
 */
export function compile(name: "empty" | "floor", directory: string): string {
  const source = join(import.meta.dir, "programs", `${name}.ts`);
  const file = join(directory, name);
  const { exitCode, stderr } = Bun.spawnSync(
    [process.execPath, "build", source, `--outfile=${file}`, ...compileFlags],
    { cwd: directory, env: { PATH: "/usr/bin:/bin", HOME: directory, LC_ALL: "C" } },
  );
  if (exitCode !== 0) throw new Error(`cannot compile ${name}: ${stderr}`);
  return cacheAlike(file, join(directory, `${name}-copy`));
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
