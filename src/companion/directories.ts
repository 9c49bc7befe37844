/**
 * Directories that must be there: storage and `--cwd`.
 *
 * On network file systems a directory that another machine has just made may not be
 * visible yet. Listing its parent makes the client ask the server again; so that is
 * done, for ten seconds, before sidecar gives up.
 */

import { thisUser } from "#companion/identity.ts";
import { errorNumber, SystemError } from "#system/errors.ts";
import {
  type FileStatus,
  listDirectory,
  mayAccess,
  status as pathStatus,
} from "#system/files.ts";
import { absoluteForm, isAbsolute, parentOf } from "#system/paths.ts";
import { type Environment, shownValue } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

const visibilityLimit = 10_000;
const firstPause = 50;
const longestPause = 500;
export const storagePrefix = "DA__P7__PCLUSTER__STORAGE__";

/** Sleeps for so many milliseconds; throws when sidecar is told to end meanwhile. */
export type Pause = (milliseconds: number) => void;

export type Storage = { readonly variable: string; readonly path: string };

/** The storage paths that the environment names, each checked for its form. */
export function storagePaths(environment: Environment): Storage[] {
  const found: Storage[] = [];
  for (const variable of environment.names(storagePrefix)) {
    const path = environment.get(variable)!;
    if (!isAbsolute(path))
      throw new Failure(
        "storage-not-absolute",
        `${printable(variable)}=${shownValue(variable, path)} is not an absolute path`,
        `pCluster sets this variable to where the folder is mounted, ${absoluteForm}`,
      );
    found.push({ variable, path });
  }
  return found;
}

/** @throws Failure `storage-missing`, `storage-forbidden` */
export function checkStorage(storage: readonly Storage[], pause: Pause): void {
  for (const { variable, path } of storage)
    requireDirectory(path, pause, {
      name: `${printable(variable)}: ${shownValue(variable, path)}`,
      missing: "storage-missing",
      forbidden: "storage-forbidden",
      hint: "whoever prepares this machine mounts the storage here",
    });
}

/** @throws Failure `directory-missing`, `directory-forbidden` */
export function checkDirectory(path: string, pause: Pause): void {
  requireDirectory(path, pause, {
    name: `--cwd: ${printable(path)}`,
    missing: "directory-missing",
    forbidden: "directory-forbidden",
    hint: "make the directory before the task is started, or name another one",
  });
}

type Words = {
  readonly name: string;
  readonly missing: "storage-missing" | "directory-missing";
  readonly forbidden: "storage-forbidden" | "directory-forbidden";
  readonly hint: string;
};

function requireDirectory(path: string, pause: Pause, words: Words): void {
  const found = awaitPath(path, pause);
  const { name } = words;
  if (found instanceof SystemError) {
    const waited = mayAppear(found) ? ", also not after ten seconds" : "";
    const code = found.errno === errorNumber.EACCES ? words.forbidden : words.missing;
    throw new Failure(code, `${name}: ${found.message}${waited}`, words.hint);
  }
  if (found.kind !== "directory")
    throw new Failure(
      words.missing,
      `${name} is a ${found.kind}, not a directory`,
      words.hint,
    );
  if (!mayAccess(path, "execute"))
    throw new Failure(
      words.forbidden,
      `${name} cannot be entered by ${thisUser()}`,
      "give this user the right to enter it (x), and to read and write as needed",
    );
}

function awaitPath(path: string, pause: Pause): FileStatus | SystemError {
  const deadline = performance.now() + visibilityLimit;
  for (let length = firstPause; ; length = Math.min(length * 2, longestPause)) {
    const found = pathStatus(path);
    if (!(found instanceof SystemError) || !mayAppear(found)) return found;
    const left = deadline - performance.now();
    if (left <= 0) return found;
    listParent(path);
    pause(Math.min(length, left));
  }
}

function mayAppear(error: SystemError): boolean {
  return error.errno === errorNumber.ENOENT || error.errno === errorNumber.ESTALE;
}

/** Lists the nearest parent that is there: that is what makes an NFS client look. */
function listParent(path: string): void {
  for (let parent = parentOf(path); ; parent = parentOf(parent)) {
    if (listDirectory(parent) || parentOf(parent) === parent) return;
  }
}
