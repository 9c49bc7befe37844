/**
 * Signals as data: sidecar blocks those it handles, in every thread, and reads them
 * from a descriptor, so that none can be lost or interrupt anything.
 */
import { checked, libc, moreLibc } from "./libc.ts";

/** Signal numbers of Linux on x86-64 (signal(7)). */
export const signalNumber = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

export type SignalName = keyof typeof signalNumber;

/** The signals passed on to the block. */
export const forwardedSignals = [
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGCONT",
  "SIGTSTP",
  "SIGWINCH",
] as const satisfies readonly SignalName[];

/**
 * What sidecar blocks: the signals it passes on; SIGCHLD, which tells it that a child
 * changed; SIGTTOU, which would stop it when it gives the terminal away (tcsetpgrp(3)).
 */
export const blockedSignals: readonly SignalName[] = [
  ...forwardedSignals,
  "SIGCHLD",
  "SIGTTOU",
];

/** What Bun ignores; an ignored signal stays ignored over execve, all else does not. */
export const ignoredByBun: readonly SignalName[] = ["SIGPIPE", "SIGXFSZ"];

/** "SIGTERM" for 15; "signal 40" for what has no name of its own. */
export function signalName(number: number): string {
  for (const [name, value] of Object.entries(signalNumber))
    if (value === number) return name;
  return `signal ${number}`;
}

/**
 * A set of signals as the C library takes it (sigset_t): 1024 bits, bit n-1 of them for
 * signal n.
 */
export type SignalSet = Uint8Array;

export function signalSet(names: readonly SignalName[]): SignalSet {
  const set = new Uint8Array(128);
  for (const name of names) {
    const bit = signalNumber[name] - 1;
    set[bit >> 3]! |= 1 << (bit & 7);
  }
  return set;
}

/** The set whose first 64 bits are given, as /proc and the launcher have it. */
export function signalSetOf(bits: bigint): SignalSet {
  const set = new Uint8Array(128);
  new DataView(set.buffer).setBigUint64(0, bits, true);
  return set;
}

export function hasSignal(set: SignalSet, number: number): boolean {
  return (set[(number - 1) >> 3]! & (1 << ((number - 1) & 7))) !== 0;
}

const SIG_BLOCK = 0;
const SIG_SETMASK = 2;
const SFD_NONBLOCK_CLOEXEC = 0o2004000;

/**
 * Blocks what sidecar handles. Must come before anything that might start a thread:
 * threads inherit the mask, and a thread without it would be killed by the signal.
 * @returns the mask as it was, to be given back to the block
 */
export function blockSignals(): SignalSet {
  const previous = new Uint8Array(128);
  const blocked = signalSet(blockedSignals);
  checked("sigprocmask", moreLibc().sigprocmask(SIG_BLOCK, blocked, previous));
  return previous;
}

/** For commands that run no block and should end by Ctrl-C as any program does. */
export function restoreSignals(mask: SignalSet): void {
  moreLibc().sigprocmask(SIG_SETMASK, mask, null);
}

/** A descriptor from which the blocked signals are read, never blocking. */
export function openSignals(): number {
  const set = signalSet(blockedSignals);
  return checked("signalfd", libc().signalfd(-1, set, SFD_NONBLOCK_CLOEXEC));
}

const recordSize = 128;

/** The signals that have arrived since the last call, in order. */
export function readSignals(descriptor: number): number[] {
  const buffer = new Uint8Array(recordSize * 16);
  const view = new DataView(buffer.buffer);
  const arrived: number[] = [];
  for (;;) {
    const length = Number(libc().read(descriptor, buffer, buffer.length));
    if (length <= 0) return arrived;
    // struct signalfd_siginfo begins with the signal's number.
    for (let at = 0; at < length; at += recordSize)
      arrived.push(view.getUint32(at, true));
    if (length < buffer.length) return arrived;
  }
}
