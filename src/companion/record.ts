/**
 * The result record: one JSON object that at every moment is the last known truth, so
 * that it says something even when sidecar was killed together with its block.
 *
 * It is replaced as a whole (written beside, then renamed). It holds no value of any
 * variable: `words` are those of the command line, before `${…}` is replaced.
 */
import { closeDescriptor, writeAll } from "#system/descriptors.ts";
import { SystemError } from "#system/errors.ts";
import {
  createFile,
  descriptorStatus,
  linkStatus,
  openExisting,
  removeFile,
  renameFile,
  status,
} from "#system/files.ts";
import { Failure } from "../contract/failure.ts";
import { encode, printable } from "../system/text.ts";
import type { Exit } from "./outcome.ts";

export const schema = "sidecar-result-1";
/** Kubernetes keeps no more of a container's termination message (bytes). */
const terminationLimit = 4096;

/**
 * Who tells a figure. `cgroup`: the kernel, of all that was in a cgroup which held
 * nobody but sidecar and its block; `process`: the kernel, at the end of each process
 * that was waited for; `job`: the job object, of all processes (on Windows).
 */
export type Source = "cgroup" | "process" | "job";

/** Absent is what is not known (yet), and a count of none. */
export type Usage = {
  /** Seconds, user and system. */
  readonly processorSeconds?: number;
  readonly processorSecondsSource?: Source;
  /** Bytes; of the largest single process where the source is `process`. */
  readonly peakMemory?: number;
  readonly peakMemorySource?: Source;
  /** Bytes that the cgroup may use. */
  readonly memoryLimit?: number;
  /** How often the cgroup was at its limit while the block ran. */
  readonly memoryLimitReached?: number;
  /** How many processes the kernel ended meanwhile for want of memory. */
  readonly outOfMemoryKills?: number;
};

export type StreamRecord = {
  readonly path: string;
  /** Bytes written; absent where that cannot be known (a device, a FIFO). */
  readonly bytes?: number;
  /** How many of them `--max-output` left out of the file; absent for none. */
  readonly leftOut?: number;
};

export type ResultRecord = {
  readonly schema: typeof schema;
  readonly state: "activating" | "running" | "finished";
  readonly runenv?: {
    readonly name: string;
    readonly version?: number;
    readonly requested: number;
  };
  readonly words: readonly string[];
  readonly directory: string;
  /** RFC 3339, in UTC. */
  readonly started: string;
  readonly activated?: string;
  readonly finished?: string;
  readonly exit?: Exit;
  readonly usage?: Usage;
  readonly streams?: { readonly stdout?: StreamRecord; readonly stderr?: StreamRecord };
  readonly message?: string;
};

/** @throws Failure `result-unwritable`: a record that cannot be kept is refused */
export function writeRecord(path: string, record: ResultRecord): void {
  const text = `${JSON.stringify(record, shownText, 2)}\n`;
  const obstacle = notReplaceable(path);
  if (obstacle !== undefined) throw unwritable(path, obstacle);
  const beside = `${path}.${process.pid}.new`;
  try {
    removeFile(beside);
    const descriptor = createFile(beside);
    try {
      writeAll(descriptor, encode(text));
    } finally {
      closeDescriptor(descriptor);
    }
    renameFile(beside, path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    removeFile(beside);
    throw unwritable(path, error.message);
  }
}

/**
 * To rename a file over a device, a FIFO or /dev/stdout would succeed, and the system
 * be without it from then on.
 * @returns what stands there that must not be replaced
 */
function notReplaceable(path: string): string | undefined {
  const entry = linkStatus(path);
  if (entry instanceof SystemError || entry.kind === "file") return undefined;
  const isLink = entry.kind === "symbolic link";
  const found = isLink ? status(path) : entry;
  if (found instanceof SystemError) return undefined;
  if (found.kind !== "file") return `it is a ${found.kind}`;
  const isStandard = [0, 1, 2].some((descriptor) => {
    const open = descriptorStatus(descriptor);
    return !(open instanceof SystemError) && open.identity === found.identity;
  });
  return isStandard ? "it leads to what sidecar reads or writes itself" : undefined;
}

function unwritable(path: string, why: string): Failure {
  return new Failure(
    "result-unwritable",
    `--result ${printable(path)} cannot be written: ${why}`,
    "name a file in a directory where this user may make files",
  );
}

/** JSON has no bytes: what is no valid text appears as U+FFFD. */
function shownText(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}

/** A summary for Kubernetes, where it gave the container a file for one. */
export function writeTerminationLog(path: string, record: ResultRecord): void {
  const descriptor = openExisting(path);
  if (descriptor === undefined) return;
  try {
    writeAll(descriptor, summary(record));
  } catch {
    // It is an extra; the record and the messages say the same.
  } finally {
    closeDescriptor(descriptor);
  }
}

/** At most 4096 bytes: the message is cut first, then nothing else is needed. */
export function summary({ state, exit, message, started, finished }: ResultRecord) {
  for (let length = message?.length ?? 0; ; length = Math.floor(length / 2)) {
    const shown = message?.slice(0, length);
    const cut = { schema, state, exit, message: shown, started, finished };
    const bytes = encode(`${JSON.stringify(cut, shownText)}\n`);
    if (bytes.length <= terminationLimit || length === 0) return bytes;
  }
}
