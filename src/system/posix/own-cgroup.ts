/** A cgroup for one process and all that it starts (cgroups(7), version 2). */
import { ptr } from "../foreign.ts";
import { encodeTerminated } from "../text.ts";
import { makeDirectory, mayAccess } from "./files.ts";
import { commonLibc, errorNumber, SystemError } from "./libc.ts";

const SYS_rmdir = 84;
const mostTries = 100;

/**
 * Makes a cgroup below the one whose directory is `parent`.
 * @returns its directory
 * @throws SystemError; of the call `cgroup.kill` where that file cannot be written, as
 * in a cgroup of version 1, with a kernel before 5.14, and in what is no cgroup at all
 */
export function makeCgroup(parent: string): string {
  const directory = makeUnused(`${parent.replace(/\/+$/, "")}/sidecar-${process.pid}`);
  if (mayAccess(`${directory}/cgroup.kill`, "write")) return directory;
  removeCgroup(directory);
  throw new SystemError("cgroup.kill", errorNumber.ENOENT);
}

/**
 * Sidecars of several PID namespaces may have the same number, and share the parent.
 */
function makeUnused(path: string): string {
  for (let number = 0; ; number += 1) {
    const directory = number === 0 ? path : `${path}-${number}`;
    try {
      makeDirectory(directory, 0o755);
      return directory;
    } catch (error) {
      const isTaken = (error as SystemError).errno === errorNumber.EEXIST;
      if (!isTaken || number === mostTries) throw error;
    }
  }
}

/** Removes a cgroup in which nobody is left. */
export function removeCgroup(directory: string): void {
  const path = encodeTerminated(directory);
  commonLibc().syscall(SYS_rmdir, ptr(path), 0, 0);
}
