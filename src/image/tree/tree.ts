/**
 * The files of an image, as a container would see them: all layers merged by the
 * specification (image-spec, layer.md).
 *
 * Paths are absolute, without `.`, `..` or a slash at their end; names that are no valid
 * UTF-8 are kept as system/text.ts has it.
 */
import type { Layer } from "../model.ts";

export type NodeType =
  | "file"
  | "directory"
  | "symlink"
  | "character-device"
  | "block-device"
  | "fifo";

export type TreeNode = {
  readonly path: string;
  readonly type: NodeType;
  /** Permission bits with set-user-ID, set-group-ID and sticky: 0…0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a file. */
  readonly size: number;
  /** Where a symbolic link leads, as it is written. */
  readonly target?: string;
  /** Of `security.capability`, as the kernel stores it (capabilities(7)). */
  readonly capabilities?: Uint8Array;
  /** The layer that its attributes come from; nothing for a directory in no layer. */
  readonly layer?: Layer;
};

/** A way through the tree, as the kernel would go it (path_resolution(7)). */
export type Resolution = {
  /** Every directory, symbolic link and file on the way, `/` first. */
  readonly steps: readonly TreeNode[];
} & (
  | { readonly kind: "found"; readonly node: TreeNode }
  /** `path`: what is missing, no directory, or the link at which 40 links were passed. */
  | { readonly kind: "missing" | "not-directory" | "loop"; readonly path: string }
);

export type Tree = {
  /** Follows symbolic links, the last one included unless `keepLast`. */
  readonly resolve: (path: string, keepLast?: boolean) => Resolution;
  readonly children: (directory: TreeNode) => Iterable<TreeNode>;
  /** Every node once, parents first. */
  readonly nodes: () => Iterable<TreeNode>;
  /**
   * The beginning of a file's content, at most `limit` bytes. It may have to read a layer
   * again.
   */
  readonly content: (file: TreeNode, limit: number) => Promise<Uint8Array>;
};
