/** Files of an image source, by their names: an archive has them, or a directory. */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";

export type SourceFiles = {
  /** What the user named, for messages. */
  readonly place: string;
  /** Bytes of a file; nothing where there is none of that name. */
  readonly size: (name: string) => Promise<number | undefined>;
  /**
   * A file's bytes in pieces.
   * @param reuses whether a piece may be overwritten once the next is asked for
   */
  readonly stream: (name: string, reuses?: boolean) => AsyncIterable<Uint8Array>;
  /** The file's beginning, at most `limit` bytes. */
  readonly beginning: (name: string, limit: number) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
};

/** Bytes: more than any registry takes of a manifest, and enough for each document. */
export const documentLimit = 4 << 20;

/**
 * A whole file that must be there, and be small.
 * @throws Failure `image-blob-missing`, `image-document-invalid`
 */
export async function readDocument(
  files: SourceFiles,
  name: string,
): Promise<Uint8Array> {
  const size = await files.size(name);
  if (size === undefined) throw missing(files.place, name);
  if (size > documentLimit)
    throw new Failure(
      "image-document-invalid",
      `${printable(files.place)}: ${printable(name)} has ${size} bytes; ` +
        `no such document has more than ${documentLimit}`,
      "have the image written again by the tool that made it",
    );
  return files.beginning(name, size);
}

export function missing(place: string, name: string): Failure {
  return new Failure(
    "image-blob-missing",
    `${printable(place)}: ${printable(name)} is named there, and is not there`,
    "copy or save the image again: this copy is incomplete",
  );
}

export function unreadable(place: string, error: unknown): Failure {
  const what = error instanceof Error ? error.message : String(error);
  return new Failure(
    "image-source-unreadable",
    `${printable(place)} cannot be read: ${printable(what)}`,
    "see what the system says; the image must be readable for this user",
  );
}
