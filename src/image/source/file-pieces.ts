/** A range of an open file, in pieces. */
import { Buffer } from "node:buffer";
import type { FileHandle } from "node:fs/promises";

/** Bytes: large enough for speed, small enough that several in flight cost little. */
const pieceSize = 128 << 10;

/**
 * Ends early where the file does.
 * @param reuses whether a piece may be overwritten once the next is asked for
 */
export async function* pieces(
  file: FileHandle,
  from: number,
  to: number,
  reuses = false,
): AsyncGenerator<Uint8Array> {
  let buffer = Buffer.alloc(0);
  for (let at = from; at < to; ) {
    const length = Math.min(pieceSize, to - at);
    if (!reuses || buffer.length < length) buffer = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await file.read(buffer, 0, length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** At most `limit` bytes from `from` on. */
export async function beginningOf(
  file: FileHandle,
  from: number,
  limit: number,
): Promise<Uint8Array> {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await file.read(
      buffer,
      length,
      limit - length,
      from + length,
    );
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
