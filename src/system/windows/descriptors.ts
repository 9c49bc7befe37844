/**
 * Open descriptors: handles, but for 0, 1 and 2, which are the standard streams (no
 * handle has such a number). Pipes, reading, writing, and waiting for either.
 */
import { decode } from "../text.ts";
import { controlHandles } from "./console.ts";
import { lastError, SystemError, windowsError } from "./errors.ts";
import { waitHandles } from "./jobs.ts";
import { invalidHandle, kernel, moreKernel } from "./kernel.ts";
import { makeNamedPipe, openPipeForWriting, type PipeReader } from "./pipes.ts";
import { wide } from "./wide.ts";
import { Writer } from "./writer.ts";

/** What openSignals returns: ready when a signal arrived, or a child has changed. */
export const signalsDescriptor = -2;

/** The handle behind a descriptor; 0 or -1 where there is none. */
export function handleOf(descriptor: number): number {
  // STD_INPUT_HANDLE is -10, output -11, error -12.
  return descriptor >= 0 && descriptor <= 2
    ? kernel().GetStdHandle(-10 - descriptor)
    : descriptor;
}

const readers = new Map<number, PipeReader>();

/** A pipe that has a reader here; nobody inherits its ends unless told so. */
export function makePipe(): { readEnd: number; writeEnd: number } {
  const { readEnd, name } = makeAnswerPipe();
  return { readEnd, writeEnd: openPipeForWriting(name) };
}

/** A pipe that another process is to open by its name, once. */
export function makeAnswerPipe(): { readEnd: number; name: string } {
  const { reader, name } = makeNamedPipe();
  readers.set(reader.handle, reader);
  return { readEnd: reader.handle, name };
}

const GENERIC_READ = 0x8000_0000;
const FILE_SHARE_ALL = 7;
const OPEN_EXISTING = 3;

/** Something to read from that is at its end. */
export function emptyInput(): number {
  const { CreateFileW } = kernel();
  const share = FILE_SHARE_ALL;
  const handle = CreateFileW(wide("NUL"), GENERIC_READ, share, 0, OPEN_EXISTING, 0, 0);
  if (handle === invalidHandle) throw new SystemError("CreateFile", lastError());
  return handle;
}

/** Reading ends of pipes never make anybody wait here. */
export function setNonBlocking(_descriptor: number, _on: boolean): void {}

export function closeDescriptor(descriptor: number): void {
  patient.delete(descriptor);
  writers.delete(descriptor);
  const reader = readers.get(descriptor);
  if (reader) {
    readers.delete(descriptor);
    reader.close();
  } else kernel().CloseHandle(descriptor);
}

/**
 * Reads what is there, at most `buffer.length` bytes.
 * @returns the number of bytes; 0 at the end; nothing where it would have to wait
 */
export function readSome(descriptor: number, buffer: Uint8Array): number | undefined {
  const reader = readers.get(descriptor);
  if (reader) return reader.read(buffer);
  const count = new Uint32Array(1);
  const handle = handleOf(descriptor);
  if (moreKernel().ReadFile(handle, buffer, buffer.length, count, null) !== 0)
    return count[0]!;
  const error = lastError();
  const { ERROR_BROKEN_PIPE, ERROR_HANDLE_EOF } = windowsError;
  if (error === ERROR_BROKEN_PIPE || error === ERROR_HANDLE_EOF) return 0;
  throw new SystemError("ReadFile", error);
}

/** Whether a descriptor may make a writer wait; a file on a disk never does. */
const patient = new Map<number, boolean>();
const writers = new Map<number, Writer>();

