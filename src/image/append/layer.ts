/** A layer as a tar archive: the same bytes for the same members. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { padding, type TarMember, tarEnd, tarHeader } from "../archive/tar-header.ts";
import type { Digest } from "../model.ts";

/** Content that is too large to be held: it can be read again and again. */
export type Content = {
  /** Bytes. */
  readonly size: number;
  readonly pieces: () => Iterable<Uint8Array>;
};

export type LayerMember = {
  /** Absolute. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nothing for a directory. */
  readonly content?: Content;
};

/** Bytes; what gzip makes of the same input depends on how it is given. */
const pieceSize = 1 << 20;

export function contentOf(bytes: Uint8Array): Content {
  return { size: bytes.length, pieces: () => [bytes] };
}

/** The archive in pieces of one size, which are valid until the next is asked for. */
function* archived(members: readonly LayerMember[]): Generator<Uint8Array> {
  const buffer = Buffer.alloc(pieceSize);
  let filled = 0;
  for (const part of parts(members))
    for (let at = 0; at < part.length; ) {
      const length = Math.min(part.length - at, pieceSize - filled);
      buffer.set(part.subarray(at, at + length), filled);
      filled += length;
      at += length;
      if (filled === pieceSize) {
        yield buffer;
        filled = 0;
      }
    }
  if (filled > 0) yield buffer.subarray(0, filled);
}

function* parts(members: readonly LayerMember[]): Generator<Uint8Array> {
  for (const member of members.toSorted(byPath)) {
    yield tarHeader(memberOf(member));
    if (!member.content) continue;
    yield* member.content.pieces();
    yield padding(member.content.size);
  }
  yield tarEnd;
}

/** By units of code, as no locale changes; what is above comes before what is in it. */
function byPath(one: LayerMember, other: LayerMember): number {
  return one.path < other.path ? -1 : 1;
}

function memberOf({ path, mode, uid, gid, content }: LayerMember): TarMember {
  const name = path.slice(1);
  return content
    ? { name, type: "file", mode, uid, gid, size: content.size }
    : { name: `${name}/`, type: "directory", mode, uid, gid, size: 0 };
}

export function diffIdOf(members: readonly LayerMember[]): Digest {
  const hash = createHash("sha256");
  for (const piece of archived(members)) hash.update(piece);
  return `sha256:${hash.digest("hex")}`;
}

/** The layer as it is stored. */
export function compressed(members: readonly LayerMember[]): AsyncIterable<Uint8Array> {
  const gzip = createGzip({ level: 6, chunkSize: pieceSize });
  // The stream keeps pieces while the next are made, so that each is a copy.
  const source = Readable.from(
    (function* () {
      for (const piece of archived(members)) yield Buffer.from(piece);
    })(),
    { objectMode: false, highWaterMark: 2 * pieceSize },
  );
  source.on("error", (error) => gzip.destroy(error));
  return source.pipe(gzip);
}
