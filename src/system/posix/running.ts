/** What the kernel knows of the running program, and whether a file is that program. */
import { type Pointer, ptr, toArrayBuffer } from "../foreign.ts";
import { rareLibc } from "./libc.ts";

const AT_PHDR = 3;
/** The header of an ELF file (elf(5)), before its table of segments. */
const headerSize = 64;
/**
 * Bytes that are compared. They hold the table of segments and behind it a checksum of
 * the whole file (src/launcher/link.ts), or in a dynamic executable Bun's build number.
 */
const comparedSize = 640;

/** A value that the kernel gave the program at its start, by getauxval(3). */
export function auxiliary(type: number): number {
  return Number(rareLibc().getauxval(type));
}

/** Whether the file begins as the program in memory does. */
export function isRunning(descriptor: number): boolean {
  const SYS_pread64 = 17;
  const bytes = new Uint8Array(comparedSize);
  const { syscall } = rareLibc();
  const length = syscall(SYS_pread64, descriptor, ptr(bytes), comparedSize, 0, 0, 0);
  if (Number(length) !== comparedSize) return false;
  const start = (auxiliary(AT_PHDR) - headerSize) as Pointer;
  return Buffer.from(toArrayBuffer(start, 0, comparedSize)).equals(bytes);
}
