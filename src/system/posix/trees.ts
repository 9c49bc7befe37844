/**
 * What sidecar started, each process with all that it starts in turn.
 *
 * A guardian (src/launcher/guardian.c) is the parent of all of them, and writes what it
 * learns of them into memory that is read here; its own end means that nobody is left.
 * Where there is no guardian (somebody killed it, or the executable has no launcher)
 * they are sidecar's own children, so far as they are known.
 */
import { type Pointer, read } from "../foreign.ts";
import { recordAddress } from "./launcher.ts";
import { errorNumber, lastError, libc, treeLibc } from "./libc.ts";
import { signalNumber } from "./signals.ts";

/** Offsets in `struct tree` (src/launcher/tree.h). */
const field = {
  guardian: 0,
  process: 4,
  ended: 8,
  status: 12,
  stops: 16,
  stopSignal: 20,
  processorTime: 24,
  peakMemory: 32,
} as const;

export type Tree = {
  /** The process that was started; its id is also its group's. */
  readonly process: number;
  /** Of the guardian; 0 where there is none (any more). */
  guardian: number;
  /** Of what the guardian writes; 0 where there never was one. */
  readonly address: Pointer | 0;
  /** nextChange has told of the end of `process`. */
  told: boolean;
  /** How many stops of `process` were told. */
  stops: number;
  /** Nobody is left of it. */
  gone: boolean;
  /** SIGKILL was sent to all: whoever appears from now on gets it too. */
  killed: boolean;
  /**
   * What the guardian was asked to send: each signal, and whether to outsiders only.
   */
  readonly asked: Array<readonly [signal: number, outsiders: boolean]>;
  /** What was used by those whom sidecar itself reaped: seconds; bytes. */
  processorSeconds: number;
  peakMemory: number;
};

const trees = new Map<number, Tree>();

/** @param address of a `struct tree` @returns the process id */
export function rememberTree(address: number): number {
  const memory = address as Pointer;
  const process = read.i32(memory, field.process);
  return remember(process, memory, read.i32(memory, field.guardian));
}

/** Of a process that is sidecar's own child. */
export function rememberChild(process: number): number {
  return remember(process, 0, 0);
}

function remember(process: number, address: Pointer | 0, guardian: number): number {
  trees.set(process, {
    process,
    guardian,
    address,
    told: false,
    stops: 0,
    gone: false,
    killed: false,
    asked: [],
    processorSeconds: 0,
    peakMemory: 0,
  });
  return process;
}

export function treeOf(process: number): Tree | undefined {
  return trees.get(process);
}

export function allTrees(): Iterable<Tree> {
  return trees.values();
}

/** What its guardian knows of a process and was not told yet: a status of wait(2). */
export function newsOf(tree: Tree): number | undefined {
  if (tree.address === 0 || tree.told) return undefined;
  if (read.i32(tree.address, field.ended) !== 0) {
    tree.told = true;
    return read.i32(tree.address, field.status);
  }
  const stops = read.i32(tree.address, field.stops);
  if (stops === tree.stops) return undefined;
  tree.stops = stops;
  return (read.i32(tree.address, field.stopSignal) << 8) | 0x7f;
}

/** What all of a tree who have ended used together, and the largest of them. */
export function usageOfTree(tree: Tree): {
  processorSeconds: number;
  peakMemory: number;
} {
  const { address } = tree;
  const number = (offset: number) =>
    address === 0 ? 0 : Number(read.u64(address, offset));
  return {
    processorSeconds: tree.processorSeconds + number(field.processorTime) / 1_000_000,
    peakMemory: Math.max(tree.peakMemory, number(field.peakMemory)),
  };
}

/**
 * Sends a signal to all of a tree; with `outsiders` only to those who have left the
 * group of its process.
 */
export function signalTree(tree: Tree, signal: number, outsiders: boolean): void {
  if (tree.gone) return;
  if (signal === signalNumber.SIGKILL) tree.killed = true;
  if (tree.guardian !== 0) {
    tree.asked.push([signal, outsiders]);
    treeLibc().sidecar_ask(tree.address as Pointer, signal, outsiders ? 1 : 0);
  } else if (recordAddress) signalOwn(tree, signal, outsiders);
  // Without the launcher nobody knows of those who left the group.
  else if (!outsiders) libc().kill(-tree.process, signal);
}

/** Those who have lost their guardian are sidecar's own descendants. */
export function signalOwn(tree: Tree, signal: number, outsiders: boolean): void {
  const { sidecar_signal_descendants } = treeLibc();
  sidecar_signal_descendants(2 ** (signal - 1), tree.process, outsiders ? 1 : 0);
}

/** Whether anybody is in a process group, be it somebody who may not be signalled. */
export function groupExists(group: number): boolean {
  return libc().kill(-group, 0) === 0 || lastError() === errorNumber.EPERM;
}
