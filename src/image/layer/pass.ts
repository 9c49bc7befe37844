/**
 * One pass over a stored layer: its size and digest as it is stored, what it is without
 * compression, and that one's digest too. Nothing of a layer counts before it ended
 * well.
 */
import { Failure } from "../../contract/failure.ts";
import { type Limits, tooLarge } from "../limits.ts";
import type { Compression, Digest, ImageSource, Layer } from "../model.ts";
import { CompressionError, compressionOf, decompress } from "./decompression.ts";
import { leaveGarbage } from "./garbage.ts";

export type PassOptions = {
  readonly limits: Limits;
  /** Is told the bytes of each stored piece. */
  readonly progress?: (bytes: number) => void;
  /** Ends the pass: another layer failed. */
  readonly signal?: AbortSignal;
};

/**
 * Gives `sink` the layer's tar archive in pieces, which it must not keep. All bytes are
 * read, those after the archive's end too.
 * @returns how the layer is compressed
 * @throws Failure `image-layer-…`, or what `sink` throws, once the layer is known to be
 *   what its descriptor says
 */
export async function passLayer(
  source: ImageSource,
  layer: Layer,
  sink: (piece: Uint8Array) => void,
  options: PassOptions,
): Promise<Compression> {
  const stored = new StoredLayer(source, layer, options);
  try {
    const plain = new Bun.CryptoHasher("sha256");
    let length = 0;
    const compression = await stored.compression();
    const isCompressed = compression !== "none";
    const take = (piece: Uint8Array) => {
      length += piece.length;
      leaveGarbage(piece.length);
      if (length > options.limits.layer)
        throw tooLarge.layer(layer.index, options.limits.layer);
      if (isCompressed) plain.update(piece);
      sink(piece);
    };
    if (isCompressed) await decompress(stored.pieces(), compression, take);
    else for await (const piece of stored.pieces()) take(piece);
    const digest = stored.verify();
    const found = isCompressed ? digestOf(plain) : digest;
    if (found !== layer.diffId) throw wrongDiffId(layer, found);
    return compression;
  } catch (error) {
    if (options.signal?.aborted || error === stored.error) throw error;
    // What is damaged is said to be damaged, rather than how that shows.
    await stored.drain();
    stored.verify();
    if (!(error instanceof CompressionError)) throw error;
    throw new Failure(
      "image-layer-compression",
      `layer ${layer.index} cannot be unpacked: ${error.message}`,
      "build the image anew; its digest is right, so it was made like this",
    );
  } finally {
    await stored.close();
  }
}

/** A layer's bytes as they come, counted and hashed. */
class StoredLayer {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #hash = new Bun.CryptoHasher("sha256");
  readonly #first: Uint8Array[] = [];
  #read = 0;
  #ended = false;
  #digest: Digest | undefined;
  /** Why no more bytes can be had. */
  error: unknown;

  constructor(
    source: ImageSource,
    readonly layer: Layer,
    readonly options: PassOptions,
  ) {
    this.#iterator = source.open(layer)[Symbol.asyncIterator]();
  }

  /** By the first four bytes, which may come in four pieces. */
  async compression(): Promise<Compression> {
    const beginning = () =>
      Buffer.concat(this.#first.map((piece) => piece.subarray(0, 4)));
    while (beginning().length < 4) {
      const piece = await this.#next();
      if (piece === undefined) break;
      this.#first.push(piece);
    }
    return compressionOf(beginning());
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    yield* this.#first.splice(0);
    for (;;) {
      const piece = await this.#next();
      if (piece === undefined) return;
      yield piece;
    }
  }

  async drain(): Promise<void> {
    while ((await this.#next()) !== undefined);
  }

  /** @returns the digest of all bytes @throws Failure `image-layer-digest` */
  verify(): Digest {
    const { index, stored } = this.layer;
    if (this.#read !== stored.size)
      throw this.#fail(wrongSize(index, stored.size, `${this.#read}`));
    this.#digest ??= digestOf(this.#hash);
    const found = this.#digest;
    if (stored.digest === undefined || found === stored.digest) return found;
    throw this.#fail(
      new Failure(
        "image-layer-digest",
        `layer ${index} is not what its digest says: ${found}, not ${stored.digest}`,
        "copy the image anew; it was damaged or changed",
      ),
    );
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#iterator.return?.();
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    this.options.signal?.throwIfAborted();
    const { index, stored } = this.layer;
    const result = await this.#iterator.next().catch((error: unknown) => {
      throw this.#fail(error);
    });
    if (result.done) {
      this.#ended = true;
      return undefined;
    }
    this.#read += result.value.length;
    if (this.#read > stored.size)
      throw this.#fail(wrongSize(index, stored.size, "more"));
    this.#hash.update(result.value);
    this.options.progress?.(result.value.length);
    return result.value;
  }

  #fail(error: unknown): unknown {
    this.error = error;
    return error;
  }
}

const digestOf = (hash: Bun.CryptoHasher): Digest => `sha256:${hash.digest("hex")}`;

const wrongSize = (index: number, told: number, found: string) =>
  new Failure(
    "image-layer-size",
    `layer ${index} has ${found} bytes where its descriptor says ${told}`,
    "copy the image anew; a part of it is lost, or it was changed",
  );

const wrongDiffId = ({ index, diffId }: Layer, found: Digest) =>
  new Failure(
    "image-layer-diff-id",
    `layer ${index} is not what the configuration says: ${found} instead of ${diffId}`,
    "build the image anew; its configuration and its layers do not belong together",
  );
