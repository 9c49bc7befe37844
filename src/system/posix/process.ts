/** Processes: start one, learn how it ended, signal its group, hand it the terminal. */

import { encodeTerminated } from "../text.ts";
import { ptr } from "./foreign.ts";
import { commonLibc, lastError, libc, moreLibc, SystemError } from "./libc.ts";
import { signalNumber, signalSet } from "./signals.ts";
import { restoreDescriptorLimit, type Started } from "./start.ts";

export type Start = {
  /** The program's file; no search is done. */
  readonly path: string;
  /** argv, the program's own name first. */
  readonly words: readonly string[];
  /** `NAME=VALUE` entries. */
  readonly environment: readonly string[];
  /** Descriptor in the child: descriptor here. What is not named stays as it is. */
  readonly descriptors: Readonly<Record<number, number>>;
};

const POSIX_SPAWN_SETPGROUP = 0x02;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_USEVFORK = 0x40;
const F_SETFD = 2;
const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;

/**
 * Starts a process in a group of its own, with everything else (mask and dispositions
 * of signals, limits, descriptors) as sidecar itself was started.
 * @returns the process id, which is also the group's
 * @throws SystemError with the errno of `execve`
 */
export function startProcess(start: Start, started: Started): number {
  const c = libc();
  for (const descriptor of started.inheritedDescriptors)
    commonLibc().fcntl(descriptor, F_SETFD, 0);
  if (started.descriptorLimit) restoreDescriptorLimit(started.descriptorLimit);
  const identifier = new Int32Array(1);
  const words = pointers(start.words);
  const environment = pointers(start.environment);
  const errno = c.posix_spawn(
    identifier,
    encodeTerminated(start.path),
    fileActions(start.descriptors, started.closedDescriptors),
    spawnAttributes(started),
    words.table,
    environment.table,
  );
  if (errno !== 0) throw new SystemError("execve", errno);
  return identifier[0]!;
}

/**
 * glibc's posix_spawnattr_t (336 bytes): flags 0, process group 4, signals to set to
 * default 8, signal mask 136. Its layout is part of glibc's ABI; to fill it in costs a
 * tenth of what five calls of posix_spawnattr_… would.
 */
function spawnAttributes(started: Started): Uint8Array {
  const attributes = new Uint8Array(336);
  attributes[0] =
    POSIX_SPAWN_SETPGROUP |
    POSIX_SPAWN_SETSIGDEF |
    POSIX_SPAWN_SETSIGMASK |
    POSIX_SPAWN_USEVFORK;
  // To default: all that was not ignored from the start. Bun ignores some (an ignored
  // signal stays so over execve), and glibc leaves its own two (32, 33) ignored else.
  for (let index = 0; index < 128; index += 1)
    attributes[8 + index] = ~started.ignoredSignals[index]!;
  attributes.set(started.signalMask, 136);
  return attributes;
}

/** What is done with descriptors in the child; null where nothing is. */
function fileActions(
  descriptors: Readonly<Record<number, number>>,
  closed: readonly number[],
): Uint8Array | null {
  const duplicates = Object.entries(descriptors);
  if (duplicates.length === 0 && closed.length === 0) return null;
  const c = commonLibc();
  // The size of glibc's type is 80 bytes; rounded up.
  const actions = new Uint8Array(128);
  c.posix_spawn_file_actions_init(actions);
  for (const descriptor of closed)
    if (!(descriptor in descriptors))
      c.posix_spawn_file_actions_addclose(actions, descriptor);
  for (const [target, source] of duplicates)
    c.posix_spawn_file_actions_adddup2(actions, source, Number(target));
  return actions;
}

/** A NULL-terminated table of C strings, in memory that lives as long as the result. */
function pointers(texts: readonly string[]) {
  // One encoding for all: a text holds no NUL, so the NULs mark where each begins.
  const memory = encodeTerminated(texts.join("\0"));
  // Addresses are below 2^53, and so is a double exact: two halves of 32 bits each.
  const table = new Uint32Array((texts.length + 1) * 2);
  const base = ptr(memory);
  for (let index = 0, at = 0; index < texts.length; index += 1) {
    const address = base + at;
    table[index * 2] = address;
    table[index * 2 + 1] = address / 2 ** 32;
    at = memory.indexOf(0, at) + 1;
  }
  return { memory, table };
}

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
