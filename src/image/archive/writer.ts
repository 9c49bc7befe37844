/** Writes the files of an image; each blob once, and only if it is what it should be. */
import { createHash } from "node:crypto";
import { SystemError } from "#system/errors.ts";
import { Failure } from "../../companion/failure.ts";
import { printable } from "../../system/text.ts";
import type { Digest } from "../model.ts";
import { digestOf, mismatch } from "../source/digest.ts";
import { blobName } from "../source/oci-layout.ts";
import type { Target } from "./target.ts";

export type Written = { readonly digest: Digest; readonly size: number };

export type ImageWriter = {
  /** Writes a file of the layout itself. */
  readonly file: (name: string, bytes: Uint8Array) => void;
  readonly blob: (bytes: Uint8Array) => Written;
  /**
   * Writes a blob whose digest is known, or becomes known at its end. One at a time.
   * @throws Failure `image-digest-mismatch`
   */
  readonly stream: (
    pieces: AsyncIterable<Uint8Array>,
    expected?: Written,
  ) => Promise<Written>;
  /** Writes a blob that somebody else has verified, or verifies meanwhile. */
  readonly copy: (pieces: AsyncIterable<Uint8Array>, known: Written) => Promise<void>;
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
    const sink = target.begin();
    sink.write(bytes);
    sink.finish(name);
  };
  const blob = (bytes: Uint8Array): Written => {
    const digest = digestOf(bytes);
    if (!blobs.has(digest)) file(blobName(digest), bytes);
    blobs.add(digest);
    return { digest, size: bytes.length };
  };
  const stream: ImageWriter["stream"] = async (pieces, expected) => {
    if (expected && blobs.has(expected.digest)) return expected;
    const sink = target.begin();
    const hash = createHash("sha256");
    let size = 0;
    for await (const piece of pieces) {
      hash.update(piece);
      sink.write(piece);
      size += piece.length;
    }
    const digest: Digest = `sha256:${hash.digest("hex")}`;
    if (expected && (digest !== expected.digest || size !== expected.size))
      throw mismatch(
        expected.digest,
        `${expected.size} bytes of that digest`,
        `${size} bytes of ${digest}`,
      );
    sink.finish(blobName(digest));
    blobs.add(digest);
    return { digest, size };
  };
  const copy: ImageWriter["copy"] = async (pieces, { digest, size }) => {
    if (blobs.has(digest)) return;
    blobs.add(digest);
    const sink = target.begin();
    let copied = 0;
    for await (const piece of pieces) {
      sink.write(piece);
      copied += piece.length;
    }
    if (copied !== size) throw mismatch(digest, `${size} bytes`, `${copied} bytes`);
    sink.finish(blobName(digest));
  };
  return { file, blob, stream, copy };
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
