/**
 * Pipes whose reading end can be waited for: Windows' anonymous pipes cannot, so they
 * are named ones, with names that nobody can guess. A read is begun before it is waited
 * for ("overlapped"), and what it brought is kept until somebody asks.
 */
import { checked, lastError, SystemError, windowsError } from "./errors.ts";
import { invalidHandle, kernel, moreKernel } from "./kernel.ts";
import { wide } from "./wide.ts";

const bufferSize = 65_536;
const PIPE_ACCESS_INBOUND = 1;
const FILE_FLAG_OVERLAPPED = 0x4000_0000;
const FILE_FLAG_FIRST_PIPE_INSTANCE = 0x8_0000;
const PIPE_REJECT_REMOTE_CLIENTS = 8;
const GENERIC_WRITE = 0x4000_0000;
const OPEN_EXISTING = 3;

type State = "connecting" | "idle" | "reading" | "filled" | "ended";

/** OVERLAPPED: result 0, event 24; 32 bytes. What Windows writes to must not move. */
const memory = (size: number) => new Uint8Array(new ArrayBuffer(size));

/** The reading end of a pipe. */
export class PipeReader {
  readonly handle: number;
  /** Signalled when what was begun is done. */
  readonly event: number;
  readonly #overlapped = memory(32);
  readonly #buffer = memory(bufferSize);
  readonly #count = new Uint32Array(1);
  #state: State;
  #at = 0;
  #filled = 0;

  constructor(handle: number) {
    this.handle = handle;
    this.event = checked("CreateEvent", kernel().CreateEventW(0, 1, 0, 0));
    new DataView(this.#overlapped.buffer).setBigInt64(24, BigInt(this.event), true);
    this.#state = "connecting";
    if (moreKernel().ConnectNamedPipe(handle, this.#overlapped) !== 0)
      this.#state = "idle";
    else this.#begun(lastError());
  }

  /** Begins a read where none is under way. @returns whether there is something now */
  isReady(): boolean {
    if (this.#state === "idle") this.#begin();
    else this.#look();
    // Somebody has connected: now it can be read.
    if (this.#state === "idle") this.#begin();
    return this.#state === "filled" || this.#state === "ended";
  }

  /**
   * @returns the number of bytes; 0 at the end; nothing where one would have to wait
   */
  read(target: Uint8Array): number | undefined {
    if (!this.isReady()) return undefined;
    if (this.#state === "ended") return 0;
    const end = Math.min(this.#at + target.length, this.#filled);
    target.set(this.#buffer.subarray(this.#at, end));
    const length = end - this.#at;
    this.#at = end;
    if (end === this.#filled) this.#state = "idle";
    return length;
  }

  close(): void {
    if (this.#state === "connecting" || this.#state === "reading") {
      // Windows must not write into this buffer any more.
      moreKernel().CancelIoEx(this.handle, this.#overlapped);
      moreKernel().GetOverlappedResult(this.handle, this.#overlapped, this.#count, 1);
    }
    this.#state = "ended";
    kernel().CloseHandle(this.handle);
    kernel().CloseHandle(this.event);
  }

  #begin(): void {
    this.#state = "reading";
    const { ReadFile } = moreKernel();
    if (ReadFile(this.handle, this.#buffer, bufferSize, null, this.#overlapped) === 0)
      this.#begun(lastError());
    else this.#look();
  }

  #begun(error: number): void {
    switch (error) {
      case windowsError.ERROR_IO_PENDING:
        return;
      case windowsError.ERROR_PIPE_CONNECTED:
        this.#state = "idle";
        return;
      case windowsError.ERROR_BROKEN_PIPE:
      case windowsError.ERROR_NO_DATA:
        this.#state = "ended";
        return;
      default:
        throw new SystemError("ReadFile", error);
    }
  }

  /** Whether what was begun is done, and what came of it. */
  #look(): void {
    if (this.#state !== "connecting" && this.#state !== "reading") return;
    const { GetOverlappedResult } = moreKernel();
    if (GetOverlappedResult(this.handle, this.#overlapped, this.#count, 0) === 0) {
      const error = lastError();
      if (error !== windowsError.ERROR_IO_INCOMPLETE) this.#begun(error);
      return;
    }
    this.#filled = this.#state === "reading" ? this.#count[0]! : 0;
    this.#at = 0;
    // Somebody may write nothing at all; that is not the end.
    this.#state = this.#filled > 0 ? "filled" : "idle";
  }
}

/** A pipe to read from. @returns it, and its name, which one writer can open */
export function makeNamedPipe(): { reader: PipeReader; name: string } {
  const name = `\\\\.\\pipe\\sidecar-${crypto.randomUUID()}`;
  const handle = moreKernel().CreateNamedPipeW(
    wide(name),
    PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
    PIPE_REJECT_REMOTE_CLIENTS,
    1,
    bufferSize,
    bufferSize,
    0,
    0,
  );
  if (handle === invalidHandle) throw new SystemError("CreateNamedPipe", lastError());
  return { reader: new PipeReader(handle), name };
}

/** The writing end of a pipe, by its name. @throws SystemError */
export function openPipeForWriting(name: string): number {
  const handle = kernel().CreateFileW(
    wide(name),
    GENERIC_WRITE,
    0,
    0,
    OPEN_EXISTING,
    0,
    0,
  );
  if (handle === invalidHandle) throw new SystemError("CreateFile", lastError());
  return handle;
}
