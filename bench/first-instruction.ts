/** How long it is from sidecar's decision to start a block to the block itself. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileFirstInstruction, compileMoments } from "./compile.ts";

/** Median milliseconds. */
export type FirstInstruction = { readonly launcher: number; readonly spawn: number };

/** @returns nothing where there is no compiler for the launcher */
export function measureFirstInstruction(
  directory: string,
): FirstInstruction | undefined {
  const programs = compileFirstInstruction(directory);
  if (!programs) return undefined;
  const moments = compileMoments(directory);
  const clock = join(directory, "clock");
  writeFileSync(clock, new Uint8Array(16));
  const measured = (program: string) => measure([program, moments, clock]);
  return {
    launcher: measured(programs.starting),
    spawn: measured(programs.spawning),
  };
}

function measure(words: string[]): number {
  const { exitCode, stdout, stderr } = Bun.spawnSync(words);
  if (exitCode !== 0) throw new Error(`${words[0]}: ${stderr}`);
  const times: number[] = JSON.parse(stdout.toString());
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
