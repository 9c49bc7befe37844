/** The private directory of `--temporary`: made before the block, removed after it. */
import { makeTemporaryDirectory, removeTree } from "#system/files.ts";
import { joinPath, temporaryParent } from "#system/paths.ts";
import type { Environment } from "../contract/environment.ts";
import { Failure, type Notice } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

/** @throws Failure `temporary-failed` */
export function makeTemporary(environment: Environment): string {
  const parent = temporaryParent((name) => environment.get(name));
  try {
    return makeTemporaryDirectory(joinPath(parent.replace(/\/+$/, ""), "sidecar-"));
  } catch (error) {
    throw new Failure(
      "temporary-failed",
      `--temporary: no directory can be made in ${printable(parent)}: ` +
        (error as Error).message,
      "let TMPDIR name a directory this user may write to, " +
        `or make ${printable(parent)} one`,
    );
  }
}

/** Removes a directory and all in it. @returns what to say if something is left */
export function removeTemporary(directory: string): Notice | undefined {
  if (removeTree(directory)) return undefined;
  return {
    level: "warning",
    code: "temporary-left",
    message: `the directory ${printable(directory)} could not be removed as a whole`,
    hint: "remove it by hand; something in it belongs to another user or is in use",
  };
}
