/**
 * Where the files of the new layer go. Every directory above them is in the layer too,
 * with the attributes that it has already: what a layer leaves out some engines make
 * anew (0755, root), and what it has they take over. Links are followed, since a
 * directory in the place of a link would replace it: /bin → usr/bin would be no more.
 */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Tree, TreeNode } from "../tree/tree.ts";

/** A directory of the layer. */
export type LayerDirectory = {
  /** Absolute, without a link in it. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
};

export type Place = {
  /** All directories on the way, the topmost first; not `/` itself. */
  readonly directories: readonly LayerDirectory[];
  /** Of the directory, absolute, without a link in it. */
  readonly path: string;
};

/**
 * The directory `path` as it is in the image; what is missing of it is 0755 of root's.
 * @throws Failure `image-path-conflict`: there is something else
 */
export function placeOf(path: string, tree: Tree): Place {
  const directories: LayerDirectory[] = [];
  let real = "";
  for (const name of path.split("/").filter((part) => part !== "")) {
    const wanted = `${real}/${name}`;
    const found = tree.resolve(wanted);
    if (found.kind === "found") {
      if (found.node.type !== "directory") throw conflict(wanted, found.node.type);
      real = found.node.path === "/" ? "" : found.node.path;
    } else if (tree.resolve(wanted, true).kind === "found")
      throw conflict(wanted, "link that leads nowhere");
    else real = wanted;
  }
  let above = "";
  for (const name of real.split("/").filter((part) => part !== "")) {
    above += `/${name}`;
    const found = tree.resolve(above, true);
    const { mode, uid, gid } =
      found.kind === "found" ? found.node : { mode: 0o755, uid: 0, gid: 0 };
    directories.push({ path: above, mode, uid, gid });
  }
  return { directories, path: real === "" ? "/" : real };
}

/**
 * The file that `path` leads to, as it is in the image.
 * @returns nothing where there is none
 * @throws Failure `image-path-conflict`
 */
export function fileAt(path: string, tree: Tree): TreeNode | undefined {
  const found = tree.resolve(path);
  if (found.kind === "found") {
    if (found.node.type === "file") return found.node;
    throw conflict(path, found.node.type);
  }
  if (tree.resolve(path, true).kind !== "found") return undefined;
  throw conflict(path, "link that leads nowhere");
}

/** @param what is there: "symlink", "directory" */
export function conflict(path: string, what: string): Failure {
  return new Failure(
    "image-path-conflict",
    `${printable(path)} of this image is a ${what}, and in the way of the new layer`,
    "mend this in the image's Dockerfile; sidecar does not replace it",
  );
}
