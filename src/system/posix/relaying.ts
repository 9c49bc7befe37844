/**
 * Copies of streams by threads of the launcher (src/launcher/relay.c), which sleep in
 * the kernel and do not disturb whoever waits for the block.
 */
import { type Pointer, read } from "../foreign.ts";
import type { Interest } from "./descriptors.ts";
import { recordAddress } from "./launcher.ts";
import { errorNumber, lastError, relayingLibc, SystemError } from "./libc.ts";

/** Whether there is what copies in threads: the launcher. */
export const relaysInThreads = recordAddress !== 0;

/** The fields that begin `struct file` and `struct relay` there, all of 64 bits. */
const fileField = { error: 0, taken: 1, leftOut: 2 } as const;
const relayField = {
  done: 0,
  bytes: 1,
  consoleError: 2,
  consoleWritten: 3,
  notice: 4,
} as const;

const field = (address: Pointer, index: number) => Number(read.u64(address, index * 8));

const errorOf = (number: number) =>
  number === 0 ? undefined : new SystemError("write", number);

/** A file that one or two relays write to. */
export class RelayedFile {
  readonly address: Pointer;

  constructor(address: Pointer) {
    this.address = address;
  }

  /** What ended the writing early. */
  get error(): SystemError | undefined {
    return errorOf(field(this.address, fileField.error));
  }

  /** Bytes that it took, those included that were left out later. */
  get taken(): number {
    return field(this.address, fileField.taken);
  }

  /** Bytes that are not in it because of its limit; known at the end. */
  get leftOut(): number {
    return field(this.address, fileField.leftOut);
  }
}

/**
 * @param isRegular writing to it makes nobody wait
 * @param before bytes that it holds
 * @param limit bytes that may be added, at least 4096; 0 for no limit
 * @returns nothing where there is no launcher, or no memory
 * @throws SystemError EPERM where the file takes bytes at its end only, and has a limit
 */
export function openRelayedFile(
  descriptor: number,
  isRegular: boolean,
  before: number,
  limit: number,
): RelayedFile | undefined {
  if (!relaysInThreads) return undefined;
  const { sidecar_relay_file } = relayingLibc();
  const address = sidecar_relay_file(descriptor, isRegular ? 1 : 0, before, limit);
  if (address !== null) return new RelayedFile(address as Pointer);
  if (lastError() === errorNumber.EPERM) throw new SystemError("fcntl", lastError());
  return undefined;
}

/** A thread that copies from a pipe to a file, and perhaps to a console. */
export class ThreadRelay {
  readonly #address: Pointer;

  constructor(address: Pointer) {
    this.#address = address;
  }

  /** Bytes that came. */
  get bytes(): number {
    return field(this.#address, relayField.bytes);
  }

  get isDone(): boolean {
    return field(this.#address, relayField.done) !== 0;
  }

  /** Its end, to be waited for; nothing once that has come. */
  get interest(): Interest | undefined {
    if (this.isDone) return undefined;
    return { descriptor: field(this.#address, relayField.notice), wants: "read" };
  }

  /** What ended the copy on the console early. */
  get consoleError(): SystemError | undefined {
    return errorOf(field(this.#address, relayField.consoleError));
  }

  /** Bytes that the console took. */
  get consoleWritten(): number {
    return field(this.#address, relayField.consoleWritten);
  }

  /** It works by itself. */
  advance(): void {}

  /** What is in the pipe now is the last that it takes. */
  finish(): void {
    relayingLibc().sidecar_relay_finish(this.#address);
  }

  /** No longer waits for a console that does not read; the file gets everything. */
  abandon(): void {
    relayingLibc().sidecar_relay_abandon(this.#address);
  }
}

/**
 * @param source the reading end of a pipe; the relay's from now on, if there is one
 * @returns nothing where no thread can be had
 */
export function beginRelay(
  source: number,
  file: RelayedFile,
  console: number | undefined,
): ThreadRelay | undefined {
  const { sidecar_relay_begin } = relayingLibc();
  const address = sidecar_relay_begin(source, file.address, console ?? -1);
  return address === null ? undefined : new ThreadRelay(address as Pointer);
}
