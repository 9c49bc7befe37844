/** What the system said against a copy, in words that help. */
import { errorNumber, SystemError } from "#system/errors.ts";
import { status } from "#system/files.ts";
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

export function refusal(
  { errno, message }: SystemError,
  path: string,
  directory: string,
): Failure {
  const file = printable(path);
  const place = printable(directory);
  switch (errno) {
    case errorNumber.ENOENT:
    case errorNumber.ENOTDIR:
      // In /proc, say, nobody can make a file, and the kernel says that there is none.
      if (isDirectory(directory)) return failed(file, message);
      return new Failure(
        "install-directory-missing",
        `there is no directory ${place}`,
        "make it first, or mount the volume there; sidecar makes the file only",
      );
    case errorNumber.EACCES:
    case errorNumber.EPERM:
      return new Failure(
        "install-forbidden",
        `${file} cannot be written: ${message}`,
        `let this user make files in ${place}, or name another directory`,
      );
    case errorNumber.EROFS:
      return new Failure(
        "install-read-only",
        `${file} cannot be written: its file system is mounted read-only`,
        "mount it for writing here; whoever runs sidecar may mount it read-only",
      );
    case errorNumber.ENOSPC:
    case errorNumber.EDQUOT:
    case errorNumber.EFBIG:
      return new Failure(
        "install-no-space",
        `there is no room for ${file}: ${message}`,
        "give the volume, the quota or the limit of file size 130 MB more",
      );
    case errorNumber.EBUSY:
      return new Failure(
        "install-destination-invalid",
        `${file} is a mount point, or somebody holds it: it cannot be replaced`,
        "mount its directory instead of the file, or end who uses it",
      );
    default:
      return failed(file, message);
  }
}

function isDirectory(path: string): boolean {
  const found = status(path);
  return !(found instanceof SystemError) && found.kind === "directory";
}

function failed(file: string, message: string): Failure {
  return new Failure(
    "install-failed",
    `${file} cannot be written: ${message}`,
    "see what the system says; nothing was changed",
  );
}
