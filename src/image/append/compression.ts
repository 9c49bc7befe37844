/** Large contents, compressed on threads of the runtime while other things are done. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createDeflateRaw } from "node:zlib";
import { Spool } from "../archive/spool.ts";
import { type Content, compressionLevel } from "./layer.ts";

/** Bytes; what deflate makes of the same input depends on how it is given. */
const pieceSize = 256 << 10;

export class Compressor {
  readonly #spools = new Map<Content, Spool>();
  readonly #running = new Map<Content, Promise<void>>();
  readonly #stop = new AbortController();

  /** @param directory where the results are kept until they are used */
  constructor(readonly directory: string) {}

  /** Begins, unless it has begun already. @throws SystemError */
  begin(content: Content): void {
    if (this.#running.has(content)) return;
    const spool = new Spool(this.directory);
    this.#spools.set(content, spool);
    const running = this.#compress(content, spool);
    // Whoever waits for it is told; until then nobody may be there.
    running.catch(() => {});
    this.#running.set(content, running);
  }

  /** As raw deflate that does not end. @throws SystemError, Failure */
  async result(content: Content): Promise<Content> {
    this.begin(content);
    await this.#running.get(content);
    const spool = this.#spools.get(content)!;
    return { size: spool.size, pieces: () => spool.pieces() };
  }

  /** Ends what is running, and removes what there is. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#running.values());
    for (const spool of this.#spools.values()) spool.close();
  }

  async #compress(content: Content, spool: Spool): Promise<void> {
    const { signal } = this.#stop;
    const deflate = createDeflateRaw({
      level: compressionLevel,
      chunkSize: pieceSize,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    const source = Readable.from(sized(content), { highWaterMark: 1 });
    await pipeline(
      source,
      deflate,
      async (compressed: AsyncIterable<Uint8Array>) => {
        for await (const piece of compressed) spool.write(piece);
      },
      { signal },
    );
  }
}

/** In pieces of one size, each of its own: the next is read while one is compressed. */
function* sized(content: Content): Generator<Uint8Array> {
  let piece = Buffer.allocUnsafeSlow(pieceSize);
  let filled = 0;
  for (const part of content.pieces())
    for (let at = 0; at < part.length; ) {
      const length = Math.min(part.length - at, pieceSize - filled);
      piece.set(part.subarray(at, at + length), filled);
      filled += length;
      at += length;
      if (filled < pieceSize) continue;
      yield piece;
      piece = Buffer.allocUnsafeSlow(pieceSize);
      filled = 0;
    }
  if (filled > 0) yield piece.subarray(0, filled);
}
