/** Processes: learn how one ended, signal its group, hand it the terminal. */

import { commonLibc, lastError, libc, moreLibc, SystemError } from "./libc.ts";
import { signalNumber, signalSet } from "./signals.ts";

const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;

/** How a child changed. Times in seconds, peak memory in bytes of the largest process. */
export type Change = {
  readonly process: number;
  readonly how:
    | { readonly kind: "exited"; readonly code: number }
    | { readonly kind: "signalled"; readonly signal: number; readonly core: boolean }
    | { readonly kind: "stopped"; readonly signal: number };
  readonly processorSeconds: number;
  readonly peakMemory: number;
};

const WNOHANG = 1;
const WUNTRACED = 2;

/** A child that ended or stopped; nothing where none has, or none is left. */
export function nextChange(): Change | undefined {
  const wait = new Int32Array(1);
  const usage = new Uint8Array(144);
  const process = libc().wait4(-1, wait, WNOHANG | WUNTRACED, usage);
  if (process <= 0) return undefined;
  const view = new DataView(usage.buffer);
  return {
    process,
    how: waitStatus(wait[0]!),
    // struct rusage: user time 0, system time 16 (seconds, microseconds), maxrss 32.
    processorSeconds:
      integer(view, 0) +
      integer(view, 16) +
      (integer(view, 8) + integer(view, 24)) / 1_000_000,
    peakMemory: integer(view, 32) * 1024,
  };
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

/** Signals every member of a process group. @returns whether there was one */
export function signalGroup(group: number, signal: number): boolean {
  return libc().kill(-group, signal) === 0;
}

export function groupExists(group: number): boolean {
  return signalGroup(group, 0);
}

/**
 * Stops sidecar and its process group as the terminal would have by Ctrl-Z; returns when
 * they are continued. In a group that no shell watches the kernel does not let SIGTSTP
 * stop anybody, which is just as well.
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
