/**
 * A layer as a tar archive and as it is stored: the same bytes for the same members.
 *
 * Its gzip stream is put together from parts that know nothing of each other, each
 * closed on a byte's boundary (RFC 1951, an empty stored block): so the large content,
 * which is always the same, is compressed while the image is still being read.
 */
import { createHash } from "node:crypto";
import { constants, crc32, deflateRawSync } from "node:zlib";
import { padding, type TarMember, tarEnd, tarHeader } from "../archive/tar-header.ts";
import type { Digest } from "../model.ts";

/** What can be read again and again, a piece at a time. */
export type Content = {
  /** Bytes. */
  readonly size: number;
  /** Each piece is valid until the next is asked for. */
  readonly pieces: () => Iterable<Uint8Array>;
};

export type LayerMember = {
  /** Absolute. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Nothing for a directory; what is large is no array. */
  readonly content?: Uint8Array | Content;
};

/** What a layer is without compression. */
export type Measured = {
  readonly diffId: Digest;
  readonly size: number;
  readonly checksum: number;
};

export const compressionLevel = 6;

export function measure(members: readonly LayerMember[]): Measured {
  const hash = createHash("sha256");
  let checksum = 0;
  let size = 0;
  for (const part of partsOf(members))
    for (const piece of part instanceof Uint8Array ? [part] : part.pieces()) {
      hash.update(piece);
      checksum = crc32(piece, checksum);
      size += piece.length;
    }
  return { diffId: `sha256:${hash.digest("hex")}`, size, checksum };
}

/**
 * The layer as it is stored.
 * @param compressed gives what a large content is, as raw deflate that does not end
 */
export function gzipped(
  members: readonly LayerMember[],
  measured: Measured,
  compressed: (content: Content) => Content,
): Content {
  const parts: Content[] = [whole(gzipHeader)];
  let small: Uint8Array[] = [];
  for (const part of partsOf(members))
    if (part instanceof Uint8Array) small.push(part);
    else {
      parts.push(whole(deflate(small, constants.Z_SYNC_FLUSH)), compressed(part));
      small = [];
    }
  parts.push(whole(deflate(small, constants.Z_FINISH)), whole(gzipTrailer(measured)));
  return {
    size: parts.reduce((sum, part) => sum + part.size, 0),
    pieces: function* () {
      for (const part of parts) yield* part.pieces();
    },
  };
}

function* partsOf(members: readonly LayerMember[]): Generator<Uint8Array | Content> {
  for (const member of members.toSorted(byPath)) {
    yield tarHeader(tarMemberOf(member));
    if (!member.content) continue;
    yield member.content;
    yield padding(sizeOf(member.content));
  }
  yield tarEnd;
}

/** By units of code, as no locale changes; what is above comes before what is in it. */
function byPath(one: LayerMember, other: LayerMember): number {
  return one.path < other.path ? -1 : 1;
}

function tarMemberOf({ path, mode, uid, gid, content }: LayerMember): TarMember {
  const name = path.slice(1);
  return content
    ? { name, type: "file", mode, uid, gid, size: sizeOf(content) }
    : { name: `${name}/`, type: "directory", mode, uid, gid, size: 0 };
}

const sizeOf = (content: Uint8Array | Content) =>
  content instanceof Uint8Array ? content.length : content.size;

const whole = (bytes: Uint8Array): Content => ({
  size: bytes.length,
  pieces: () => [bytes],
});

function deflate(pieces: readonly Uint8Array[], finishFlush: number): Uint8Array {
  return deflateRawSync(Buffer.concat(pieces), {
    level: compressionLevel,
    finishFlush,
  });
}

/** RFC 1952: deflate, without a name or a time, made on Unix. */
const gzipHeader = Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

function gzipTrailer({ checksum, size }: Measured): Uint8Array {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return trailer;
}
