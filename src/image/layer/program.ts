/**
 * What the first bytes of an executable file say to the kernel: `#!` (execve(2)) or ELF
 * (elf(5)). It reads along while the file goes by, and keeps a few bytes of it.
 */
import { decode } from "../../system/text.ts";
import type { Program } from "../tree/tree.ts";

/** Of a `#!` line the kernel reads 256 bytes (BINPRM_BUF_SIZE). */
const longestLine = 256;
const headLength = 4096;
/** Nobody has more than a dozen program headers, or an interpreter with a longer path. */
const longestPart = 4096;

type Part = { readonly offset: number; readonly bytes: Uint8Array; filled: number };

type Elf = {
  readonly bits: 32 | 64;
  readonly machine: number;
  readonly view: (bytes: Uint8Array) => DataView;
  readonly littleEndian: boolean;
  readonly headers: { readonly offset: number; readonly size: number };
  readonly headerSize: number;
};

export class ProgramReader {
  #position = 0;
  readonly #head: Part;
  /** What is being waited for, and where the last of these ended. */
  #awaited: Part | undefined;
  #through = 0;
  #elf: Elf | undefined;
  #result: Program | undefined;

  /** @param size of the file, in bytes; not 0 */
  constructor(size: number) {
    const length = Math.min(size, headLength);
    this.#head = { offset: 0, bytes: new Uint8Array(length), filled: 0 };
    this.#awaited = this.#head;
  }

  /** @returns the result, once it is known */
  write(piece: Uint8Array): Program | undefined {
    const start = this.#position;
    while (this.#awaited !== undefined) {
      const { offset, bytes, filled } = this.#awaited;
      const from = offset + filled - start;
      const part = piece.subarray(from, from + bytes.length - filled);
      bytes.set(part, filled);
      this.#awaited.filled += part.length;
      if (this.#awaited.filled < bytes.length) break;
      this.#through = offset + bytes.length;
      this.#advance(this.#awaited);
    }
    this.#position = start + piece.length;
    return this.#result;
  }

  /** What is known at the file's end. */
  end(): Program {
    return this.#result ?? this.#unread();
  }

  #advance(part: Part): void {
    this.#awaited = undefined;
    if (part === this.#head) this.#readHead(part.bytes);
    else if (part.offset === this.#elf!.headers.offset) this.#readHeaders(part.bytes);
    else this.#result = this.#withInterpreter(part.bytes);
  }

  #readHead(head: Uint8Array): void {
    if (head[0] === 0x23 && head[1] === 0x21) {
      const end = head.subarray(0, longestLine).indexOf(0x0a);
      const line = head.subarray(2, end < 0 ? longestLine : end);
      this.#result = { kind: "script", line: decode(line) };
      return;
    }
    this.#elf = parseElf(head);
    if (this.#elf === undefined) this.#result = { kind: "other" };
    else if (this.#elf.headers.size === 0) this.#result = this.#withInterpreter();
    else this.#await(this.#elf.headers.offset, this.#elf.headers.size);
  }

  #readHeaders(bytes: Uint8Array): void {
    const found = interpreterPlace(bytes, this.#elf!);
    if (found === undefined) this.#result = this.#withInterpreter();
    else this.#await(found.offset, found.size);
  }

  /** From what was kept of the beginning, or from what is still to come. */
  #await(offset: number, size: number): void {
    const head = this.#head.bytes;
    if (size > longestPart || size === 0) this.#result = this.#unread();
    else if (offset + size <= head.length)
      this.#advance({
        offset,
        bytes: head.subarray(offset, offset + size),
        filled: size,
      });
    else if (offset >= this.#through)
      this.#awaited = { offset, bytes: new Uint8Array(size), filled: 0 };
    else this.#result = this.#unread();
  }

  #withInterpreter(bytes?: Uint8Array): Program {
    const { bits, machine } = this.#elf!;
    if (bytes === undefined) return { kind: "elf", bits, machine };
    const end = bytes.indexOf(0);
    const path = bytes.subarray(0, end < 0 ? bytes.length : end);
    return { kind: "elf", bits, machine, interpreter: decode(path) };
  }

  #unread(): Program {
    if (this.#elf === undefined) return { kind: "other" };
    const { bits, machine } = this.#elf;
    return { kind: "elf", bits, machine, interpreterUnread: true };
  }
}

function parseElf(head: Uint8Array): Elf | undefined {
  const isElf = head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c;
  if (!isElf || head[3] !== 0x46 || head.length < 64) return undefined;
  const bits = head[4] === 1 ? 32 : 64;
  const littleEndian = head[5] !== 2;
  const view = (bytes: Uint8Array) =>
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = view(head);
  const half = (at: number) => header.getUint16(at, littleEndian);
  const is64 = bits === 64;
  const headerSize = half(is64 ? 54 : 42);
  return {
    bits,
    machine: half(18),
    view,
    littleEndian,
    headerSize,
    headers: {
      offset: is64
        ? Number(header.getBigUint64(32, littleEndian))
        : header.getUint32(28, littleEndian),
      size: headerSize * half(is64 ? 56 : 44),
    },
  };
}

const interpreterType = 3;

/** Where PT_INTERP lies in the file. */
function interpreterPlace(bytes: Uint8Array, elf: Elf) {
  const { bits, headerSize, littleEndian } = elf;
  if (headerSize < (bits === 64 ? 56 : 32)) return undefined;
  const view = elf.view(bytes);
  for (let at = 0; at + headerSize <= bytes.length; at += headerSize) {
    if (view.getUint32(at, littleEndian) !== interpreterType) continue;
    if (bits === 32)
      return {
        offset: view.getUint32(at + 4, littleEndian),
        size: view.getUint32(at + 16, littleEndian),
      };
    return {
      offset: Number(view.getBigUint64(at + 8, littleEndian)),
      size: Number(view.getBigUint64(at + 32, littleEndian)),
    };
  }
  return undefined;
}
