/**
 * What sidecar was started with: the exact bytes of its arguments and environment, and
 * the limits and signal dispositions before Bun changed them.
 *
 * The launcher (src/launcher/entry.c) notes all this before Bun's first instruction.
 * An executable built without it knows the bytes from /proc, and takes Bun's changes
 * for undone: SIGPIPE and SIGXFSZ as default, the limit as Bun left it.
 */

import { type Pointer, read, toArrayBuffer } from "../foreign.ts";
import { decode } from "../text.ts";
import { readFile } from "./files.ts";
import { recordAddress } from "./launcher.ts";
import { moreLibc, SystemError } from "./libc.ts";
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
  /** How many descriptors a process may have open (RLIMIT_NOFILE, soft). */
  readonly descriptorLimit: number;
  /** Whether the launcher is part of this executable. */
  readonly launcher: boolean;
};

const RLIMIT_NOFILE = 7;

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

/** The record's layout is that of `struct sidecar_record` in src/launcher/record.h. */
function fromLauncher(address: number): Started {
  const record = address as Pointer;
  const field = (index: number) => read.u64(record, index * 8);
  const length = Number(field(1));
  const bytes = length > 0 ? toArrayBuffer(Number(field(0)) as Pointer, 0, length) : [];
  const texts = split(new Uint8Array(bytes));
  const count = Number(field(2));
  const firstLimit = 21;
  return {
    arguments: texts.slice(1, count),
    environment: texts.slice(count),
    signalMask: signalSetOf(field(3)),
    ignoredSignals: signalSetOf(field(4)),
    descriptorLimit: Number(field(firstLimit + 2 * RLIMIT_NOFILE)),
    launcher: true,
  };
}

function fromProcess(signalMask: SignalSet): Started {
  return {
    arguments: split(procFile("/proc/self/cmdline")).slice(1),
    environment: split(procFile("/proc/self/environ")),
    signalMask,
    ignoredSignals: ignoredByOthers(),
    // Linux' usual one; Bun has raised what there was.
    descriptorLimit: 1024,
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
