/** Whether a file is the program that runs: the few fields of elf(5) that tell. */
import { decode } from "../text.ts";
import { type Pointer, ptr, toArrayBuffer } from "./foreign.ts";
import { rareLibc } from "./libc.ts";

const AT_PHDR = 3;
const AT_PHNUM = 5;

/** What the kernel told the program at its start, by getauxval(3). */
export function auxiliary(type: number): number {
  return Number(rareLibc().getauxval(type));
}

/**
 * Whether the file is the one in memory: its table of segments (elf(5)) is the same,
 * and so is the section into which Bun puts the program that it runs. Nobody writes to
 * either; a debugger may well have written into the code.
 */
export function isRunning(descriptor: number): boolean {
  const header = view(readAt(descriptor, 0, 64));
  if (header.byteLength < 64 || header.getUint32(0) !== 0x7f454c46) return false;
  const length = auxiliary(AT_PHNUM) * 56;
  const segments = readAt(descriptor, integer(header, 32), length);
  if (segments.length < length || !isAt(auxiliary(AT_PHDR), segments)) return false;
  const section = bundle(descriptor, header);
  if (!section || !isLoaded(view(segments), section)) return false;
  for (let at = 0; at < section.size; ) {
    const piece = readAt(descriptor, section.offset + at, section.size - at);
    if (piece.length === 0) return false;
    if (!isAt(section.address + at, piece)) return false;
    at += piece.length;
  }
  return true;
}

type Section = {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
};

/** The section `.bun`. Section header: name 0, address 16, offset 24, size 32. */
function bundle(descriptor: number, header: DataView): Section | undefined {
  const table = view(
    readAt(descriptor, integer(header, 40), header.getUint16(60, true) * 64),
  );
  const at = header.getUint16(62, true) * 64;
  if (at + 64 > table.byteLength) return undefined;
  const names = readAt(descriptor, integer(table, at + 24), integer(table, at + 32));
  const wanted = decode(names).indexOf("\0.bun\0") + 1;
  for (let at = 0; wanted > 0 && at + 64 <= table.byteLength; at += 64)
    if (table.getUint32(at, true) === wanted)
      return {
        address: integer(table, at + 16),
        offset: integer(table, at + 24),
        size: integer(table, at + 32),
      };
  return undefined;
}

/** Whether a segment of the table has it. Type 0, address 16, size in memory 40. */
function isLoaded(segments: DataView, { address, size }: Section): boolean {
  const PT_LOAD = 1;
  for (let at = 0; at < segments.byteLength; at += 56) {
    const start = integer(segments, at + 16);
    const end = start + integer(segments, at + 40);
    if (segments.getUint32(at, true) === PT_LOAD && start <= address)
      if (address + size <= end) return true;
  }
  return false;
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

function isAt(address: number, bytes: Uint8Array): boolean {
  return Buffer.from(toArrayBuffer(address as Pointer, 0, bytes.length)).equals(bytes);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function integer(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}
