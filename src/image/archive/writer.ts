/** Writes the files of an image; each blob once, and only if it is what it should be. */
import { createHash } from "node:crypto";
import { SystemError } from "#system/errors.ts";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Digest } from "../model.ts";
import { digestOf, mismatch } from "../source/digest.ts";
import { blobName } from "../source/oci-layout.ts";
import type { Target } from "./target.ts";

export type Written = { readonly digest: Digest; readonly size: number };

/** What is known of a blob before it is written. */
export type Expected = { readonly size: number; readonly digest?: Digest | undefined };

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export type ImageWriter = {
  /** Writes a file of the layout itself. */
  readonly file: (name: string, bytes: Uint8Array) => void;
  readonly blob: (bytes: Uint8Array) => Written;
  /** @throws Failure `image-digest-mismatch` */
  readonly stream: (pieces: Pieces, expected: Expected) => Promise<Written>;
  /**
   * Writes what passes through on its way to somebody who verifies it. A digest that is
   * known is believed. Nothing is written unless all of it passes.
   */
  readonly pass: (
    pieces: AsyncIterable<Uint8Array>,
    expected: Expected,
    written: (blob: Written) => void,
  ) => AsyncIterable<Uint8Array>;
};

/**
 * Makes an image of what `fill` writes.
 * @param path for messages
 * @param open makes the target, which may fail already
 * @throws Failure `image-output-unwritable`, and what `fill` throws; nothing is left then
 */
export async function writeImage<T>(
  path: string,
  open: () => Target,
  fill: (writer: ImageWriter) => Promise<T>,
): Promise<T> {
  let target: Target | undefined;
  try {
    target = open();
    const filled = await fill(writerTo(target));
    target.finish();
    return filled;
  } catch (error) {
    target?.abandon();
    throw isSystems(error) ? unwritable(path, error) : error;
  }
}

function writerTo(target: Target): ImageWriter {
  const blobs = new Set<Digest>();
  const file = (name: string, bytes: Uint8Array) => {
    const sink = target.begin(bytes.length);
    sink.write(bytes);
    sink.finish(name);
  };
  const blob = (bytes: Uint8Array): Written => {
    const digest = digestOf(bytes);
    if (!blobs.has(digest)) file(blobName(digest), bytes);
    blobs.add(digest);
    return { digest, size: bytes.length };
  };
  async function* pass(
    pieces: Pieces,
    { size, digest: known }: Expected,
    written: (blob: Written) => void,
    believed: boolean,
  ): AsyncGenerator<Uint8Array> {
    const sink = target.begin(size);
    let isDone = false;
    try {
      const hash = known !== undefined && believed ? undefined : createHash("sha256");
      let length = 0;
      for await (const piece of pieces) {
        length += piece.length;
        if (length > size) throw mismatch(`${known}`, `${size} bytes`, "more");
        hash?.update(piece);
        sink.write(piece);
        yield piece;
      }
      const digest: Digest = hash ? `sha256:${hash.digest("hex")}` : known!;
      if (length !== size) throw mismatch(digest, `${size} bytes`, `${length} bytes`);
      if (known !== undefined && digest !== known)
        throw mismatch(known, "that digest", digest);
      sink.finish(blobName(digest));
      isDone = true;
      written({ digest, size });
    } finally {
      if (!isDone) sink.discard();
    }
  }
  const stream: ImageWriter["stream"] = async (pieces, { size, digest }) => {
    if (digest && blobs.has(digest)) return { digest, size };
    let blob: Written | undefined;
    const note = (written: Written) => {
      blob = written;
    };
    for await (const _ of pass(pieces, { size, digest }, note, false));
    blobs.add(blob!.digest);
    return blob!;
  };
  return {
    file,
    blob,
    stream,
    pass: (pieces, expected, written) => {
      if (expected.digest && blobs.has(expected.digest)) return pieces;
      if (expected.digest) blobs.add(expected.digest);
      return pass(pieces, expected, written, true);
    },
  };
}

/** What the system says of a file: our own calls tell it in one way, Node's in another. */
function isSystems(error: unknown): error is Error {
  return error instanceof SystemError || (error instanceof Error && "syscall" in error);
}

function unwritable(path: string, { message }: Error): Failure {
  return new Failure(
    "image-output-unwritable",
    `${printable(path)} cannot be written: ${printable(message)}`,
    "name a place with room where this user may write; nothing was changed",
  );
}
