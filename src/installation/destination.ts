/** Where a copy goes: what DEST on the command line means. */

import { errorNumber, SystemError } from "#system/errors.ts";
import { executableName } from "#system/executable.ts";
import { linkStatus, status } from "#system/files.ts";
import { endsAsDirectory, joinPath, parentOf, withoutEnd } from "#system/paths.ts";
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";
import { refusal } from "./refusal.ts";

export type Destination = { readonly path: string; readonly directory: string };

/**
 * The file that DEST means: itself, or `sidecar` in it where it is a directory or ends
 * with a slash. A symbolic link to a directory is that directory; any other is replaced
 * itself, and what it names is left alone: who plants a link in a volume must not be
 * able to have a file elsewhere overwritten.
 * @throws Failure `install-…`
 */
export function resolveDestination(given: string): Destination {
  const found = status(given);
  const isDirectory = !(found instanceof SystemError) && found.kind === "directory";
  const inside = isDirectory || endsAsDirectory(given);
  const path = inside ? joinPath(withoutEnd(given), executableName) : given;
  const directory = parentOf(path);
  requireDirectory(directory);
  requireReplaceable(path);
  return { path, directory };
}

function requireDirectory(directory: string): void {
  const found = status(directory);
  if (found instanceof SystemError) throw refusal(found, directory, directory);
  if (found.kind !== "directory")
    throw refusal(new SystemError("stat", errorNumber.ENOTDIR), directory, directory);
}

function requireReplaceable(path: string): void {
  const found = linkStatus(path);
  if (found instanceof SystemError) {
    if (found.errno === errorNumber.ENOENT) return;
    throw refusal(found, path, parentOf(path));
  }
  if (found.kind === "file" || found.kind === "symbolic link") return;
  throw new Failure(
    "install-destination-invalid",
    `${printable(path)} is a ${found.kind}, which is not replaced by a file`,
    "name a file, or a directory in which the name sidecar is free",
  );
}
