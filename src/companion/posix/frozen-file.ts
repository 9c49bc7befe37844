/**
 * The file of a frozen activation: where it is, and whether it may be believed.
 *
 * Who can write it decides what every block of the image gets, so that it counts only
 * if nobody but root, this user, or the owner of sidecar itself can have written it.
 * What was opened is what is judged: a name may change its meaning in between.
 */

import { Failure } from "../../contract/failure.ts";
import { closeDescriptor, readSome } from "../../system/posix/descriptors.ts";
import { descriptorStatus, type FileStatus, status } from "../../system/posix/files.ts";
import {
  commonLibc,
  errorNumber,
  lastError,
  SystemError,
} from "../../system/posix/libc.ts";
import { O_CLOEXEC, O_NONBLOCK } from "../../system/posix/open-flags.ts";
import { userIdentifier } from "../../system/posix/process.ts";
import { encodeTerminated, printable } from "../../system/text.ts";

/** Whether activations can be frozen on this system. */
export const canFreeze = true;

export { frozenDirectory } from "../../contract/frozen-changes.ts";

/** Bytes; more cannot be an environment. */
const largestFile = 4 << 20;
const root = 0;

/** The content of the file; nothing where there is none. @throws Failure */
export function readFrozenFile(path: string): Uint8Array | undefined {
  const c = commonLibc();
  // A FIFO must not hold it up.
  const descriptor = c.open(encodeTerminated(path), O_CLOEXEC | O_NONBLOCK, 0);
  if (descriptor < 0) {
    const error = new SystemError("open", lastError());
    const { errno } = error;
    if (errno === errorNumber.ENOENT || errno === errorNumber.ENOTDIR) return undefined;
    throw unreadable(path, error.message);
  }
  try {
    const found = descriptorStatus(descriptor);
    if (found instanceof SystemError) throw unreadable(path, found.message);
    if (found.kind !== "file") throw unreadable(path, `it is a ${found.kind}`);
    requireTrusted(path, found);
    return readWhole(descriptor, Math.min(found.size, largestFile));
  } catch (error) {
    throw error instanceof SystemError ? unreadable(path, error.message) : error;
  } finally {
    closeDescriptor(descriptor);
  }
}

/** One read more than there are bytes: a file that grows meanwhile is damaged. */
function readWhole(descriptor: number, size: number): Uint8Array {
  const buffer = new Uint8Array(size + 1);
  let filled = 0;
  while (filled < buffer.length) {
    const length = readSome(descriptor, buffer.subarray(filled));
    if (length === 0) break;
    filled += length ?? 0;
  }
  return buffer.subarray(0, filled);
}

function requireTrusted(path: string, { uid, mode }: FileStatus): void {
  const writable = (mode & 0o022) !== 0;
  if (!writable && (uid === root || uid === userIdentifier() || ownsSidecar(uid)))
    return;
  const why = writable
    ? `others than its owner may write it (mode ${mode.toString(8).padStart(4, "0")})`
    : `it belongs to user id ${uid}`;
  throw new Failure(
    "activation-frozen-untrusted",
    `the frozen activation ${printable(path)} is not trusted: ${why}`,
    "let it belong to root, with mode 0644, as sidecar freeze makes it",
  );
}

/** In a user namespace root's files may seem to be another's, and so does sidecar's. */
function ownsSidecar(uid: number): boolean {
  const own = status("/proc/self/exe");
  return !(own instanceof SystemError) && own.uid === uid;
}

export function unreadable(path: string, why: string): Failure {
  return new Failure(
    "activation-frozen-unreadable",
    `the frozen activation ${printable(path)} cannot be read: ${why}`,
    "let every user read the file and enter the directories above it",
  );
}
