/** Files and directories, by calls into C: `node:fs` costs a millisecond to load. */

import { ptr } from "../foreign.ts";
import { decode, encode, encodeTerminated } from "../text.ts";
import { closeDescriptor, readSome, setNonBlocking } from "./descriptors.ts";
import {
  checked,
  commonLibc,
  errorNumber,
  lastError,
  libc,
  moreLibc,
  SystemError,
} from "./libc.ts";
import {
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NONBLOCK,
  O_TRUNC,
  O_WRONLY,
} from "./open-flags.ts";

const SYS_stat = 4;
const SYS_fstat = 5;
const SYS_lstat = 6;

const kinds = {
  1: "fifo",
  2: "character device",
  4: "directory",
  6: "block device",
  8: "file",
  10: "symbolic link",
  12: "socket",
} as const;

export type FileKind = (typeof kinds)[keyof typeof kinds] | "unknown";

export type FileStatus = {
  readonly kind: FileKind;
  /** Permission bits, 0…0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** What tells this file from any other: its device and its number on it. */
  readonly identity: string;
  /** Bytes. */
  readonly size: number;
};

/** The file behind `path`, links followed, or the error. */
export function status(path: string): FileStatus | SystemError {
  return statusBy("stat", SYS_stat, ptr(encodeTerminated(path)));
}

/** The entry `path` itself, even where it is a symbolic link. */
export function linkStatus(path: string): FileStatus | SystemError {
  return statusBy("lstat", SYS_lstat, ptr(encodeTerminated(path)));
}

export function descriptorStatus(descriptor: number): FileStatus | SystemError {
  return statusBy("fstat", SYS_fstat, descriptor);
}

/** struct stat of x86-64: dev 0, ino 8, mode 24, uid 28, gid 32, size 48; 144 bytes. */
function statusBy(
  call: string,
  number: number,
  what: number,
): FileStatus | SystemError {
  const buffer = new Uint8Array(144);
  if (Number(commonLibc().syscall(number, what, ptr(buffer), 0)) < 0)
    return new SystemError(call, lastError());
  const view = new DataView(buffer.buffer);
  const mode = view.getUint32(24, true);
  return {
    kind: kinds[(mode >> 12) as keyof typeof kinds] ?? "unknown",
    mode: mode & 0o7777,
    uid: view.getUint32(28, true),
    get gid() {
      return view.getUint32(32, true);
    },
    get identity() {
      return `${view.getBigUint64(0, true)}:${view.getBigUint64(8, true)}`;
    },
    get size() {
      return Number(view.getBigInt64(48, true));
    },
  };
}

/** The names in a directory, without `.` and `..`; nothing if it cannot be listed. */
export function listDirectory(path: string): string[] | undefined {
  const SYS_getdents64 = 217;
  const c = commonLibc();
  const descriptor = c.open(encodeTerminated(path), O_DIRECTORY | O_CLOEXEC, 0);
  if (descriptor < 0) return undefined;
  const names: string[] = [];
  const buffer = new Uint8Array(65536);
  const view = new DataView(buffer.buffer);
  for (;;) {
    const length = Number(c.syscall(SYS_getdents64, descriptor, ptr(buffer), 65536));
    if (length <= 0) break;
    // struct linux_dirent64: ino 0, off 8, reclen 16, type 18, name 19.
    for (let at = 0; at < length; at += view.getUint16(at + 16, true)) {
      const end = buffer.indexOf(0, at + 19);
      const name = decode(buffer.subarray(at + 19, end));
      if (name !== "." && name !== "..") names.push(name);
    }
  }
  closeDescriptor(descriptor);
  return names;
}

const accessModes = { exist: 0, execute: 1, write: 2, read: 4 } as const;

/** Whether this user may do that with `path`; as the kernel sees it now. */
export function mayAccess(path: string, mode: keyof typeof accessModes): boolean {
  return libc().access(encodeTerminated(path), accessModes[mode]) === 0;
}

export function changeDirectory(path: string): void {
  checked("chdir", moreLibc().chdir(encodeTerminated(path)));
}

/** Sidecar's own directory becomes one that nobody wants to remove. */
export function leaveDirectory(): void {
  changeDirectory("/");
}

export function currentDirectory(): string {
  const buffer = new Uint8Array(4096);
  if (moreLibc().getcwd(buffer, buffer.length) === null)
    throw new SystemError("getcwd", lastError());
  return decode(buffer.subarray(0, buffer.indexOf(0)));
}

/** Makes one directory; mode as given less the umask. */
export function makeDirectory(path: string, mode: number): void {
  checked("mkdir", moreLibc().mkdir(encodeTerminated(path), mode));
}

