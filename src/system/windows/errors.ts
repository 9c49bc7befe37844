/** What Windows says when a call fails: a number, and words for it. */
import { kernel, moreKernel } from "./kernel.ts";
import { narrow } from "./wide.ts";

/** What means the same as another number, which stands for both. */
const sameAs: Readonly<Record<number, number>> = {
  3: 2, // ERROR_PATH_NOT_FOUND: ERROR_FILE_NOT_FOUND
  64: 53, // ERROR_NETNAME_DELETED: ERROR_BAD_NETPATH
  67: 53, // ERROR_BAD_NET_NAME: the server has no such share
};
/** Beyond all numbers of Windows: it says "access denied" where this is the reason. */
const isDirectory = 0x2000_0001;
const isUnquotable = 0x2000_0002;

const ownTexts: Readonly<Record<number, string>> = {
  [isDirectory]: "Is a directory",
  [isUnquotable]: "cmd.exe would misread it",
};

/**
 * Numbers of the errors that sidecar tells apart (winerror.h), by the names that the
 * same mistakes have on POSIX systems.
 */
export const errorNumber = {
  ENOENT: 2, // ERROR_FILE_NOT_FOUND, and ERROR_PATH_NOT_FOUND
  EACCES: 5, // ERROR_ACCESS_DENIED
  ENXIO: 231, // ERROR_PIPE_BUSY: a named pipe whose server talks to another
  ESTALE: 53, // ERROR_BAD_NETPATH: the server of a network path does not answer
  EBUSY: 32, // ERROR_SHARING_VIOLATION
  EDQUOT: 1295, // ERROR_DISK_QUOTA_EXCEEDED
  EFBIG: 223, // ERROR_FILE_TOO_LARGE
  EISDIR: isDirectory,
  EMFILE: 4, // ERROR_TOO_MANY_OPEN_FILES
  ENOSPC: 112, // ERROR_DISK_FULL
  ENOTDIR: 267, // ERROR_DIRECTORY
  EPERM: 1314, // ERROR_PRIVILEGE_NOT_HELD
  EPIPE: 232, // ERROR_NO_DATA: nobody reads the pipe any more
  EROFS: 19, // ERROR_WRITE_PROTECT
  /** Words that no command line of cmd.exe can hold. */
  EILSEQ: isUnquotable,
} as const;

/** Further numbers, for those who know that they are on Windows. */
export const windowsError = {
  ERROR_BAD_EXE_FORMAT: 193,
  ERROR_BROKEN_PIPE: 109,
  ERROR_ELEVATION_REQUIRED: 740,
  ERROR_EXE_MACHINE_TYPE_MISMATCH: 216,
  ERROR_FILENAME_EXCED_RANGE: 206,
  ERROR_HANDLE_EOF: 38,
  ERROR_IO_INCOMPLETE: 996,
  ERROR_IO_PENDING: 997,
  ERROR_NO_DATA: 232,
  ERROR_PIPE_CONNECTED: 535,
} as const;

/** What a call into the system said: the call, the number, and the text for it. */
export class SystemError extends Error {
  readonly errno: number;

  constructor(
    readonly call: string,
    code: number,
  ) {
    super(errorText(code));
    this.errno = sameAs[code] ?? code;
  }
}

/** The error of the call before; ask at once. */
export function lastError(): number {
  return kernel().GetLastError();
}

/** The result of a call that returns 0 where it fails. @throws SystemError */
export function checked(call: string, result: number): number {
  if (result === 0) throw new SystemError(call, lastError());
  return result;
}

const FORMAT_MESSAGE_IGNORE_INSERTS_FROM_SYSTEM = 0x1200;
const english = 0x409;

/** Windows' words for an error number, in English where it has them. */
function errorText(code: number): string {
  const own = ownTexts[code];
  if (own !== undefined) return own;
  const text = new Uint16Array(1024);
  for (const language of [english, 0]) {
    const length = moreKernel().FormatMessageW(
      FORMAT_MESSAGE_IGNORE_INSERTS_FROM_SYSTEM,
      0n,
      code,
      language,
      text,
      text.length,
      0n,
    );
    if (length > 0) return narrow(text).replace(/[\s.]+$/, "");
  }
  return `error ${code} of Windows`;
}
