/** A copy of the running executable: whole under its name, or not there at all. */
import { copyContent, seek } from "#system/copy.ts";
import { closeDescriptor } from "#system/descriptors.ts";
import { SystemError } from "#system/errors.ts";
import { type Executable, openExecutable } from "#system/executable.ts";
import { removeFile, renameFile } from "#system/files.ts";
import { joinPath } from "#system/paths.ts";
import {
  createNamed,
  createUnnamed,
  finishedSize,
  finishFile,
  flushDirectory,
  giveName,
  openLocked,
  openPlain,
} from "#system/staging.ts";
import { Failure } from "../contract/failure.ts";
import { hiddenName, removeLeftovers } from "../system/hidden.ts";
import { type Checksum, checksum, isSame } from "./checksum.ts";
import { type Destination, resolveDestination } from "./destination.ts";
import { refusal } from "./refusal.ts";

export type Installed = Checksum & {
  readonly path: string;
  /** Whether it was there already, the same. */
  readonly unchanged: boolean;
};

/**
 * Copies the running executable to `given`; see {@link resolveDestination}.
 * @param goOn is called all along, and may throw: nothing is left then
 * @throws Failure `install-…`
 */
export function install(given: string, goOn: () => void): Installed {
  const destination = resolveDestination(given);
  const { path, directory } = destination;
  const source = runningExecutable();
  try {
    removeLeftovers(directory, temporaryPrefix);
    const wanted = checksum(source.descriptor, goOn);
    const unchanged = isInPlace(path, wanted, goOn);
    if (!unchanged) place(source.descriptor, wanted, destination, goOn);
    return { ...wanted, path, unchanged };
  } catch (error) {
    throw error instanceof SystemError ? refusal(error, path, directory) : error;
  } finally {
    closeDescriptor(source.descriptor);
  }
}

/** @throws Failure `executable-missing` */
export function runningExecutable(): Executable {
  const executable = openExecutable();
  if (executable) return executable;
  throw new Failure(
    "executable-missing",
    "the file of the running sidecar cannot be found",
    "mount /proc, or start sidecar by its full path",
  );
}

/** Whether `path` is such a file already: its bytes, and may everybody start it. */
function isInPlace(path: string, wanted: Checksum, goOn: () => void): boolean {
  if (finishedSize(path) !== wanted.bytes) return false;
  const descriptor = openPlain(path);
  if (descriptor instanceof SystemError) return false;
  try {
    return isSame(checksum(descriptor, goOn), wanted);
  } finally {
    closeDescriptor(descriptor);
  }
}

/** Makes the copy without a name if that can be, else with a temporary one. */
function place(
  source: number,
  wanted: Checksum,
  { path, directory }: Destination,
  goOn: () => void,
): void {
  const temporary = joinPath(directory, hiddenName(temporaryPrefix));
  let isNamed = false;
  let copy = createUnnamed(directory);
  try {
    if (copy !== undefined) {
      fill(copy, source, wanted, goOn);
      isNamed = giveName(copy, temporary);
    }
    if (copy !== undefined && !isNamed) {
      closeDescriptor(copy);
      copy = undefined;
    }
    if (copy === undefined) {
      copy = createNamed(temporary);
      isNamed = true;
      fill(copy, source, wanted, goOn);
    }
    const held = openLocked(temporary);
    // What is open for writing could not be started: ETXTBSY.
    closeDescriptor(copy);
    copy = held;
    goOn();
    renameFile(temporary, path);
    isNamed = false;
    flushDirectory(directory);
  } finally {
    if (isNamed) removeFile(temporary);
    if (copy !== undefined) closeDescriptor(copy);
  }
}

/** @throws Failure `install-checksum` where what can be read is not what was written */
function fill(copy: number, source: number, wanted: Checksum, goOn: () => void): void {
  seek(source, 0);
  copyContent(source, copy, wanted.bytes, goOn);
  // Everybody may start it.
  finishFile(copy, 0o755);
  if (isSame(checksum(copy, goOn), wanted)) return;
  throw new Failure(
    "install-checksum",
    "what was written reads back as something else, so that it was removed",
    "the file system or its disk is damaged: use another, and have it checked",
  );
}

const temporaryPrefix = ".sidecar-install-";