function writerFor(descriptor: number): Writer | undefined {
  const FILE_TYPE_DISK = 1;
  // Of both at once: what is written to cannot be asked for its type, and the two may
  // be one.
  for (const number of [descriptor, 1, 2])
    if (!patient.has(number)) {
      const type = moreKernel().GetFileType(handleOf(number));
      patient.set(number, type !== FILE_TYPE_DISK);
    }
  if (patient.get(descriptor) === false) return undefined;
  const writer = writers.get(descriptor) ?? new Writer(handleOf(descriptor));
  writers.set(descriptor, writer);
  return writer;
}

/**
 * Writes what can be written without waiting for a reader. Whoever gets 0 waits, and
 * comes again with the same bytes, because a part of them is on its way.
 * @returns the number of bytes that were taken
 */
export function writeSome(descriptor: number, bytes: Uint8Array): number {
  const writer = writerFor(descriptor);
  return writer ? writer.write(bytes) : writeWaiting(descriptor, bytes);
}

/** Writes once, waiting where it must. @returns the number of bytes that were taken */
export function writeWaiting(descriptor: number, bytes: Uint8Array): number {
  const count = new Uint32Array(1);
  if (kernel().WriteFile(handleOf(descriptor), bytes, bytes.length, count, 0) === 0)
    throw new SystemError("WriteFile", lastError());
  return count[0]!;
}

/** Writes a text of sidecar's own; a console shows it whatever its code page is. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  const handle = handleOf(descriptor);
  if (kernel().GetConsoleMode(handle, new Uint32Array(1)) !== 0) {
    const text = decode(bytes);
    const written = new Uint32Array(1);
    const { WriteConsoleW } = moreKernel();
    if (WriteConsoleW(handle, wide(text), text.length, written, 0) !== 0) return;
  }
  for (let at = 0; at < bytes.length; )
    at += writeWaiting(descriptor, bytes.subarray(at));
}

export type Interest = {
  readonly descriptor: number;
  /** Nobody asks for an `event` here. */
  readonly wants: "read" | "write" | "event";
};

/** WaitForMultipleObjects takes no more. */
const mostHandles = 64;
const INFINITE = 0xffff_ffff;

/**
 * Sleeps until one of the descriptors is ready (or broken, which is for the next read
 * or write to find out), or `milliseconds` have passed; -1 means no limit. Whatever is
 * to be written is ready: writing waits by itself.
 * @returns which of them are ready
 */
export function waitFor(
  interests: readonly Interest[],
  milliseconds: number,
): boolean[] {
  const ready = readyNow(interests);
  const limit = ready.includes(true) ? 0 : milliseconds;
  const handles = interests.flatMap(handlesFor).slice(0, mostHandles);
  if (handles.length === 0 || !sleep(handles, limit)) return ready;
  return readyNow(interests);
}

/** @returns whether a handle is signalled; false where only the time has passed */
function sleep(handles: readonly number[], milliseconds: number): boolean {
  const table = BigInt64Array.from(handles.map(BigInt));
  const limit =
    milliseconds < 0 ? INFINITE : Math.min(Math.ceil(milliseconds), INFINITE - 1);
  const { WaitForMultipleObjects } = kernel();
  const index = WaitForMultipleObjects(handles.length, table, 0, limit);
  return index < handles.length;
}

function handlesFor({ descriptor, wants }: Interest): number[] {
  if (descriptor === signalsDescriptor) return [...controlHandles(), ...waitHandles()];
  if (wants === "write") {
    const writer = writers.get(descriptor);
    return writer ? [writer.done] : [];
  }
  const reader = readers.get(descriptor);
  return reader ? [reader.event] : [];
}

function readyNow(interests: readonly Interest[]): boolean[] {
  return interests.map(({ descriptor, wants }) => {
    if (descriptor === signalsDescriptor) return sleepless();
    if (wants === "write") return writers.get(descriptor)?.isReady() ?? true;
    return readers.get(descriptor)?.isReady() ?? true;
  });
}

function sleepless(): boolean {
  const handles = [...controlHandles(), ...waitHandles()];
  return handles.length > 0 && sleep(handles.slice(0, mostHandles), 0);
}
