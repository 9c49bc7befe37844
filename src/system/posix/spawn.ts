/** Starts a process: by the launcher, or without one by what libc has for it. */

import { ptr } from "../foreign.ts";
import { encodeTerminated } from "../text.ts";
import { recordAddress } from "./launcher.ts";
import { commonLibc, errorNumber, libc, SystemError } from "./libc.ts";
import { giveTerminal, lendTerminal } from "./process.ts";
import type { Started } from "./start.ts";
import { rememberChild, rememberTree } from "./trees.ts";

export type Start = {
  /** The program's file; no search is done. */
  readonly path: string;
  /** argv, the program's own name first. */
  readonly words: readonly string[];
  /** `NAME=VALUE` entries. */
  readonly environment: readonly string[];
  /** Descriptor in the child: descriptor here. What is not named stays as it is. */
  readonly descriptors: Readonly<Record<number, number>>;
  /** Directory of a cgroup (version 2) to start it in; else it is in sidecar's own. */
  readonly cgroup?: string;
  /** Descriptor of the terminal that is to listen to its group from the start on. */
  readonly terminal?: number;
};

/**
 * Starts a process in a group of its own, with everything else (mask and dispositions
 * of signals, limits, descriptors) as sidecar itself was started.
 * @returns the process id, which is also the group's
 * @throws SystemError of `execve`, or of `clone` where the cgroup cannot be entered
 */
export function startProcess(start: Start, started: Started): number {
  const { terminal } = start;
  const result = recordAddress ? startByLauncher(start) : spawn(start, started);
  if (result < 0 && terminal !== undefined) giveTerminal(terminal, 0);
  if (result < -cgroupRefused) throw new SystemError("clone", -result - cgroupRefused);
  if (result < 0) throw new SystemError("execve", -result);
  return recordAddress ? rememberTree(result) : rememberChild(result);
}

/** What start.c subtracts where it was the cgroup that could not be entered. */
const cgroupRefused = 4096;

/**
 * By sidecar_start in src/launcher/start.c, which knows how sidecar was started.
 * @returns the address of a `struct tree`, or the error number, negative
 */
function startByLauncher(start: Start): number {
  const { path, words, environment } = start;
  const moves: number[] = [];
  for (const target in start.descriptors)
    moves.push(Number(target), start.descriptors[target]!);
  const result = libc().sidecar_start(
    encodeTerminated([path, ...words, ...environment].join("\0")),
    words.length,
    environment.length,
    moves.length > 0 ? Int32Array.from(moves) : null,
    moves.length / 2,
    start.cgroup === undefined ? null : encodeTerminated(start.cgroup),
    start.terminal ?? -1,
  );
  return Number(result);
}

const POSIX_SPAWN_SETPGROUP = 0x02;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;

/** @returns the process id, or the error number, negative */
function spawn(start: Start, started: Started): number {
  if (start.cgroup !== undefined) return -cgroupRefused - errorNumber.ENOSYS;
  const identifier = new Int32Array(1);
  const words = pointers(start.words);
  const environment = pointers(start.environment);
  const errno = libc().posix_spawn(
    identifier,
    encodeTerminated(start.path),
    fileActions(start.descriptors),
    spawnAttributes(started),
    words.table,
    environment.table,
  );
  if (errno !== 0) return -errno;
  const process = identifier[0]!;
  if (start.terminal !== undefined) lendTerminal(start.terminal, process);
  return process;
}

/**
 * glibc's posix_spawnattr_t (336 bytes): flags 0, process group 4, signals to set to
 * default 8, signal mask 136. Its layout is part of glibc's ABI.
 */
function spawnAttributes(started: Started): Uint8Array {
  const attributes = new Uint8Array(336);
  attributes[0] =
    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  // To default: all that was not ignored from the start. Bun ignores some (an ignored
  // signal stays so over execve), and glibc leaves its own two (32, 33) ignored else.
  for (let index = 0; index < 128; index += 1)
    attributes[8 + index] = ~started.ignoredSignals[index]!;
  attributes.set(started.signalMask, 136);
  return attributes;
}

/** What is done with descriptors in the child; null where nothing is. */
function fileActions(descriptors: Start["descriptors"]): Uint8Array | null {
  const duplicates = Object.entries(descriptors);
  if (duplicates.length === 0) return null;
  const c = commonLibc();
  // The size of glibc's type is 80 bytes; rounded up.
  const actions = new Uint8Array(128);
  c.posix_spawn_file_actions_init(actions);
  for (const [target, source] of duplicates)
    c.posix_spawn_file_actions_adddup2(actions, source, Number(target));
  return actions;
}

/** A NULL-terminated table of C strings, in memory that lives as long as the result. */
function pointers(texts: readonly string[]) {
  // One encoding for all: a text holds no NUL, so the NULs mark where each begins.
  const memory = encodeTerminated(texts.join("\0"));
  const table = new BigUint64Array(texts.length + 1);
  const base = ptr(memory);
  for (let index = 0, at = 0; index < texts.length; index += 1) {
    table[index] = BigInt(base + at);
    at = memory.indexOf(0, at) + 1;
  }
  return { memory, table };
}
