/** The frozen activation of a runenv in an image, and what a block would get by it. */
import { firstUser } from "../../contract/everybody.ts";
import {
  frozenChanges,
  frozenDirectory,
  needsShell,
} from "../../contract/frozen-changes.ts";
import { fingerprint, parseFrozen } from "../../contract/frozen-format.ts";
import { defaultHome } from "../../contract/places.ts";
import { runenvVariable } from "../../contract/runenv-variables.ts";
import { printable } from "../../system/text.ts";
import type { Resolution, Tree, TreeNode } from "../tree/tree.ts";

type Variables = ReadonlyMap<string, string>;
type Content = (file: TreeNode) => Uint8Array | undefined;

export type ImageFrozen = {
  readonly path: string;
  readonly way: Resolution;
  /** Why every block is refused, in words. */
  readonly problem?: string;
  /** The file that the problem is about, where it is another one. */
  readonly node?: TreeNode;
  /** What it makes of PATH, where there is no problem. */
  readonly variable?: string;
};

/** Where sidecar looks for it; nothing where it does not. */
export function frozenPlace(
  name: string,
  activate: string,
  variables: Variables,
): string | undefined {
  if (!needsShell(activate)) return undefined;
  const path = variables.get(runenvVariable(name, "FROZEN"));
  return path === undefined ? `${frozenDirectory}/${name}` : path || undefined;
}

/** The files that it watches. */
export function watchedFiles(content: Uint8Array): string[] {
  const frozen = parseFrozen(content);
  if (typeof frozen === "string") return [];
  return frozen.lines.filter(({ word }) => word === "file").map(({ name }) => name);
}

/** @returns nothing where the activation is not frozen, and need not be */
export function readFrozen(
  name: string,
  activate: string,
  variables: Variables,
  tree: Tree,
  content: Content,
): ImageFrozen | undefined {
  const path = frozenPlace(name, activate, variables);
  if (path === undefined) return undefined;
  const way = tree.resolve(path);
  const isNamed = variables.has(runenvVariable(name, "FROZEN"));
  if (way.kind !== "found")
    return isNamed ? { path, way, problem: "it does not exist" } : undefined;
  const bytes = content(way.node);
  if (bytes === undefined) return { path, way, problem: "it is no file" };
  const frozen = parseFrozen(bytes);
  if (typeof frozen === "string") return { path, way, problem: frozen };
  if (frozen.runenv !== name)
    return { path, way, problem: `it is of the runenv ${printable(frozen.runenv)}` };
  if (frozen.activate !== activate)
    return { path, way, problem: `${runenvVariable(name, "ACTIVATE")} is another` };
  let node: TreeNode | undefined;
  const changes = frozenChanges(frozen, lookupIn(variables), (file, digest) => {
    const found = tree.resolve(file);
    if (found.kind !== "found") return `${printable(file)} is not there`;
    const watched = content(found.node);
    // One that is too large to be kept is taken for what it was.
    const isSame =
      found.node.size > (watched?.length ?? 0) ||
      (watched !== undefined && fingerprint(watched) === digest);
    if (isSame) return undefined;
    node = found.node;
    return `${printable(file)} has changed`;
  });
  if (typeof changes === "string")
    return { path, way, problem: changes, ...(node ? { node } : {}) };
  const variable = "PATH" in changes ? changes["PATH"] : variables.get("PATH");
  return { path, way, ...(variable === undefined ? {} : { variable }) };
}

/** What a block finds: the image's variables, and those of who it is. */
export function lookupIn(variables: Variables): (name: string) => string | undefined {
  const user = `user${firstUser}`;
  const own = new Map([
    ["HOME", defaultHome],
    ["USER", user],
    ["LOGNAME", user],
  ]);
  return (name) => own.get(name) ?? variables.get(name);
}
