/** Open descriptors: pipes, reading, writing, and waiting for either. */

import {
  checked,
  commonLibc,
  errorNumber,
  lastError,
  libc,
  SystemError,
} from "./libc.ts";
import { O_CLOEXEC, O_NONBLOCK } from "./open-flags.ts";

const F_GETFL = 3;
const F_SETFL = 4;

export function setNonBlocking(descriptor: number, on: boolean): void {
  const flags = commonLibc().fcntl(descriptor, F_GETFL, 0);
  commonLibc().fcntl(
    descriptor,
    F_SETFL,
    on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK,
  );
}

export function closeDescriptor(descriptor: number): void {
  commonLibc().close(descriptor);
}

/** A pipe whose two ends are closed on exec. */
export function makePipe(): { readEnd: number; writeEnd: number } {
  const ends = new Int32Array(2);
  checked("pipe2", commonLibc().pipe2(ends, O_CLOEXEC));
  return { readEnd: ends[0]!, writeEnd: ends[1]! };
}

/** Something to read from that is at its end. */
export function emptyInput(): number {
  const { readEnd, writeEnd } = makePipe();
  closeDescriptor(writeEnd);
  return readEnd;
}

/**
 * Reads what is there, at most `buffer.length` bytes.
 * @returns the number of bytes; 0 at the end; nothing where it would have to wait
 */
export function readSome(descriptor: number, buffer: Uint8Array): number | undefined {
  const length = Number(libc().read(descriptor, buffer, buffer.length));
  if (length >= 0) return length;
  const errno = lastError();
  if (errno === errorNumber.EAGAIN || errno === errorNumber.EINTR) return undefined;
  throw new SystemError("read", errno);
}

/** Writes once. @returns the number of bytes that were taken, perhaps 0 */
export function writeSome(descriptor: number, bytes: Uint8Array): number {
  const length = Number(
    commonLibc().write(descriptor, bytes as Uint8Array, bytes.length),
  );
  if (length >= 0) return length;
  const errno = lastError();
  if (errno === errorNumber.EAGAIN || errno === errorNumber.EINTR) return 0;
  throw new SystemError("write", errno);
}

/** Writes all of `bytes`, waiting where it must. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const taken = writeSome(descriptor, bytes.subarray(at));
    if (taken === 0) waitFor([{ descriptor, wants: "write" }], -1);
    at += taken;
  }
}

export type Interest = {
  readonly descriptor: number;
  /**
   * `event`: something out of the ordinary, as the kernel tells of files of its own.
   */
  readonly wants: "read" | "write" | "event";
};

/** What each waits for: POLLIN, POLLOUT, POLLPRI. */
const flags = { read: 1, write: 4, event: 2 } as const;

/**
 * Sleeps until one of the descriptors is ready (or broken, which is for the next read
 * or write to find out), or `milliseconds` have passed; -1 means no limit.
 * @returns which of them are ready
 */
export function waitFor(
  interests: readonly Interest[],
  milliseconds: number,
): boolean[] {
  const table = new Uint8Array(Math.max(interests.length, 1) * 8);
  const view = new DataView(table.buffer);
  interests.forEach(({ descriptor, wants }, index) => {
    view.setInt32(index * 8, descriptor, true);
    view.setInt16(index * 8 + 4, flags[wants], true);
  });
  const limit = Math.min(Math.ceil(milliseconds), 0x7fffffff);
  if (libc().poll(table, interests.length, limit) < 0)
    return interests.map(() => false);
  return interests.map((_, index) => view.getInt16(index * 8 + 6, true) !== 0);
}
