/** Processes: learn how one ended, signal its group, hand it the terminal. */

import { ptr } from "../foreign.ts";
import { commonLibc, lastError, libc, moreLibc, SystemError } from "./libc.ts";
import { signalNumber, signalSet } from "./signals.ts";
import {
  allTrees,
  groupExists,
  newsOf,
  signalOwn,
  signalTree,
  type Tree,
  treeOf,
  usageOfTree,
} from "./trees.ts";

export { groupExists } from "./trees.ts";

const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;

/** How a process that sidecar started has changed. */
export type Change = {
  readonly process: number;
  readonly how:
    | { readonly kind: "exited"; readonly code: number }
    | { readonly kind: "signalled"; readonly signal: number; readonly core: boolean }
    | { readonly kind: "stopped"; readonly signal: number };
};

/** Seconds of processor time of all; bytes of memory of the largest. */
export type Usage = { readonly processorSeconds: number; readonly peakMemory: number };

const WNOHANG = 1;
const WUNTRACED = 2;

/**
 * A process that ended or stopped; nothing where none has. On the way whoever became
 * sidecar's child by his parent's death is reaped, and what he used is not counted.
 */
export function nextChange(): Change | undefined {
  for (;;) {
    for (const tree of allTrees()) {
      const status = newsOf(tree);
      if (status !== undefined)
        return { process: tree.process, how: waitStatus(status) };
    }
    const status = new Int32Array(1);
    const usage = new Uint8Array(144);
    const process = libc().wait4(-1, status, WNOHANG | WUNTRACED, usage);
    if (process <= 0) {
      attendOrphans(process < 0);
      return undefined;
    }
    const how = waitStatus(status[0]!);
    for (const tree of allTrees()) if (tree.guardian === process) lose(tree, how);
    const tree = treeOf(process);
    if (!tree || tree.told) continue;
    if (how.kind !== "stopped") noteEnd(tree, usage);
    return { process, how };
  }
}

/** A guardian has ended: since nobody was left, or since somebody killed it. */
function lose(tree: Tree, how: Change["how"]): void {
  if (how.kind === "stopped") return;
  tree.guardian = 0;
  if (how.kind === "exited") tree.gone = true;
  // Nobody knows how much of it had been done.
  else for (const [signal, outsiders] of tree.asked) signalOwn(tree, signal, outsiders);
}

function noteEnd(tree: Tree, usage: Uint8Array): void {
  const view = new DataView(usage.buffer);
  tree.told = true;
  // struct rusage: user time 0, system time 16 (seconds, microseconds), maxrss 32.
  tree.processorSeconds +=
    integer(view, 0) +
    integer(view, 16) +
    (integer(view, 8) + integer(view, 24)) / 1_000_000;
  tree.peakMemory = Math.max(tree.peakMemory, integer(view, 32) * 1024);
}

/** Those who have no guardian. @param nobody sidecar has no child at all */
function attendOrphans(nobody: boolean): void {
  for (const tree of allTrees()) {
    if (tree.guardian !== 0 || tree.gone) continue;
    if (nobody) tree.gone = tree.told = true;
    else if (tree.killed && tree.address !== 0)
      signalOwn(tree, signalNumber.SIGKILL, false);
  }
}

/** A long of C that is not negative; exact up to 2^53. */
function integer(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

/** The encoding of wait(2). */
function waitStatus(status: number): Change["how"] {
  const signal = status & 0x7f;
  if (signal === 0) return { kind: "exited", code: (status >> 8) & 0xff };
  if (signal === 0x7f) return { kind: "stopped", signal: (status >> 8) & 0xff };
  return { kind: "signalled", signal, core: (status & 0x80) !== 0 };
}

/** Signals the group of a process that was started and has not ended. */
export function signalGroup(process: number, signal: number): void {
  libc().kill(-process, signal);
}

/**
 * Signals a process and all that it started, in whatever group or session they are;
 * with `outsiders` only those who are not in its group.
 */
export function signalAll(process: number, signal: number, outsiders = false): void {
  const tree = treeOf(process);
  if (tree) signalTree(tree, signal, outsiders);
}

/** Whether the process, or anybody whom it started, is there. */
export function isAnybodyLeft(process: number): boolean {
  const tree = treeOf(process);
  if (!tree || tree.gone) return false;
  return tree.address !== 0 || groupExists(process);
}

/** What a process and all that it started used, those who have ended by now. */
export function usageOf(process: number): Usage {
  const tree = treeOf(process);
  return tree ? usageOfTree(tree) : { processorSeconds: 0, peakMemory: 0 };
}

/**
 * Stops sidecar and its process group as the terminal would have by Ctrl-Z; returns
 * when they are continued. In a group that no shell watches the kernel does not let
 * SIGTSTP stop anybody, which is just as well.
 */
export function stopHere(): void {
  const signal = signalSet(["SIGTSTP"]);
  moreLibc().sigprocmask(SIG_UNBLOCK, signal, null);
  libc().kill(0, signalNumber.SIGTSTP);
  moreLibc().sigprocmask(SIG_BLOCK, signal, null);
}

const PR_SET_CHILD_SUBREAPER = 36;

/** Orphans of the block become children of sidecar, so that it learns of their end. */
export function adoptOrphans(): void {
  libc().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0);
}

const PR_GET_CHILD_SUBREAPER = 37;

/** Whether they do: a filter of system calls may have forbidden it. */
export function isAdopting(): boolean {
  const answer = new Int32Array(1);
  return (
    libc().prctl(PR_GET_CHILD_SUBREAPER, ptr(answer), 0, 0) === 0 && answer[0] === 1
  );
}

/** The group that the terminal listens to; -1 where it is none, or not ours. */
export function terminalGroup(descriptor: number): number {
  return moreLibc().tcgetpgrp(descriptor);
}

/** Whether `descriptor` is a terminal whose foreground group is sidecar's own. */
export function isForeground(descriptor: number): boolean {
  return terminalGroup(descriptor) === ownGroup();
}

/** Makes `group` (0: sidecar's own) the one that the terminal listens to. */
export function giveTerminal(descriptor: number, group: number): void {
  moreLibc().tcsetpgrp(descriptor, group || ownGroup());
}

/** Makes it that of a process which may have asked for it before, and been stopped. */
export function lendTerminal(descriptor: number, process: number): void {
  giveTerminal(descriptor, process);
  signalGroup(process, signalNumber.SIGCONT);
}

function ownGroup(): number {
  const SYS_getpgid = 121;
  return Number(commonLibc().syscall(SYS_getpgid, 0, 0, 0));
}

export function isTerminal(descriptor: number): boolean {
  return libc().isatty(descriptor) === 1;
}

export function userIdentifier(): number {
  return libc().geteuid();
}

/** Ends this process at once; everything sidecar writes is written by then. */
export function exitNow(code: number): never {
  libc()._exit(code);
  throw new SystemError("_exit", lastError());
}
