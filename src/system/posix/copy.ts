/** The content of one file into another, by the cheapest way that the kernel offers. */
import { readSome, writeAll } from "./descriptors.ts";
import {
  checked,
  commonLibc,
  errorNumber,
  lastError,
  rareLibc,
  SystemError,
} from "./libc.ts";

/** Bytes between two looks at whether to go on. */
const piece = 4 << 20;

/**
 * Copies `size` bytes from where `source` stands to where `target` stands: by sharing
 * the blocks (FICLONE), where the file system can; within the kernel; or by hand.
 * @param goOn is called before every piece, and may throw
 * @throws SystemError what the target's file system says: ENOSPC, EDQUOT, EIO, …
 */
export function copyContent(
  source: number,
  target: number,
  size: number,
  goOn: () => void,
): void {
  goOn();
  if (cloneContent(source, target)) return;
  let left = size;
  while (left > 0) {
    goOn();
    const length = copyInKernel(source, target, Math.min(left, piece));
    if (length === 0) break;
    left -= length;
  }
  if (left > 0) copyByHand(source, target, goOn);
}

/** ioctl_ficlone(2). Whatever it says against it, a true copy will say again. */
function cloneContent(source: number, target: number): boolean {
  const SYS_ioctl = 16;
  const FICLONE = 0x40049409;
  return Number(commonLibc().syscall(SYS_ioctl, target, FICLONE, source)) === 0;
}

/** How copy_file_range(2) says no: another file system, an old kernel, seccomp. */
const impossible: readonly number[] = [
  errorNumber.EXDEV,
  errorNumber.EINVAL,
  errorNumber.ENOSYS,
  errorNumber.EOPNOTSUPP,
  errorNumber.EPERM,
];

/** @returns the number of bytes that were copied; 0 where this is not the way */
function copyInKernel(source: number, target: number, length: number): number {
  const SYS_copy_file_range = 326;
  for (;;) {
    const copied = Number(
      rareLibc().syscall(SYS_copy_file_range, source, 0, target, 0, length, 0),
    );
    if (copied >= 0) return copied;
    const errno = lastError();
    if (impossible.includes(errno)) return 0;
    if (errno !== errorNumber.EINTR) throw new SystemError("copy_file_range", errno);
  }
}

function copyByHand(source: number, target: number, goOn: () => void): void {
  const buffer = new Uint8Array(1 << 20);
  for (;;) {
    goOn();
    const length = readSome(source, buffer);
    if (length === 0) return;
    if (length) writeAll(target, buffer.subarray(0, length));
  }
}

/** Sets where the next read or write of `descriptor` begins: so many bytes in. */
export function seek(descriptor: number, offset: number): void {
  const SYS_lseek = 8;
  const SEEK_SET = 0;
  const result = commonLibc().syscall(SYS_lseek, descriptor, offset, SEEK_SET);
  checked("lseek", Number(result));
}
