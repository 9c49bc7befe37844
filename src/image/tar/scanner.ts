/** Reads tar archives strictly: what other readers might take otherwise is refused. */

export type TarType =
  | "file"
  | "hard-link"
  | "symlink"
  | "character-device"
  | "block-device"
  | "directory"
  | "fifo";

/** One member. Names are bytes as they stand in the archive, without NUL. */
export type TarEntry = {
  readonly type: TarType;
  readonly name: Uint8Array;
  /** Where a link leads; empty otherwise. */
  readonly target: Uint8Array;
  /** Permission bits: 0…0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the content that follows. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** The value of `SCHILY.xattr.security.capability`. */
  readonly capabilities?: Uint8Array;
  /** Where its first header begins, and where its content begins: bytes. */
  readonly offset: number;
  readonly contentOffset: number;
};

export type TarHandler = {
  readonly entry: (entry: TarEntry) => void;
  /** A piece of the content of the last entry; not valid after the call. */
  readonly content: (piece: Uint8Array) => void;
};

/**
 * A state machine that is pushed: it holds at most one extended header (1 MiB).
 *
 *     const scanner = new TarScanner(handler, "layer 3");
 *     for (…) scanner.write(piece);
 *     scanner.end();
 */
export declare class TarScanner {
  /** @param place what the archive is, for messages: `layer 3`, `image.tar` */
  constructor(handler: TarHandler, place: string);
  /** @throws Failure `image-tar-…`, with the place and the offset in bytes */
  write(piece: Uint8Array): void;
  /** Bytes of content that come next; whoever can seek may leave them out. */
  get skippable(): number;
  /** Says that the next `count` bytes, at most `skippable`, are left out. */
  skip(count: number): void;
  /** @throws Failure where the archive is cut off */
  end(): void;
}
