/** Whether a file is the program that runs: the few fields of elf(5) that tell. */
import { decode } from "../text.ts";
import { type Pointer, ptr, toArrayBuffer } from "./foreign.ts";
import { rareLibc } from "./libc.ts";

const AT_PHDR = 3;
const AT_PHNUM = 5;
const segmentSize = 56;
const pageSize = 4096;
const trailer = "\n---- Bun! ----\n";

/** What the kernel told the program at its start, by getauxval(3). */
export function auxiliary(type: number): number {
  return Number(rareLibc().getauxval(type));
}

/**
 * Whether the file is the one in memory: its table of segments (elf(5)) is the same,
 * and so is what Bun runs. Nobody writes to either; a debugger may well have written
 * into the code.
 */
export function isRunning(descriptor: number): boolean {
  const header = view(readAt(descriptor, 0, 64));
  if (header.byteLength < 64 || header.getUint32(0) !== 0x7f454c46) return false;
  const length = auxiliary(AT_PHNUM) * segmentSize;
  const table = readAt(descriptor, integer(header, 32), length);
  if (table.length < length || !isAt(auxiliary(AT_PHDR), table)) return false;
  const bundle = dataSegments(view(table)).map(findBundle).find(Boolean);
  if (!bundle) return false;
  for (let at = 0; at < bundle.size; ) {
    const piece = readAt(descriptor, bundle.offset + at, bundle.size - at);
    if (piece.length === 0 || !isAt(bundle.address + at, piece)) return false;
    at += piece.length;
  }
  return true;
}

/** A part of the file that is in memory: where, from which offset, how many bytes. */
type Part = {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
};

/** The writable ones. Fields: type 0, flags 4, offset 8, address 16, file size 32. */
function dataSegments(table: DataView): Part[] {
  const PT_LOAD = 1;
  const PF_W = 2;
  const found: Part[] = [];
  for (let at = 0; at < table.byteLength; at += segmentSize)
    if (
      table.getUint32(at, true) === PT_LOAD &&
      (table.getUint32(at + 4, true) & PF_W) !== 0
    )
      found.push({
        offset: integer(table, at + 8),
        address: integer(table, at + 16),
        size: integer(table, at + 32),
      });
  return found;
}

/**
 * What `bun build --compile` added, of which static linking leaves no section's name:
 * it begins with a page, with its length in eight bytes, and ends with a line of words.
 */
function findBundle({ address, offset, size }: Part): Part | undefined {
  const bytes = memory(address, size);
  const view = new DataView(bytes.buffer);
  const first = (pageSize - (address % pageSize)) % pageSize;
  for (let at = first; at + 8 <= size; at += pageSize) {
    const end = at + 8 + integer(view, at);
    if (end <= size && decode(bytes.subarray(end - trailer.length, end)) === trailer)
      return { address: address + at, offset: offset + at, size: end - at };
  }
  return undefined;
}

/** At most a MiB of the file; less where it ends. */
function readAt(descriptor: number, at: number, length: number): Uint8Array {
  const SYS_pread64 = 17;
  const bytes = new Uint8Array(Math.min(length, 1 << 20));
  if (bytes.length === 0) return bytes;
  const { syscall } = rareLibc();
  const count = syscall(SYS_pread64, descriptor, ptr(bytes), bytes.length, at, 0, 0);
  return bytes.subarray(0, Math.max(0, Number(count)));
}

function memory(address: number, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(toArrayBuffer(address as Pointer, 0, length) as ArrayBuffer);
}

function isAt(address: number, bytes: Uint8Array): boolean {
  return Buffer.from(memory(address, bytes.length)).equals(bytes);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function integer(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}
