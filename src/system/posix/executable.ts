/** The file of the running program. */

import { type Pointer, ptr, read } from "../foreign.ts";
import { decode, encodeTerminated } from "../text.ts";
import { closeDescriptor } from "./descriptors.ts";
import { commonLibc } from "./libc.ts";
import { O_CLOEXEC } from "./open-flags.ts";
import { auxiliary, isRunning } from "./running.ts";

/** What this is built for. */
export const target = "linux-x64";

/** Its usual name. */
export const executableName = "sidecar";

export type Executable = { readonly descriptor: number; readonly path: string };
const own = "/proc/self/exe";
const AT_BASE = 7;
const AT_EXECFN = 31;

/** Whether it came without a dynamic loader: the kernel would know where that is. */
export function isStatic(): boolean {
  return auxiliary(AT_BASE) === 0;
}

/**
 * Opens it, even where it has no name any more; nothing where it cannot be found.
 *
 * /proc/self/exe is the file itself. Where there is no /proc (a chroot, say) the path
 * that execve(2) got is tried: the kernel keeps it for getauxval(3). Since another file
 * may be there by now, each is compared with what is in memory.
 */
export function openExecutable(): Executable | undefined {
  const started = auxiliary(AT_EXECFN);
  const candidates = [own];
  if (started) candidates.push(textAt(started as Pointer));
  for (const file of candidates) {
    const descriptor = commonLibc().open(encodeTerminated(file), O_CLOEXEC, 0);
    if (descriptor < 0) continue;
    if (isRunning(descriptor))
      return { descriptor, path: file === own ? linkTarget(own) : file };
    closeDescriptor(descriptor);
  }
  return undefined;
}

/** The text at an address, up to its NUL, byte for byte. */
function textAt(address: Pointer): string {
  const bytes: number[] = [];
  for (let byte = read.u8(address, 0); byte !== 0; ) {
    bytes.push(byte);
    byte = read.u8(address, bytes.length);
  }
  return decode(Uint8Array.from(bytes));
}

/** Where a symbolic link leads; of a removed file the kernel says " (deleted)". */
function linkTarget(path: string): string {
  const SYS_readlink = 89;
  const name = encodeTerminated(path);
  const buffer = new Uint8Array(4096);
  const length = Number(
    commonLibc().syscall(SYS_readlink, ptr(name), ptr(buffer), buffer.length),
  );
  return length > 0 ? decode(buffer.subarray(0, length)) : path;
}
