/** Layers as they are stored become tar archives; what they are is told by their bytes. */
import { pipeline } from "node:stream/promises";
import {
  constants,
  createGunzip,
  createZstdDecompress,
  type Gunzip,
  type ZstdDecompress,
} from "node:zlib";
import type { Compression } from "../model.ts";

/** Bytes. Larger pieces are no faster, and are garbage for longer. */
const pieceSize = 1 << 17;

/**
 * The decoder's window, 32 MiB: all levels of zstd but `--ultra` ones, and all levels of
 * the Go package that container tools use. A window is memory for whoever decompresses.
 */
const largestWindow = 25;

/** Bytes that tell a compression: RFC 1952, RFC 8878; also a skippable frame's. */
export function compressionOf(beginning: Uint8Array): Compression {
  const [first, second, third, fourth] = beginning;
  if (first === 0x1f && second === 0x8b) return "gzip";
  if (second === 0xb5 && third === 0x2f && fourth === 0xfd && first === 0x28)
    return "zstd";
  const isSkippable = second === 0x2a && third === 0x4d && fourth === 0x18;
  if (isSkippable && first !== undefined && first >> 4 === 5) return "zstd";
  return "none";
}

/** What the decoder said against the bytes it was given. */
export class CompressionError extends Error {}

/**
 * Gives `sink` the bytes that `stored` is of.
 * @throws CompressionError where it is no gzip or zstd, is cut off (which zstd's library
 *   does not tell at a frame's end; digests do), or more follows
 */
export async function decompress(
  stored: AsyncIterable<Uint8Array>,
  compression: Exclude<Compression, "none">,
  sink: (piece: Uint8Array) => void,
): Promise<void> {
  if (compression === "gzip") return decode(gunzip(), stored, sink);
  const turn = unzstdTurn.then(() => decode(unzstd(), stored, sink));
  unzstdTurn = turn.catch(() => {});
  return turn;
}

/**
 * Two windows of zstd would be too much memory, and one decoder is faster than the thread
 * that hashes what it gives.
 */
let unzstdTurn: Promise<void> = Promise.resolve();

async function decode(
  decoder: Gunzip | ZstdDecompress,
  stored: AsyncIterable<Uint8Array>,
  sink: (piece: Uint8Array) => void,
): Promise<void> {
  let given = 0;
  let sinkError: unknown;
  let storedError: unknown;
  async function* counted() {
    try {
      for await (const piece of stored) {
        given += piece.length;
        yield piece;
      }
    } catch (error) {
      storedError = error;
      throw error;
    }
  }
  try {
    await pipeline(counted(), decoder, async (plain: AsyncIterable<Uint8Array>) => {
      for await (const piece of plain)
        try {
          sink(piece);
        } catch (error) {
          sinkError = error;
          throw error;
        }
    });
  } catch (error) {
    throw sinkError ?? storedError ?? new CompressionError(what(error));
  }
  if (decoder.bytesWritten < given)
    throw new CompressionError("other bytes follow what is compressed");
}

const gunzip = () => createGunzip({ chunkSize: pieceSize });

const unzstd = () =>
  createZstdDecompress({
    chunkSize: pieceSize,
    params: { [constants.ZSTD_d_windowLogMax]: largestWindow },
  });

const what = (error: unknown) =>
  error instanceof Error ? error.message : String(error);
