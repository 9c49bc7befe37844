/** Puts files in their places: all of them whole, each by one rename. */
import { Failure } from "../contract/failure.ts";
import { hiddenName, removeLeftovers } from "../system/hidden.ts";
import { closeDescriptor, writeAll } from "../system/posix/descriptors.ts";
import { SystemError } from "../system/posix/errors.ts";
import { linkStatus, readFile, removeFile, renameFile } from "../system/posix/files.ts";
import { joinPath, parentOf } from "../system/posix/paths.ts";
import { finishReadable, makePublicDirectory } from "../system/posix/publication.ts";
import { createNamed, flushDirectory, openLocked } from "../system/posix/staging.ts";
import { printable } from "../system/text.ts";

export type Planned = { readonly path: string; readonly content: Uint8Array };

const temporaryPrefix = ".sidecar-freeze-";

type Staged = Planned & { readonly temporary: string; readonly descriptor: number };

/**
 * @param goOn is called all along, and may throw: nothing is changed then
 * @throws Failure `freeze-unwritable`
 */
export function placeAll(planned: readonly Planned[], goOn: () => void): void {
  const staged: Staged[] = [];
  try {
    for (const { path, content } of planned) {
      goOn();
      if (!isInPlace(path, content)) stage({ path, content }, staged);
    }
    goOn();
    while (staged.length > 0) {
      const { temporary, path, descriptor } = staged[0]!;
      attempt(path, () => renameFile(temporary, path));
      staged.shift();
      closeDescriptor(descriptor);
      flushDirectory(parentOf(path));
    }
  } finally {
    for (const { temporary, descriptor } of staged) {
      removeFile(temporary);
      closeDescriptor(descriptor);
    }
  }
}

/** @throws Failure `freeze-unwritable` @returns whether there was one */
export function removePlaced(path: string): boolean {
  const found = linkStatus(path);
  if (found instanceof SystemError) return false;
  removeFile(path);
  if (linkStatus(path) instanceof SystemError) return true;
  throw unwritable(path, "it cannot be removed");
}

/** The same bytes, as everybody can read them, need not be written again. */
function isInPlace(path: string, content: Uint8Array): boolean {
  const found = linkStatus(path);
  if (found instanceof SystemError || found.kind !== "file" || found.mode !== 0o644)
    return false;
  const there = readFile(path);
  return !(there instanceof SystemError) && Buffer.from(there).equals(content);
}

function stage({ path, content }: Planned, staged: Staged[]): void {
  const directory = parentOf(path);
  attempt(path, () => {
    makePublicDirectory(directory);
    removeLeftovers(directory, temporaryPrefix);
    const temporary = joinPath(directory, hiddenName(temporaryPrefix));
    const copy = createNamed(temporary);
    try {
      writeAll(copy, content);
      finishReadable(copy);
      // The lock tells others that it is no leftover.
      staged.push({ path, content, temporary, descriptor: openLocked(temporary) });
    } catch (error) {
      removeFile(temporary);
      throw error;
    } finally {
      closeDescriptor(copy);
    }
  });
}

function attempt(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof SystemError) throw unwritable(path, error.message);
    throw error;
  }
}

function unwritable(path: string, why: string): Failure {
  return new Failure(
    "freeze-unwritable",
    `the frozen activation ${printable(path)} cannot be written: ${why}`,
    "run sidecar freeze as root when the image is built, or name another place in " +
      "DA__P7__RUNENV__<NAME>__FROZEN",
  );
}
