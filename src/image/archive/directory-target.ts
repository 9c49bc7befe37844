/** A directory, whole under its name or not there at all. */
import { chmodSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { closeDescriptor, writeAll } from "#system/descriptors.ts";
import { parentOf } from "#system/paths.ts";
import { createNamed, finishFile, flushDirectory } from "#system/staging.ts";
import { hiddenName } from "../../system/hidden.ts";
import { type Sink, type Target, temporaryPrefix } from "./target.ts";

/** @param mode of files; who may read them may enter the directories */
export function directoryTarget(path: string, mode: number): Target {
  const temporary = join(parentOf(path), hiddenName(temporaryPrefix));
  const directories = new Set<string>([temporary]);
  mkdirSync(temporary, { mode: 0o700 });

  function begin(): Sink {
    const unfinished = join(temporary, hiddenName("."));
    const descriptor = createNamed(unfinished);
    return {
      write: (piece) => writeAll(descriptor, piece),
      discard: () => closeDescriptor(descriptor),
      finish: (name) => {
        finishFile(descriptor, mode);
        closeDescriptor(descriptor);
        const file = join(temporary, name);
        for (let at = parentOf(file); !directories.has(at); at = parentOf(at)) {
          mkdirSync(at, { recursive: true });
          directories.add(at);
        }
        renameSync(unfinished, file);
      },
    };
  }

  function finish(): void {
    const search = mode | ((mode & 0o444) >> 2);
    for (const directory of directories) {
      flushDirectory(directory);
      chmodSync(directory, search);
    }
    renameSync(temporary, path);
    flushDirectory(parentOf(path));
  }
  const abandon = () => rmSync(temporary, { recursive: true, force: true });
  return { begin, finish, abandon };
}
