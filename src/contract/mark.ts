/**
 * By what sidecar's executable is known without being run: behind the table of segments
 * of the ELF file (elf(5)) come a checksum of the whole file (src/launcher/link.ts) and
 * then this text, which a NUL ends. All of it is in the file's first page.
 */
import { decode, encodeTerminated } from "../system/text.ts";

export type Build = {
  readonly version: string;
  /** As `sidecar --version` tells it; "unknown" where there was no repository. */
  readonly commit: string;
};

const headerSize = 64;
const segmentSize = 56;
/** Of a SHA-256. */
export const identitySize = 32;

/** Bytes of a file's beginning that have all of it. */
export const markedSize = 4096;

/** @param segments their number */
export function identityOffset(segments: number): number {
  return headerSize + segments * segmentSize;
}

/** The text, with its NUL. */
export function writeMark({ version, commit }: Build): Uint8Array {
  return encodeTerminated(`sidecar ${version} ${commit}`);
}

/**
 * Which sidecar a file is.
 * @param head its beginning, {@link markedSize} bytes or all of it
 * @returns nothing where it is none, or one that was built without a launcher
 */
export function readMark(head: Uint8Array): Build | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const isElf64 = head.length > headerSize && view.getUint32(0) === 0x7f454c46;
  if (!isElf64 || view.getUint16(4) !== 0x0201) return undefined;
  const start = identityOffset(view.getUint16(56, true)) + identitySize;
  const end = head.indexOf(0, start);
  if (end < 0) return undefined;
  const text = decode(head.subarray(start, end));
  const match = /^sidecar (\d+\.\d+\.\d+\S*) (\S+)$/.exec(text);
  return match ? { version: match[1]!, commit: match[2]! } : undefined;
}
