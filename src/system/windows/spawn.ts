/** To start a process, in a job of its own. */
import type { Pointer } from "../foreign.ts";
import { closeDescriptor, emptyInput, handleOf } from "./descriptors.ts";
import { checked, errorNumber, SystemError, windowsError } from "./errors.ts";
import { createJob, remember } from "./jobs.ts";
import { kernel, moreKernel } from "./kernel.ts";
import { allocate, memoryAt } from "./machine-code.ts";
import { isTerminal } from "./process.ts";
import { batchCommandLine, commandLine, isBatchFile } from "./quoting.ts";
import type { Started } from "./start.ts";
import { narrow, wide } from "./wide.ts";

export type Start = {
  /** The program's file; no search is done. */
  readonly path: string;
  /** The program's own name first. */
  readonly words: readonly string[];
  /** `NAME=VALUE` entries. */
  readonly environment: readonly string[];
  /**
   * Standard stream of the child: descriptor here. What is not named stays as it is.
   */
  readonly descriptors: Readonly<Record<number, number>>;
  /** Instead of `words`, for a program that splits its command line by other rules. */
  readonly commandLine?: string;
  /** There are none on Windows. */
  readonly cgroup?: string;
  /** Likewise. */
  readonly terminal?: number;
};

const CREATE_NEW_PROCESS_GROUP = 0x200;
const CREATE_UNICODE_ENVIRONMENT = 0x400;
const EXTENDED_STARTUPINFO_PRESENT = 0x8_0000;
const STARTF_USESTDHANDLES = 0x100;
const PROC_THREAD_ATTRIBUTE_HANDLE_LIST = 0x2_0002;
const PROC_THREAD_ATTRIBUTE_JOB_LIST = 0x2_000d;
/** A command line is at most so long (characters, with its NUL); cmd.exe's, shorter. */
const longestCommandLine = 32_767;
const longestBatchLine = 8191;

/**
 * Starts a process in a job and a process group of its own; it is in the job before its
 * first instruction. It inherits its three standard streams and nothing else.
 * @returns the process id, which is also the group's
 * @throws SystemError
 */
export function startProcess(start: Start, _started: Started): number {
  const [application, line] = whatToRun(start);
  const streams = streamsFor(start);
  const job = createJob();
  try {
    const environment = environmentBlock(start.environment);
    const { process, identifier } = create(
      application,
      line,
      environment,
      streams,
      job,
    );
    remember(identifier, process, job);
    return identifier;
  } catch (error) {
    kernel().CloseHandle(job);
    throw error;
  } finally {
    for (const stream of streams) if (stream !== 0) kernel().CloseHandle(stream);
  }
}

/**
 * Copies of the standard streams that the child may inherit. A batch file gets no
 * console to read from: cmd.exe, which Ctrl-Break reaches, would ask there whether to
 * "Terminate batch job (Y/N)?", and wait for an answer.
 */
function streamsFor({ path, commandLine, descriptors }: Start): number[] {
  const inherits = descriptors[0] === undefined;
  const isBatch = commandLine === undefined && isBatchFile(path);
  const mute = isBatch && inherits && isTerminal(0);
  const input = mute ? emptyInput() : (descriptors[0] ?? 0);
  const streams = [input, descriptors[1] ?? 1, descriptors[2] ?? 2].map((descriptor) =>
    inheritable(handleOf(descriptor)),
  );
  if (mute) closeDescriptor(input);
  return streams;
}

/** The program's file and its command line. */
function whatToRun(start: Start): [application: string, commandLine: string] {
  const { path, words } = start;
  const isBatch = start.commandLine === undefined && isBatchFile(path);
  const line =
    start.commandLine ??
    (isBatch ? batchCommandLine(path, words.slice(1)) : commandLine(words));
  const longest = isBatch ? longestBatchLine : longestCommandLine;
  if (line === undefined) throw new SystemError("CreateProcess", errorNumber.EILSEQ);
  if (line.length >= longest)
    throw new SystemError("CreateProcess", windowsError.ERROR_FILENAME_EXCED_RANGE);
  return [isBatch ? commandProcessor() : path, line];
}

