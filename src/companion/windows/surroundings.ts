/** What a Windows host has around a block, of all that other systems have: nothing. */
import type { MemoryAccount } from "../cgroup.ts";

/** Every Windows has a `Users`; folders of the platform are where storage says. */
export const sharedRoots: readonly string[] = [];

export const terminationLog: string | undefined = undefined;

export function mountTable(): string {
  return "";
}

/** Whose peak memory is told. */
export const peakMemorySource = "job";

/** The job object accounts for the block (Change.peakMemory); it ends nobody. */
export function memoryAccount(): MemoryAccount {
  return { kills: 0 };
}
