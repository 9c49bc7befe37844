/**
 * The block's standard output and error: real descriptors of the files, so that the
 * block itself sees a full disk, and nothing is lost if sidecar dies. Only `--tee` and
 * `--max-output` put a pipe and a relay between.
 */
import { closeDescriptor } from "#system/descriptors.ts";
import { errorNumber, SystemError } from "#system/errors.ts";
import { descriptorStatus, openForWriting } from "#system/files.ts";
import { parentOf } from "#system/paths.ts";
import { Failure, type Notice } from "../contract/failure.ts";
import { printable } from "../system/text.ts";
import type { Pause } from "./directories.ts";
import type { StreamRecord } from "./record.ts";
import type { StreamRelay } from "./relay.ts";
import { lostStream, outputCut } from "./stream-notices.ts";
import { beginCopies, lostCopies, type Target } from "./stream-relay.ts";

export type StreamName = "stdout" | "stderr";

export type StreamsRequest = {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly append: boolean;
  readonly tee: boolean;
  /** Bytes that a file may get; 0 for no limit. */
  readonly maxOutput: number;
};

export type Stream = {
  readonly name: StreamName;
  readonly path: string;
  readonly target: Target;
};

export type Streams = {
  readonly redirected: readonly Stream[];
  /** The files; fewer than streams where both go into one. */
  readonly targets: readonly Target[];
  /** For the block: its descriptor, and the one here that becomes it. */
  readonly descriptors: Readonly<Record<number, number>>;
  readonly relays: readonly StreamRelay[];
};

const own = { stdout: 1, stderr: 2 } as const;
const fifoPause = 100;

/**
 * @param resolve makes a path absolute or relative to where sidecar is now
 * @throws Failure `stream-directory`, `stream-unwritable`, `max-output-unavailable`
 */
export function openStreams(
  request: StreamsRequest,
  resolve: (path: string) => string,
  pause: Pause,
): Streams {
  if (request.stdout === undefined && request.stderr === undefined)
    return { redirected: [], targets: [], descriptors: {}, relays: [] };
  const redirected: Stream[] = [];
  const targets: Target[] = [];
  const descriptors: Record<number, number> = {};
  for (const name of ["stdout", "stderr"] as const) {
    const path = request[name];
    if (path === undefined) continue;
    const file = openFile(name, resolve(path), request.append, pause);
    const shared = targets.find((other) => isSame(other.descriptor, file));
    if (shared) closeDescriptor(file);
    const target = shared ?? targetOf(file, path);
    if (!shared) targets.push(target);
    redirected.push({ name, path, target });
    // Without a console both streams can have one pipe, which keeps their order.
    descriptors[own[name]] =
      shared && !request.tee ? descriptors[1]! : writeEndOf(name, target, request);
  }
  const relays = targets.flatMap((target) => target.relays);
  return { redirected, targets, descriptors, relays };
}

function targetOf(descriptor: number, name: string): Target {
  const found = descriptorStatus(descriptor);
  const known = !(found instanceof SystemError);
  const isRegular = known && found.kind === "file";
  return { descriptor, name, isRegular, before: known ? found.size : 0, relays: [] };
}

/** What the block is to write to: the file, or a pipe that leads to it. */
function writeEndOf(
  name: StreamName,
  target: Target,
  { tee, maxOutput }: StreamsRequest,
): number {
  const limit = target.isRegular ? maxOutput : 0;
  if (!tee && limit === 0) return target.descriptor;
  const console = {
    descriptor: own[name],
    name: `sidecar's own ${name}`,
    isConsole: true,
  };
  let writeEnd: number | undefined;
  try {
    writeEnd = beginCopies(target, tee ? console : undefined, limit);
  } catch (error) {
    throw error instanceof SystemError && error.errno === errorNumber.EPERM
      ? onlyAppendable(target)
      : error;
  }
  if (writeEnd !== undefined) return writeEnd;
  throw new Failure(
    "max-output-unavailable",
    "--max-output: there can be no further thread or memory, which it needs",
    "allow the task one process more (ulimit -u, pids.max), or leave it out",
  );
}

/** What it keeps of the end is written again and again, and cannot be here. */
function onlyAppendable({ name }: Target): Failure {
  return new Failure(
    "max-output-unavailable",
    `--max-output: ${printable(name)} takes bytes at its end only (chattr +a)`,
    "name another file, or leave --max-output out",
  );
}

/** Gives up sidecar's hold of the pipes that the block has now: they end with it. */
export function closePipes({ descriptors, targets }: Streams): void {
  const kept = targets.map(({ descriptor }) => descriptor);
  for (const end of new Set(Object.values(descriptors)))
    if (!kept.includes(end)) closeDescriptor(end);
}

/**
 * The block has ended, and sidecar waits no longer for a console that does not read.
 * @returns whether that console is sidecar's own standard error
 */
export function abandonConsoles({ redirected, relays }: Streams): boolean {
  const unread = relays.filter((relay) => relay.abandon());
  return redirected.some(
    ({ name, target }) =>
      target.relays.some((relay) => unread.includes(relay)) && isSame(own[name], 2),
  );
}

/** What is to be said of them at the end. */
export function streamNotices({ targets }: Streams, limit: number): Notice[] {
  const cut = targets.flatMap(({ name, relayed }) =>
    relayed && relayed.leftOut > 0 ? outputCut(name, relayed.leftOut, limit) : [],
  );
  return [...lostCopies(targets).map(lostStream), ...cut];
}

/** What the record says of a stream; of its file, where both streams go into one. */
export function recordOf({ path, target }: Stream): StreamRecord {
  const bytes = bytesWritten(target);
  const leftOut = target.relayed?.leftOut ?? 0;
  return {
    path,
    ...(bytes === undefined ? {} : { bytes }),
    ...(leftOut === 0 ? {} : { leftOut }),
  };
}

/** Bytes that the block wrote, where that can be known. */
function bytesWritten({ relays, descriptor, before }: Target): number | undefined {
  if (relays.length > 0) return relays.reduce((sum, { bytes }) => sum + bytes, 0);
  const found = descriptorStatus(descriptor);
  if (found instanceof SystemError || found.kind !== "file") return undefined;
  return Math.max(0, found.size - before);
}

function isSame(one: number, other: number): boolean {
  const a = descriptorStatus(one);
  const b = descriptorStatus(other);
  if (a instanceof SystemError || b instanceof SystemError) return false;
  return a.identity === b.identity;
}

function openFile(
  name: StreamName,
  path: string,
  append: boolean,
  pause: Pause,
): number {
  for (;;) {
    try {
      return openForWriting(path, append);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // A FIFO that nobody reads yet: wait for the reader, as a shell would.
      if (error.errno !== errorNumber.ENXIO) throw unwritable(name, path, error);
      pause(fifoPause);
    }
  }
}

function unwritable(name: StreamName, path: string, error: SystemError): Error {
  const what = `--${name} ${printable(path)}`;
  switch (error.errno) {
    case errorNumber.EMFILE:
      return error; // No file's fault.
    case errorNumber.EISDIR:
      return new Failure(
        "stream-directory",
        `${what} is a directory`,
        "name a file; it is made if it does not exist",
      );
    case errorNumber.ENOENT:
      return new Failure(
        "stream-unwritable",
        `${what}: there is no directory ${printable(parentOf(path))}`,
        "make the directory first; sidecar makes the file, not its directory",
      );
    default:
      return new Failure(
        "stream-unwritable",
        `${what} cannot be written: ${error.message}`,
        "name a file that this user may write",
      );
  }
}