/** Makes a directory of mode 0700 named `prefix` and six random characters. */
export function makeTemporaryDirectory(prefix: string): string {
  const template = encodeTerminated(`${prefix}XXXXXX`);
  if (moreLibc().mkdtemp(template) === null)
    throw new SystemError("mkdtemp", lastError());
  return decode(template.subarray(0, -1));
}

/** Removes a directory and all in it. @returns whether nothing is left */
export function removeTree(directory: string): boolean {
  // Not imported: to load it costs every block a millisecond.
  const { chmodSync, lstatSync, readdirSync, rmSync } =
    process.getBuiltinModule("node:fs");
  const open = (path: string): void => {
    // A block may have taken its own right to enter a directory away.
    chmodSync(path, 0o700);
    for (const name of readdirSync(path)) {
      const entry = `${path}/${name}`;
      if (lstatSync(entry).isDirectory()) open(entry);
    }
  };
  for (const prepare of [() => {}, () => open(directory)]) {
    try {
      prepare();
      rmSync(Buffer.from(encode(directory)), { recursive: true, force: true });
      return true;
    } catch {
      // once more, with the rights set
    }
  }
  return false;
}

/**
 * Opens `path` for a block to write to; the descriptor is closed on exec.
 * @throws SystemError; ENXIO for a FIFO that nobody reads yet
 */
export function openForWriting(path: string, append: boolean): number {
  const flags = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC);
  const name = encodeTerminated(path);
  // A FIFO without a reader would hold open(2) for ever, deaf to signals.
  const descriptor = checked(
    "open",
    commonLibc().open(name, flags | O_NONBLOCK, 0o666),
  );
  setNonBlocking(descriptor, false);
  return descriptor;
}

/** Opens an existing file for writing, or returns nothing where that cannot be. */
export function openExisting(path: string): number | undefined {
  const flags = O_WRONLY | O_CLOEXEC | O_NONBLOCK;
  const descriptor = commonLibc().open(encodeTerminated(path), flags, 0);
  return descriptor < 0 ? undefined : descriptor;
}

/** Opens a file for reading, or returns nothing where that cannot be. */
export function openForReading(path: string): number | undefined {
  const descriptor = commonLibc().open(encodeTerminated(path), O_CLOEXEC, 0);
  return descriptor < 0 ? undefined : descriptor;
}

const SYS_lseek = 8;

/** Reads the beginning of an open file anew. @returns whether it could be read */
export function readFromStart(descriptor: number): boolean {
  if (Number(commonLibc().syscall(SYS_lseek, descriptor, 0, 0)) < 0) return false;
  const buffer = new Uint8Array(4096);
  return Number(libc().read(descriptor, buffer, buffer.length)) >= 0;
}

/** Makes a file that must not exist yet, for writing. */
export function createFile(path: string): number {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  return checked("open", commonLibc().open(encodeTerminated(path), flags, 0o666));
}

export function renameFile(from: string, to: string): void {
  checked("rename", moreLibc().rename(encodeTerminated(from), encodeTerminated(to)));
}

export function removeFile(path: string): void {
  moreLibc().unlink(encodeTerminated(path));
}

/**
 * Most files in /proc and the like are smaller than a page; large buffers cost time.
 */
const leastPiece = 4096;
const mostPiece = 65_536;

/** Reads a small file whole, in pieces; for /proc and the like, which have no size. */
export function readFile(path: string, limit = 1 << 20): Uint8Array | SystemError {
  // A FIFO that nobody writes to would hold sidecar up, its signals blocked.
  const flags = O_CLOEXEC | O_NONBLOCK;
  const descriptor = commonLibc().open(encodeTerminated(path), flags, 0);
  if (descriptor < 0) return new SystemError("open", lastError());
  const pieces: Uint8Array[] = [];
  let total = 0;
  try {
    while (total < limit) {
      const size = Math.min(Math.max(leastPiece, total), mostPiece, limit - total);
      const piece = new Uint8Array(size);
      const length = readSome(descriptor, piece);
      if (length === undefined) {
        if (lastError() === errorNumber.EINTR) continue;
        return new SystemError("read", errorNumber.EAGAIN);
      }
      if (length === 0) break;
      pieces.push(piece.subarray(0, length));
      total += length;
    }
  } catch (error) {
    return error as SystemError;
  } finally {
    closeDescriptor(descriptor);
  }
  return pieces.length === 1 ? pieces[0]! : joined(pieces);
}

/** A function of its own: the first call of one that names Buffer costs 0.2 ms. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(pieces);
}
