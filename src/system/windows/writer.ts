/**
 * Writing to what may make the writer wait: pipes, and consoles (for as long as
 * somebody marks text in them). Windows cannot tell whether a write would wait, and
 * handles that sidecar was given cannot be written to in any other way. So a thread of
 * its own does it, which is a few bytes of machine code, and sets an event when it is
 * done.
 */
import { checked, SystemError } from "./errors.ts";
import { kernel, moreKernel } from "./kernel.ts";
import { allocate, functionBytes, install, memoryAt } from "./machine-code.ts";

/** Bytes at once. */
const bufferSize = 65_536;
/**
 * What the thread and sidecar share: the handle 0, the event that begins a write 8, the
 * one that ends it 16, length 24 and count 28 of bytes, result 32 and error 36 of
 * WriteFile; then the bytes.
 */
const bufferAt = 64;

export class Writer {
  /** Signalled when what was begun is done. */
  readonly done: number;
  readonly #begin: number;
  readonly #shared: DataView;
  readonly #buffer: Uint8Array;
  #busy = false;

  constructor(handle: number) {
    const { CreateEventW } = kernel();
    this.#begin = checked("CreateEvent", CreateEventW(0, 0, 0, 0));
    this.done = checked("CreateEvent", CreateEventW(0, 1, 0, 0));
    const place = allocate(bufferAt + bufferSize);
    const memory = memoryAt(place, bufferAt + bufferSize);
    this.#shared = new DataView(memory, 0, bufferAt);
    this.#buffer = new Uint8Array(memory, bufferAt);
    for (const [index, value] of [handle, this.#begin, this.done].entries())
      this.#shared.setBigInt64(index * 8, BigInt(value), true);
    const { CreateThread } = moreKernel();
    const thread = CreateThread(0, 0, install(threadCode()), place, 0, 0);
    kernel().CloseHandle(checked("CreateThread", thread));
  }

  /** Whether a call of {@link write} gets on. */
  isReady(): boolean {
    return !this.#busy || kernel().WaitForSingleObject(this.done, 0) === 0;
  }

  /**
   * Begins a write, or tells what came of the one that was begun: whoever gets 0 comes
   * again with the same bytes.
   * @returns how many bytes were taken; 0 where that is not known yet
   * @throws SystemError
   */
  write(bytes: Uint8Array): number {
    if (!this.#busy) this.#start(bytes);
    if (!this.isReady()) return 0;
    this.#busy = false;
    if (this.#shared.getInt32(32, true) === 0)
      throw new SystemError("WriteFile", this.#shared.getUint32(36, true));
    return this.#shared.getUint32(28, true);
  }

  #start(bytes: Uint8Array): void {
    const piece = bytes.subarray(0, bufferSize);
    this.#buffer.set(piece);
    this.#shared.setUint32(24, piece.length, true);
    kernel().ResetEvent(this.done);
    this.#busy = true;
    checked("SetEvent", moreKernel().SetEvent(this.#begin));
  }
}

/** `DWORD thread(void *shared)`: waits, writes, says so; and never ends. */
function threadCode(): number[] {
  const call = (name: string) => [0x48, 0xb8, ...functionBytes(name), 0xff, 0xd0];
  const loop = [
    ...[0x48, 0x8b, 0x4b, 0x08], //       mov rcx, [rbx + 8]
    ...[0xba, 0xff, 0xff, 0xff, 0xff], // mov edx, INFINITE
    ...call("WaitForSingleObject"), //    mov rax, …; call rax
    ...[0x48, 0x8b, 0x0b], //             mov rcx, [rbx]
    ...[0x48, 0x8d, 0x53, bufferAt], //   lea rdx, [rbx + bufferAt]
    ...[0x44, 0x8b, 0x43, 0x18], //       mov r8d, [rbx + 24]
    ...[0x4c, 0x8d, 0x4b, 0x1c], //       lea r9, [rbx + 28]
    ...[0x31, 0xc0], //                   xor eax, eax
    ...[0x48, 0x89, 0x44, 0x24, 0x20], // mov [rsp + 32], rax
    ...call("WriteFile"),
    ...[0x89, 0x43, 0x20], //             mov [rbx + 32], eax
    ...call("GetLastError"),
    ...[0x89, 0x43, 0x24], //             mov [rbx + 36], eax
    ...[0x48, 0x8b, 0x4b, 0x10], //       mov rcx, [rbx + 16]
    ...call("SetEvent"),
  ];
  return [
    0x53, //                              push rbx
    ...[0x48, 0x83, 0xec, 0x30], //       sub rsp, 48
    ...[0x48, 0x89, 0xcb], //             mov rbx, rcx
    ...loop,
    ...[0xeb, (-loop.length - 2) & 0xff], // jmp to the loop's beginning
  ];
}
