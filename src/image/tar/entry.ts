/** What the scanner tells of a member of an archive, and to whom. */

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
  /** No component of it is `..`. */
  readonly name: Uint8Array;
  /** Where a link leads; empty otherwise. Of a hard link no component is `..`. */
  readonly target: Uint8Array;
  /** Permission bits: 0…0o7777. */
  readonly mode: number;
  /** 0…2³²-1, as is `gid`. */
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the content that follows; 0 of all but files. */
  readonly size: number;
  /** Seconds since 1970, maybe with a fraction. */
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
