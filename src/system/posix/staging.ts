/**
 * A file in the making: in its directory, but where nobody takes it for finished.
 *
 * Where the file system can (O_TMPFILE), it has no name until it is whole, so that
 * nothing is left even of a process that was killed. Elsewhere it has a temporary name
 * and is locked as long as its maker lives, so that leftovers can be told apart.
 */

import { ptr } from "../foreign.ts";
import { encodeTerminated } from "../text.ts";
import { closeDescriptor } from "./descriptors.ts";
import { descriptorStatus, linkStatus, removeFile } from "./files.ts";
import { checked, commonLibc, lastError, rareLibc, SystemError } from "./libc.ts";
import {
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDWR,
  O_TMPFILE,
} from "./open-flags.ts";
import { userIdentifier } from "./process.ts";

/** Nobody else is to start it, or to read it, before it is whole. */
const privateMode = 0o600;

/** The size of a file that everybody may start; nothing where there is none. */
export function finishedSize(path: string): number | undefined {
  const found = linkStatus(path);
  if (found instanceof SystemError) return undefined;
  return found.kind === "file" && found.mode === 0o755 ? found.size : undefined;
}

/** A file without a name; nothing where the file system or the kernel has none. */
export function createUnnamed(directory: string): number | undefined {
  const flags = O_TMPFILE | O_RDWR | O_CLOEXEC;
  const name = encodeTerminated(directory);
  const descriptor = commonLibc().open(name, flags, privateMode);
  if (descriptor < 0) return undefined;
  lock(descriptor, "shared");
  return descriptor;
}

/** A file that did not exist before, locked. @throws SystemError */
export function createNamed(path: string): number {
  const flags = O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC;
  const name = encodeTerminated(path);
  const descriptor = checked("open", commonLibc().open(name, flags, privateMode));
  lock(descriptor, "shared");
  return descriptor;
}

/**
 * Gives a file of {@link createUnnamed} a name that is free. @returns whether it did
 */
export function giveName(descriptor: number, path: string): boolean {
  const SYS_linkat = 265;
  const AT_FDCWD = -100;
  const AT_SYMLINK_FOLLOW = 0x400;
  const AT_EMPTY_PATH = 0x1000;
  const target = encodeTerminated(path);
  // The first needs /proc; the second a capability, before Linux 6.10. See open(2).
  const ways = [
    [`/proc/self/fd/${descriptor}`, AT_FDCWD, AT_SYMLINK_FOLLOW],
    ["", descriptor, AT_EMPTY_PATH],
  ] as const;
  return ways.some(([source, base, flags]) => {
    const from = encodeTerminated(source);
    const { syscall } = rareLibc();
    return (
      Number(syscall(SYS_linkat, base, ptr(from), AT_FDCWD, ptr(target), flags, 0)) ===
      0
    );
  });
}

/** Gives the file its mode, whatever the umask, and waits until it is on disk. */
export function finishFile(descriptor: number, mode: number): void {
  const SYS_fsync = 74;
  const SYS_fchmod = 91;
  const c = commonLibc();
  checked("fchmod", Number(c.syscall(SYS_fchmod, descriptor, mode, 0)));
  checked("fsync", Number(c.syscall(SYS_fsync, descriptor, 0, 0)));
}

/** Lets a rename in `directory` reach the disk, where the file system can do that. */
export function flushDirectory(directory: string): void {
  const SYS_fsync = 74;
  const descriptor = commonLibc().open(encodeTerminated(directory), O_CLOEXEC, 0);
  if (descriptor < 0) return;
  commonLibc().syscall(SYS_fsync, descriptor, 0, 0);
  closeDescriptor(descriptor);
}

/** Opens a file that is no symbolic link, for reading, and locked. */
export function openLocked(path: string): number {
  const descriptor = openPlain(path);
  if (descriptor instanceof SystemError) throw descriptor;
  lock(descriptor, "shared");
  return descriptor;
}

/** Opens a file that is no symbolic link, for reading; never waits for a FIFO. */
export function openPlain(path: string): number | SystemError {
  const flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const descriptor = commonLibc().open(encodeTerminated(path), flags, 0);
  return descriptor < 0 ? new SystemError("open", lastError()) : descriptor;
}

/** Removes a file of this user whose maker is gone, and no other. */
export function removeAbandoned(path: string): void {
  const descriptor = openPlain(path);
  if (descriptor instanceof SystemError) return;
  const file = descriptorStatus(descriptor);
  const entry = linkStatus(path);
  if (
    !(file instanceof SystemError) &&
    !(entry instanceof SystemError) &&
    file.kind === "file" &&
    file.uid === userIdentifier() &&
    file.identity === entry.identity &&
    lock(descriptor, "exclusive")
  )
    removeFile(path);
  closeDescriptor(descriptor);
}

/** flock(2), without waiting. Makers share the lock; who removes wants it alone. */
function lock(descriptor: number, how: "shared" | "exclusive"): boolean {
  const SYS_flock = 73;
  const LOCK_SH = 1;
  const LOCK_EX = 2;
  const LOCK_NB = 4;
  const operation = LOCK_NB | (how === "shared" ? LOCK_SH : LOCK_EX);
  return Number(commonLibc().syscall(SYS_flock, descriptor, operation, 0)) === 0;
}
