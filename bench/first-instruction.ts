/** How long it is from sidecar's decision to start a block to the block itself. */
import { compileFirstInstruction } from "./compile.ts";

/** Median milliseconds. */
export type FirstInstruction = { readonly launcher: number; readonly spawn: number };

/** @returns nothing where there is no compiler for the launcher */
export function measureFirstInstruction(
  directory: string,
): FirstInstruction | undefined {
  const programs = compileFirstInstruction(directory);
  if (!programs) return undefined;
  return { launcher: measure(programs.starting), spawn: measure(programs.spawning) };
}

function measure(program: string): number {
  const { exitCode, stdout, stderr } = Bun.spawnSync([program]);
  if (exitCode !== 0) throw new Error(`${program}: ${stderr}`);
  const times: number[] = JSON.parse(stdout.toString());
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
