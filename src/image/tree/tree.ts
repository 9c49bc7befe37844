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

/** What the kernel would make of an executable file, by its first bytes. */
export type Program =
  /** `line`: what follows `#!` in the first line, at most 255 bytes; a `\r` is kept. */
  | { readonly kind: "script"; readonly line: string }
  | {
      readonly kind: "elf";
      readonly bits: 32 | 64;
      /** `e_machine`: 62 is x86-64, 183 aarch64. */
      readonly machine: number;
      /** Of PT_INTERP; nothing where it is linked statically, or where it is not told. */
      readonly interpreter?: string;
      /** That it has one which is in no place where the pass could read it. */
      readonly interpreterUnread?: true;
    }
  | { readonly kind: "other" };

/** That a layer can be understood in two ways, or that loaders would refuse it. */
export type LayerProblem = {
  readonly kind: /** Two entries of one layer are one path: `a` and `./a`. The last one counts here. */
    | "duplicate-entry"
    /** A layer has an entry and a whiteout of the same path. The entry counts here. */
    | "whiteout-and-entry"
    /** The layer itself makes something above the entry a file or a symbolic link. */
    | "entry-below-non-directory"
    /** A hard link to a file that is not there; no file comes of it. */
    | "hard-link-missing"
    /** A hard link to a directory; no file comes of it. */
    | "hard-link-to-directory"
    /** Its parent is a file or a link in a loop, or too long a path; no file comes of it. */
    | "parent-unusable";
  /** Of the entry, as `TreeNode.path` has it. */
  readonly path: string;
  readonly layer: Layer;
  /** Where a hard link leads, or at which path it became unusable. */
  readonly target?: string;
};

/**
 * Nodes that are looked for among all: by the last component of their paths, or files with
 * set-user-ID, set-group-ID or capabilities. Of half a million the others cost nothing.
 */
export type Selection = { readonly name: string } | "privileged";

export type Tree = {
  /** Follows symbolic links, the last one included unless `keepLast`. */
  readonly resolve: (path: string, keepLast?: boolean) => Resolution;
  readonly children: (directory: TreeNode) => Iterable<TreeNode>;
  /** Every node once, or each that is selected; parents first, then by their names. */
  readonly nodes: (selection?: Selection) => Iterable<TreeNode>;
  /** Of a regular file with an executable bit; known without reading anything again. */
  readonly program: (file: TreeNode) => Program | undefined;
  /** Whether two nodes are one file by hard links. */
  readonly same: (one: TreeNode, other: TreeNode) => boolean;
  /**
   * The beginning of a file's content, at most `limit` bytes. What was not `Wanted` has to
   * be read again, a layer from its beginning; calls made at once (`Promise.all`) share
   * one reading of each layer.
   */
  readonly content: (file: TreeNode, limit: number) => Promise<Uint8Array>;
};
