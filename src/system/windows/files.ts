/**
 * Files and directories, by the calls of Windows; names are UTF-16, nothing is lost.
 */
import { closeDescriptor, handleOf, readSome } from "./descriptors.ts";
import { checked, errorNumber, lastError, SystemError } from "./errors.ts";
import { invalidHandle, kernel, moreKernel, rightsLibrary } from "./kernel.ts";
import { narrow, wide } from "./wide.ts";

export type FileKind =
  | "file"
  | "directory"
  | "symbolic link"
  | "character device"
  | "pipe"
  | "unknown";

export type FileStatus = {
  readonly kind: FileKind;
  /** What tells this file from any other: its volume and its number on it. */
  readonly identity: string;
  /** Bytes. */
  readonly size: number;
};

const GENERIC_READ = 0x8000_0000;
const GENERIC_WRITE = 0x4000_0000;
const GENERIC_EXECUTE = 0x2000_0000;
const FILE_TRAVERSE = 0x20;
const FILE_READ_ATTRIBUTES = 0x80;
const FILE_APPEND_DATA = 0x4;
const SYNCHRONIZE = 0x10_0000;
const FILE_SHARE_ALL = 7;
const CREATE_NEW = 1;
const OPEN_EXISTING = 3;
const OPEN_ALWAYS = 4;
const FILE_ATTRIBUTE_READONLY = 0x1;
const FILE_ATTRIBUTE_DIRECTORY = 0x10;
const FILE_ATTRIBUTE_REPARSE_POINT = 0x400;
const FILE_ATTRIBUTE_NORMAL = 0x80;
/** Without it no directory can be opened. */
const FILE_FLAG_BACKUP_SEMANTICS = 0x0200_0000;
const INVALID_FILE_ATTRIBUTES = 0xffff_ffff;

/** @returns a handle that nobody inherits, or the error */
function open(
  path: string,
  access: number,
  creation: number,
  flags = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS,
): number | SystemError {
  const handle = kernel().CreateFileW(
    wide(path),
    access,
    FILE_SHARE_ALL,
    0,
    creation,
    flags,
    0,
  );
  return handle === invalidHandle ? new SystemError("CreateFile", lastError()) : handle;
}

/** As {@link open}, but no directory. @throws SystemError */
function opened(path: string, access: number, creation: number): number {
  const handle = open(path, access, creation, FILE_ATTRIBUTE_NORMAL);
  if (!(handle instanceof SystemError)) return handle;
  // Windows says "access denied" of a directory, whoever asks.
  if (handle.errno === errorNumber.EACCES && isDirectory(attributesOf(path)))
    throw new SystemError("CreateFile", errorNumber.EISDIR);
  throw handle;
}

/** The file behind `path`, links followed, or the error. */
export function status(path: string): FileStatus | SystemError {
  const handle = open(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING);
  if (handle instanceof SystemError) return handle;
  try {
    return handleStatus(handle);
  } finally {
    kernel().CloseHandle(handle);
  }
}

/** The entry `path` itself, even where it is a symbolic link or a junction. */
export function linkStatus(path: string): FileStatus | SystemError {
  const attributes = attributesOf(path);
  if (attributes === undefined)
    return new SystemError("GetFileAttributes", lastError());
  if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) === 0) return status(path);
  return { kind: "symbolic link", identity: path, size: 0 };
}

export function descriptorStatus(descriptor: number): FileStatus | SystemError {
  return handleStatus(handleOf(descriptor));
}

/** What GetFileType returns for a disk file, a device, and a pipe. */
const types: Readonly<Record<number, FileKind>> = {
  1: "file",
  2: "character device",
  3: "pipe",
};

/** BY_HANDLE_FILE_INFORMATION: attributes 0, volume 28, size 32, index 44; 52 bytes. */
function handleStatus(handle: number): FileStatus | SystemError {
  const kind = types[moreKernel().GetFileType(handle)] ?? "unknown";
  if (kind !== "file") return { kind, identity: `handle ${handle}`, size: 0 };
  const information = new Uint8Array(52);
  if (moreKernel().GetFileInformationByHandle(handle, information) === 0)
    return new SystemError("GetFileInformationByHandle", lastError());
  const view = new DataView(information.buffer);
  const field = (at: number) => view.getUint32(at, true);
  return {
    kind: isDirectory(field(0)) ? "directory" : "file",
    identity: `${field(28)}:${field(44)}:${field(48)}`,
    size: field(32) * 2 ** 32 + field(36),
  };
}

function attributesOf(path: string): number | undefined {
  const attributes = kernel().GetFileAttributesW(wide(path));
  return attributes === INVALID_FILE_ATTRIBUTES ? undefined : attributes;
}

function isDirectory(attributes: number | undefined): boolean {
  return attributes !== undefined && (attributes & FILE_ATTRIBUTE_DIRECTORY) !== 0;
}

/** The names in a directory, without `.` and `..`; nothing if it cannot be listed. */
export function listDirectory(path: string): string[] | undefined {
  // WIN32_FIND_DATAW: the name is at 44, of at most 260 characters; 592 bytes.
  const found = new Uint16Array(592 / 2);
  const search = moreKernel().FindFirstFileW(wide(`${path}\\*`), found);
  if (search === invalidHandle) return undefined;
  const names: string[] = [];
  do {
    const name = narrow(found.subarray(44 / 2, 44 / 2 + 260));
    if (name !== "." && name !== "..") names.push(name);
  } while (moreKernel().FindNextFileW(search, found) !== 0);
  moreKernel().FindClose(search);
  return names;
}

