/**
 * A file in the making: under a temporary name, and open as long as its maker lives, so
 * that leftovers can be told apart. Windows has no files without a name.
 */
import { closeDescriptor } from "./descriptors.ts";
import { checked, lastError, SystemError } from "./errors.ts";
import { linkStatus, removeFile } from "./files.ts";
import { invalidHandle, kernel, moreKernel } from "./kernel.ts";
import { wide } from "./wide.ts";

const GENERIC_READ = 0x8000_0000;
const GENERIC_WRITE = 0x4000_0000;
const FILE_SHARE_ALL = 7;
const CREATE_NEW = 1;
const OPEN_EXISTING = 3;
const FILE_ATTRIBUTE_NORMAL = 0x80;
const FILE_FLAG_OPEN_REPARSE_POINT = 0x20_0000;

function open(
  path: string,
  access: number,
  share: number,
  creation: number,
): number | SystemError {
  const flags = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT;
  const { CreateFileW } = kernel();
  const handle = CreateFileW(wide(path), access, share, 0, creation, flags, 0);
  return handle === invalidHandle ? new SystemError("CreateFile", lastError()) : handle;
}

/** The size of a file that everybody may start; nothing where there is none. */
export function finishedSize(path: string): number | undefined {
  const found = linkStatus(path);
  return found instanceof SystemError || found.kind !== "file" ? undefined : found.size;
}

/** A file without a name: never. */
export function createUnnamed(_directory: string): number | undefined {
  return undefined;
}

/** Of {@link createUnnamed}. */
export function giveName(_descriptor: number, _path: string): boolean {
  return false;
}

/** A file that did not exist before. @throws SystemError */
export function createNamed(path: string): number {
  const access = GENERIC_READ | GENERIC_WRITE;
  // As bits of 32, which CreateFile takes unsigned.
  const handle = open(path, access >>> 0, FILE_SHARE_ALL, CREATE_NEW);
  if (handle instanceof SystemError) throw handle;
  return handle;
}

/** Waits until the file is on disk; its rights are those of its directory. */
export function finishFile(descriptor: number, _mode: number): void {
  checked("FlushFileBuffers", moreKernel().FlushFileBuffers(descriptor));
}

/** A rename reaches the disk by itself: NTFS keeps a journal. */
export function flushDirectory(_directory: string): void {}

/** Opens a file for reading, so that nobody takes it for abandoned. */
export function openLocked(path: string): number {
  const handle = openPlain(path);
  if (handle instanceof SystemError) throw handle;
  return handle;
}

/** Opens a file for reading; a link itself, and not what it names. */
export function openPlain(path: string): number | SystemError {
  return open(path, GENERIC_READ, FILE_SHARE_ALL, OPEN_EXISTING);
}

/** Removes a file that nobody has open. */
export function removeAbandoned(path: string): void {
  const alone = 0;
  const handle = open(path, GENERIC_READ, alone, OPEN_EXISTING);
  if (handle instanceof SystemError) return;
  closeDescriptor(handle);
  removeFile(path);
}
