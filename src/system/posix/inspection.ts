/** What only people ask of files and limits; nothing here is on a block's way. */
import { type Pointer, ptr, read } from "../foreign.ts";
import { decode, encodeTerminated } from "../text.ts";
import { recordAddress } from "./launcher.ts";
import { lastError, rareLibc, SystemError } from "./libc.ts";

/** Where a symbolic link leads, as it stands in it. */
export function readLink(path: string): string | SystemError {
  const SYS_readlink = 89;
  const name = encodeTerminated(path);
  const buffer = new Uint8Array(4096);
  const { syscall } = rareLibc();
  const size = buffer.length;
  const length = Number(syscall(SYS_readlink, ptr(name), ptr(buffer), size, 0, 0, 0));
  if (length < 0) return new SystemError("readlink", lastError());
  return decode(buffer.subarray(0, length));
}

export type FileSystem = {
  readonly readOnly: boolean;
  readonly noExec: boolean;
  /** Bytes that a user without privileges may still write. */
  readonly free: number;
  /** Files that may still be made; nothing where the file system does not count. */
  readonly freeFiles?: number;
};

/** The file system that `path` is on, by statfs(2), which needs no /proc. */
export function fileSystem(path: string): FileSystem | SystemError {
  const SYS_statfs = 137;
  const name = encodeTerminated(path);
  const buffer = new BigUint64Array(15);
  const result = rareLibc().syscall(SYS_statfs, ptr(name), ptr(buffer), 0, 0, 0, 0);
  if (Number(result) < 0) return new SystemError("statfs", lastError());
  // struct statfs of x86-64, in words: bsize 1, bavail 4, files 5, ffree 6, flags 10.
  const word = (index: number) => Number(buffer[index]!);
  const ST_RDONLY = 1;
  const ST_NOEXEC = 8;
  return {
    readOnly: (word(10) & ST_RDONLY) !== 0,
    noExec: (word(10) & ST_NOEXEC) !== 0,
    free: word(4) * word(1),
    ...(word(5) === 0 ? {} : { freeFiles: word(6) }),
  };
}

const resources = { fileSize: 1, processes: 6, openFiles: 7, addresses: 9 } as const;

/** Soft limits (getrlimit(2)) as sidecar was started; Infinity where there is none. */
export function limits(): Record<keyof typeof resources, number> {
  const entries = Object.entries(resources);
  return Object.fromEntries(
    entries.map(([name, resource]) => [name, limit(resource)]),
  ) as Record<keyof typeof resources, number>;
}

function limit(resource: number): number {
  const unlimited = 2n ** 64n - 1n;
  const soft = recordAddress ? noted(resource) : current(resource);
  return soft === unlimited ? Number.POSITIVE_INFINITY : Number(soft);
}

/** From the launcher's record: Bun raises some of them (src/launcher/record.h). */
function noted(resource: number): bigint {
  const firstLimit = 21;
  return BigInt(read.u64(recordAddress as Pointer, (firstLimit + 2 * resource) * 8));
}

function current(resource: number): bigint {
  const SYS_prlimit64 = 302;
  const pair = new BigUint64Array(2);
  rareLibc().syscall(SYS_prlimit64, 0, resource, 0, ptr(pair), 0, 0);
  return pair[0]!;
}