/** cmd.exe; never that which a variable names. */
export function commandProcessor(): string {
  return `${systemDirectory()}\\cmd.exe`;
}

export function systemDirectory(): string {
  const path = new Uint16Array(512);
  moreKernel().GetSystemDirectoryW(path, path.length);
  return narrow(path);
}

/** Entries one after the other, in the order that Windows wants: by name. */
function environmentBlock(entries: readonly string[]): Uint16Array {
  const key = (entry: string) => entry.slice(0, entry.indexOf("=", 1)).toUpperCase();
  const sorted = entries.toSorted((one, other) =>
    key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0,
  );
  return wide(`${sorted.join("\0")}\0`);
}

/** A copy of a handle that a child may inherit; 0 where there is none to copy. */
function inheritable(handle: number): number {
  const DUPLICATE_SAME_ACCESS = 2;
  const own = -1; // GetCurrentProcess()
  const copy = new BigInt64Array(1);
  if (handle === 0 || handle === -1) return 0;
  const { DuplicateHandle } = kernel();
  if (DuplicateHandle(own, handle, own, copy, 0, 1, DUPLICATE_SAME_ACCESS) === 0)
    return 0;
  return Number(copy[0]!);
}

/**
 * STARTUPINFOEXW (112 bytes): size 0, flags 60, standard streams 80, 88 and 96, list of
 * attributes 104. PROCESS_INFORMATION: process 0, thread 8, process id 16.
 */
function create(
  application: string,
  line: string,
  environment: Uint16Array,
  streams: readonly number[],
  job: number,
) {
  const inherited = streams.filter((stream) => stream !== 0);
  const attributes = attributeList([
    [PROC_THREAD_ATTRIBUTE_JOB_LIST, [job]],
    [PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited],
  ]);
  const startup = new Uint8Array(112);
  const view = new DataView(startup.buffer);
  view.setUint32(0, startup.length, true);
  view.setUint32(60, STARTF_USESTDHANDLES, true);
  streams.forEach((stream, index) => {
    view.setBigInt64(80 + index * 8, BigInt(stream), true);
  });
  view.setBigUint64(104, BigInt(attributes), true);
  const information = new Uint8Array(24);
  const created = kernel().CreateProcessW(
    wide(application),
    wide(line),
    0,
    0,
    inherited.length > 0 ? 1 : 0,
    CREATE_NEW_PROCESS_GROUP |
      CREATE_UNICODE_ENVIRONMENT |
      EXTENDED_STARTUPINFO_PRESENT,
    environment,
    0,
    startup,
    information,
  );
  checked("CreateProcess", created);
  const result = new DataView(information.buffer);
  kernel().CloseHandle(Number(result.getBigInt64(8, true)));
  return {
    process: Number(result.getBigInt64(0, true)),
    identifier: result.getUint32(16, true),
  };
}

const attributeMemory = 4096;
let attributePlace = 0;

/**
 * Attributes of the process to be, each a list of handles; empty ones are left out.
 * Windows is told where they are, so they are not in JavaScript's heap, where they
 * would be gone as soon as nobody here uses them.
 * @returns the address of the list
 */
function attributeList(
  attributes: readonly (readonly [attribute: number, handles: readonly number[]])[],
): number {
  const { InitializeProcThreadAttributeList, UpdateProcThreadAttribute } = kernel();
  attributePlace ||= allocate(attributeMemory);
  const place = attributePlace;
  const memory = new BigInt64Array(memoryAt(place, attributeMemory));
  const size = BigUint64Array.of(BigInt(attributeMemory / 2));
  checked(
    "InitializeProcThreadAttributeList",
    InitializeProcThreadAttributeList(place, attributes.length, 0, size),
  );
  let at = memory.length / 2;
  for (const [attribute, handles] of attributes) {
    if (handles.length === 0) continue;
    memory.set(handles.map(BigInt), at);
    const value = (place + at * 8) as Pointer;
    const length = handles.length * 8;
    checked(
      "UpdateProcThreadAttribute",
      UpdateProcThreadAttribute(place as Pointer, 0, attribute, value, length, 0, 0),
    );
    at += handles.length;
  }
  return place;
}
