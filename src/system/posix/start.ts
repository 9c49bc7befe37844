/**
 * What sidecar was started with: the exact bytes of its arguments and environment, and
 * the limits and signal dispositions before Bun changed them.
 *
 * The launcher (src/launcher/entry.c) notes all this before Bun's first instruction.
 * An executable built without it knows the bytes from /proc, and takes Bun's changes
 * for undone: SIGPIPE and SIGXFSZ as default, the limit as Bun left it.
 */

import { decode } from "../text.ts";
import { readFile } from "./files.ts";
import { type Pointer, read, toArrayBuffer } from "./foreign.ts";
import { libc, moreLibc, SystemError } from "./libc.ts";
import {
  blockSignals,
  hasSignal,
  ignoredByBun,
  type SignalSet,
  signalNumber,
  signalSet,
  signalSetOf,
} from "./signals.ts";

export type Started = {
  /** Without the program's own name. */
  readonly arguments: readonly string[];
  /** `NAME=VALUE` entries, as they came. */
  readonly environment: readonly string[];
  readonly signalMask: SignalSet;
  readonly ignoredSignals: SignalSet;
  /** Those of 0, 1, 2 that were closed. */
  readonly closedDescriptors: readonly number[];
  /** Open ones from 3 on; Bun marks them to be closed on exec. */
  readonly inheritedDescriptors: readonly number[];
  /** RLIMIT_NOFILE; absent where it is not known. */
  readonly descriptorLimit?: DescriptorLimit;
  /** Whether the launcher is part of this executable. */
  readonly launcher: boolean;
};

export type DescriptorLimit = { readonly soft: bigint; readonly hard: bigint };

/** Where build.ts put the launcher's record; 0 in an executable without one. */
declare const SIDECAR_LAUNCHER_RECORD: number;

const recordAddress =
  typeof SIDECAR_LAUNCHER_RECORD === "undefined" ? 0 : SIDECAR_LAUNCHER_RECORD;

/** To be called before anything else: it blocks the signals that sidecar handles. */
export function readStart(): Started {
  const started = recordAddress
    ? fromLauncher(recordAddress)
    : fromProcess(blockSignals());
  // With SIGCHLD ignored the kernel would throw children's statuses away.
  if (hasSignal(started.ignoredSignals, signalNumber.SIGCHLD))
    moreLibc().signal(signalNumber.SIGCHLD, 0);
  return started;
}

/** The record's layout is that of `struct sidecar_record` in src/launcher/entry.c. */
function fromLauncher(address: number): Started {
  const record = address as Pointer;
  const field = (index: number) => read.u64(record, 16 + index * 8);
  const bytes = new Uint8Array(
    toArrayBuffer(Number(field(1)) as Pointer, 0, Number(field(2))),
  );
  const texts = split(bytes);
  const count = Number(field(3));
  const descriptors = new Uint8Array(toArrayBuffer(record, 16 + 8 * 8, 128));
  return {
    arguments: texts.slice(1, count),
    environment: texts.slice(count),
    descriptorLimit: { soft: field(4), hard: field(5) },
    signalMask: signalSetOf(field(6)),
    ignoredSignals: signalSetOf(field(7)),
    ...sortDescriptors(descriptors),
    launcher: true,
  };
}

/**
 * From the bits of the open descriptors: which of 0, 1 and 2 are closed, and which others
 * are open. Plain loops: this is on the way to the block.
 */
function sortDescriptors(open: Uint8Array) {
  const closedDescriptors: number[] = [];
  const inheritedDescriptors: number[] = [];
  for (let number = 0; number < 3; number += 1)
    if ((open[0]! & (1 << number)) === 0) closedDescriptors.push(number);
  for (let index = 0; index < open.length; index += 1) {
    const byte = index === 0 ? open[0]! & ~7 : open[index]!;
    for (let bit = 0; byte !== 0 && bit < 8; bit += 1)
      if ((byte & (1 << bit)) !== 0) inheritedDescriptors.push(index * 8 + bit);
  }
  return { closedDescriptors, inheritedDescriptors };
}

function fromProcess(signalMask: SignalSet): Started {
  return {
    arguments: split(procFile("/proc/self/cmdline")).slice(1),
    environment: split(procFile("/proc/self/environ")),
    signalMask,
    ignoredSignals: ignoredByOthers(),
    closedDescriptors: [],
    inheritedDescriptors: [],
    launcher: false,
  };
}

/** The signals that are ignored now, less those that Bun ignores itself. */
function ignoredByOthers(): SignalSet {
  const line = /^SigIgn:\s*([0-9a-f]+)$/m.exec(decode(procFile("/proc/self/status")));
  const ignored = signalSetOf(BigInt(`0x${line?.[1] ?? "0"}`));
  const byBun = signalSet(ignoredByBun);
  return ignored.map((byte, index) => byte & ~byBun[index]!);
}

function procFile(path: string): Uint8Array {
  const bytes = readFile(path, 1 << 24);
  if (bytes instanceof SystemError) throw bytes;
  return bytes;
}

/** The texts in `bytes`, each ended by NUL. */
function split(bytes: Uint8Array): string[] {
  if (bytes.length === 0) return [];
  return decode(bytes.subarray(0, -1)).split("\0");
}

const RLIMIT_NOFILE = 7;

/** Sets back what Bun raised, for sidecar and what it starts. */
export function restoreDescriptorLimit(limit: DescriptorLimit): void {
  if (limit.soft === limit.hard) return; // there was nothing to raise
  libc().setrlimit(RLIMIT_NOFILE, BigUint64Array.of(limit.soft, limit.hard));
}
