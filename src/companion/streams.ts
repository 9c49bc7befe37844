/**
 * The block's standard output and error: real descriptors of the files, so that the
 * block itself sees a full disk, and nothing is lost if sidecar dies. Only `--tee` puts
 * a pipe and a relay between.
 */
import { closeDescriptor, makePipe } from "#system/descriptors.ts";
import { errorNumber, SystemError } from "#system/errors.ts";
import { descriptorStatus, openForWriting } from "#system/files.ts";
import { parentOf } from "#system/paths.ts";
import { printable } from "../system/text.ts";
import type { Pause } from "./directories.ts";
import { Failure } from "./failure.ts";
import { Relay } from "./relay.ts";

export type StreamName = "stdout" | "stderr";

export type StreamsRequest = {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly append: boolean;
  readonly tee: boolean;
};

export type Stream = {
  readonly name: StreamName;
  readonly path: string;
  readonly descriptor: number;
  /** Bytes that the file held before. */
  readonly before: number;
  readonly relay?: Relay;
};

export type Streams = {
  readonly redirected: readonly Stream[];
  /** For the block: its descriptor, and the one here that becomes it. */
  readonly descriptors: Readonly<Record<number, number>>;
  readonly relays: readonly Relay[];
};

const own = { stdout: 1, stderr: 2 } as const;
const fifoPause = 100;

/**
 * @param resolve makes a path absolute or relative to where sidecar is now
 * @throws Failure `stream-directory`, `stream-unwritable`
 */
export function openStreams(
  request: StreamsRequest,
  resolve: (path: string) => string,
  pause: Pause,
): Streams {
  if (request.stdout === undefined && request.stderr === undefined)
    return { redirected: [], descriptors: {}, relays: [] };
  const redirected: Stream[] = [];
  const descriptors: Record<number, number> = {};
  for (const name of ["stdout", "stderr"] as const) {
    const path = request[name];
    if (path === undefined) continue;
    const file = openFile(name, resolve(path), request.append, pause);
    const shared = redirected.find((other) => isSame(other.descriptor, file));
    if (shared) closeDescriptor(file);
    const descriptor = shared?.descriptor ?? file;
    const stream = { name, path, descriptor, before: sizeOf(descriptor) };
    if (!request.tee) {
      redirected.push(stream);
      descriptors[own[name]] = descriptor;
      continue;
    }
    const { readEnd, writeEnd } = makePipe();
    descriptors[own[name]] = writeEnd;
    const sinks = [
      { descriptor, name: path },
      { descriptor: own[name], name: `sidecar's own ${name}` },
    ];
    redirected.push({ ...stream, relay: new Relay(readEnd, sinks) });
  }
  const relays = redirected.flatMap(({ relay }) => relay ?? []);
  return { redirected, descriptors, relays };
}

/** Gives up sidecar's hold of the pipes that the block has now: they end with it. */
export function closePipes(streams: Streams): void {
  for (const { name, relay } of streams.redirected)
    if (relay) closeDescriptor(streams.descriptors[own[name]]!);
}

/** Bytes written to a stream's file, where that can be known. */
export function bytesWritten(stream: Stream): number | undefined {
  if (stream.relay) return stream.relay.bytes;
  const found = descriptorStatus(stream.descriptor);
  if (found instanceof SystemError || found.kind !== "file") return undefined;
  return Math.max(0, found.size - stream.before);
}

function sizeOf(descriptor: number): number {
  const found = descriptorStatus(descriptor);
  return found instanceof SystemError ? 0 : found.size;
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

function unwritable(name: StreamName, path: string, error: SystemError): Failure {
  const what = `--${name} ${printable(path)}`;
  switch (error.errno) {
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
