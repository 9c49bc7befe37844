/** Files that every user may read, and the directories to them, whatever the umask. */

import { makeDirectory } from "./files.ts";
import { checked, commonLibc, errorNumber, SystemError } from "./libc.ts";
import { parentOf } from "./paths.ts";

/** Makes a directory and those above it that are missing. @throws SystemError */
export function makePublicDirectory(path: string): void {
  const previous = setMask(0o022);
  try {
    makeWithParents(path);
  } finally {
    setMask(previous);
  }
}

function setMask(mask: number): number {
  const SYS_umask = 95;
  return Number(commonLibc().syscall(SYS_umask, mask, 0, 0));
}

function makeWithParents(path: string): void {
  try {
    makeDirectory(path, 0o755);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.errno === errorNumber.EEXIST) return;
    if (error.errno !== errorNumber.ENOENT || parentOf(path) === path) throw error;
    makeWithParents(parentOf(path));
    makeDirectory(path, 0o755);
  }
}

/** Lets everybody read the file, and waits until it is on disk. @throws SystemError */
export function finishReadable(descriptor: number): void {
  const SYS_fsync = 74;
  const SYS_fchmod = 91;
  const c = commonLibc();
  checked("fchmod", Number(c.syscall(SYS_fchmod, descriptor, 0o644, 0)));
  checked("fsync", Number(c.syscall(SYS_fsync, descriptor, 0, 0)));
}