/** Whether this user may do that with `path`, as Windows sees it now. */
export function mayAccess(
  path: string,
  mode: "exist" | "execute" | "write" | "read",
): boolean {
  const attributes = attributesOf(path);
  if (attributes === undefined || mode === "exist") return attributes !== undefined;
  const enter = isDirectory(attributes) ? FILE_TRAVERSE : GENERIC_EXECUTE;
  const access = { execute: enter, write: GENERIC_WRITE, read: GENERIC_READ }[mode];
  const handle = open(path, access, OPEN_EXISTING);
  if (handle instanceof SystemError) return false;
  kernel().CloseHandle(handle);
  return true;
}

export function changeDirectory(path: string): void {
  checked("SetCurrentDirectory", moreKernel().SetCurrentDirectoryW(wide(path)));
}

/** Sidecar's own directory becomes one that nobody wants to remove. */
export function leaveDirectory(): void {
  const path = new Uint16Array(512);
  moreKernel().GetWindowsDirectoryW(path, path.length);
  changeDirectory(narrow(path));
}

export function currentDirectory(): string {
  const path = new Uint16Array(32_768);
  const { GetCurrentDirectoryW } = moreKernel();
  checked("GetCurrentDirectory", GetCurrentDirectoryW(path.length, path));
  return narrow(path);
}

/** For its owner, the system and administrators; inherited by all that is in it. */
const ownerOnly = "D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/** Makes a directory of this user's own, named `prefix` and random characters. */
export function makeTemporaryDirectory(prefix: string): string {
  const path = `${prefix}${crypto.randomUUID()}`;
  const descriptor = new BigUint64Array(1);
  const library = rightsLibrary();
  const revision = 1;
  checked(
    "ConvertStringSecurityDescriptorToSecurityDescriptor",
    library.ConvertStringSecurityDescriptorToSecurityDescriptorW(
      wide(ownerOnly),
      revision,
      descriptor,
      0,
    ),
  );
  // SECURITY_ATTRIBUTES: size, descriptor, whether it is inherited.
  const attributes = BigUint64Array.of(24n, descriptor[0]!, 0n);
  try {
    checked("CreateDirectory", moreKernel().CreateDirectoryW(wide(path), attributes));
  } finally {
    moreKernel().LocalFree(descriptor[0]!);
  }
  return path;
}

/** Removes a directory and all in it; links are removed, not followed. */
export function removeTree(path: string): boolean {
  for (const name of listDirectory(path) ?? []) {
    const entry = `${path}\\${name}`;
    const attributes = attributesOf(entry) ?? 0;
    if ((attributes & FILE_ATTRIBUTE_READONLY) !== 0)
      moreKernel().SetFileAttributesW(wide(entry), FILE_ATTRIBUTE_NORMAL);
    if (!isDirectory(attributes)) moreKernel().DeleteFileW(wide(entry));
    else if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) !== 0)
      moreKernel().RemoveDirectoryW(wide(entry));
    else removeTree(entry);
  }
  return moreKernel().RemoveDirectoryW(wide(path)) !== 0;
}

/**
 * Opens `path` for a block to write to. Others may read, write and remove it meanwhile.
 * @throws SystemError; ENXIO for a named pipe that is busy
 */
export function openForWriting(path: string, append: boolean): number {
  // With this right alone each write goes to the end, whoever else writes.
  const appending = FILE_APPEND_DATA | SYNCHRONIZE | FILE_READ_ATTRIBUTES;
  const handle = opened(path, append ? appending : GENERIC_WRITE, OPEN_ALWAYS);
  // It fails, rightly, for a device.
  if (!append) moreKernel().SetEndOfFile(handle);
  return handle;
}

/** Opens an existing file for writing, or returns nothing where that cannot be. */
export function openExisting(path: string): number | undefined {
  const handle = open(path, GENERIC_WRITE, OPEN_EXISTING);
  return handle instanceof SystemError ? undefined : handle;
}

/** Makes a file that must not exist yet, for writing. */
export function createFile(path: string): number {
  return opened(path, GENERIC_WRITE, CREATE_NEW);
}

/** Takes the place of what is named `to`, at once. */
export function renameFile(from: string, to: string): void {
  const MOVEFILE_REPLACE_EXISTING = 1;
  const { MoveFileExW } = moreKernel();
  checked("MoveFileEx", MoveFileExW(wide(from), wide(to), MOVEFILE_REPLACE_EXISTING));
}

export function removeFile(path: string): void {
  moreKernel().DeleteFileW(wide(path));
}

/** Reads a small file whole. */
export function readFile(path: string, limit = 1 << 20): Uint8Array | SystemError {
  const pieces: Uint8Array[] = [];
  let descriptor: number | undefined;
  try {
    descriptor = opened(path, GENERIC_READ, OPEN_EXISTING);
    for (let total = 0; total < limit; ) {
      const piece = new Uint8Array(Math.min(65_536, limit - total));
      const length = readSome(descriptor, piece);
      if (length === undefined || length === 0) break;
      pieces.push(piece.subarray(0, length));
      total += length;
    }
  } catch (error) {
    if (error instanceof SystemError) return error;
    throw error;
  } finally {
    if (descriptor !== undefined) closeDescriptor(descriptor);
  }
  return Buffer.concat(pieces);
}
