/** A tar archive, whole under its name or not there at all. */
import { seek } from "#system/copy.ts";
import { closeDescriptor, writeAll } from "#system/descriptors.ts";
import { removeFile, renameFile } from "#system/files.ts";
import { joinPath, parentOf } from "#system/paths.ts";
import {
  createNamed,
  createUnnamed,
  finishFile,
  flushDirectory,
  giveName,
} from "#system/staging.ts";
import { hiddenName, removeLeftovers } from "../../system/hidden.ts";
import { blockSize, padding, plainMember, tarEnd, tarHeader } from "./tar-header.ts";
import { type Sink, type Target, temporaryPrefix } from "./target.ts";

/** @throws SystemError */
export function archiveTarget(path: string, mode: number): Target {
  const directory = parentOf(path);
  removeLeftovers(directory, temporaryPrefix);
  const temporary = joinPath(directory, hiddenName(temporaryPrefix));
  let isNamed = false;
  // Nothing is left of a file without a name, even if this process is killed.
  const descriptor = unnamed(directory, temporary) ?? named();
  let end = 0;

  function named(): number {
    isNamed = true;
    return createNamed(temporary);
  }

  function write(bytes: Uint8Array, offset: number): void {
    seek(descriptor, offset);
    writeAll(descriptor, bytes);
  }

  /** The header is written last: only then is the name known. */
  function begin(size: number): Sink {
    const start = end;
    let at = start + blockSize;
    const filled = padding(size);
    end = at + size + filled.length;
    return {
      write: (piece) => {
        write(piece, at);
        at += piece.length;
      },
      finish: (name) => {
        write(filled, at);
        write(tarHeader(plainMember(name, size)), start);
      },
      discard: () => {},
    };
  }

  function finish(): void {
    write(tarEnd, end);
    finishFile(descriptor, mode);
    if (!isNamed) isNamed = giveName(descriptor, temporary);
    renameFile(temporary, path);
    isNamed = false;
    flushDirectory(directory);
    closeDescriptor(descriptor);
  }

  function abandon(): void {
    closeDescriptor(descriptor);
    if (isNamed) removeFile(temporary);
  }
  return { begin, finish, abandon };
}

/** Only where it can be named later; that this takes /proc is known when it is tried. */
function unnamed(directory: string, temporary: string): number | undefined {
  const trial = createUnnamed(directory);
  if (trial === undefined) return undefined;
  const canBeNamed = giveName(trial, temporary);
  closeDescriptor(trial);
  if (!canBeNamed) return undefined;
  removeFile(temporary);
  return createUnnamed(directory);
}
