/** What a Windows host has around a block, of all that other systems have: nothing. */
import type { Account } from "../account.ts";

/** Every Windows has a `Users`; folders of the platform are where storage says. */
export const sharedRoots: readonly string[] = [];

export const terminationLog: string | undefined = undefined;

export function mountTable(): string {
  return "";
}

/** Who tells of a block's usage. */
export const usageSource = "job";

/** Nobody is ended for want of memory here: programs are refused it. */
export function countKills(_cgroup: undefined | string): () => number {
  return () => 0;
}

/** The job object accounts for the block, and is asked at its end (Change). */
export function openAccount(_cgroup: undefined | string): Account {
  return { memory: () => ({}), all: () => ({}), watch: () => undefined };
}
