/**
 * Being another user for a while, and on another host: to see what a program that is
 * started then makes of it. Only root can; for others nothing changes.
 *
 * The system calls change this thread alone (libc would change all), and it is this
 * thread that starts processes. The saved user id stays root's: so there is a way back.
 */
import { ptr } from "../foreign.ts";
import { encode, encodeTerminated } from "../text.ts";
import { makeTemporaryDirectory } from "./files.ts";
import { checked, rareLibc } from "./libc.ts";
import { userIdentifier } from "./process.ts";

const SYS_chown = 92;
const SYS_setgroups = 116;
const SYS_setresuid = 117;
const SYS_setresgid = 119;
const SYS_sethostname = 170;
const SYS_unshare = 272;
const root = 0;

function call(number: number, ...rest: number[]): number {
  const [one = 0, two = 0, three = 0] = rest;
  return Number(rareLibc().syscall(number, one, two, three, 0, 0, 0));
}

/** Does `action` as the user and the group of that number. @throws SystemError */
export function asUser<Result>(uid: number, action: () => Result): Result {
  if (userIdentifier() !== root) return action();
  checked("setgroups", call(SYS_setgroups, 0, 0));
  checked("setresgid", call(SYS_setresgid, uid, uid, root));
  checked("setresuid", call(SYS_setresuid, uid, uid, root));
  try {
    return action();
  } finally {
    checked("setresuid", call(SYS_setresuid, root, root, root));
    checked("setresgid", call(SYS_setresgid, root, root, root));
  }
}

/** A fresh directory that such a user owns. @throws SystemError */
export function makeDirectoryFor(uid: number, prefix: string): string {
  const path = makeTemporaryDirectory(prefix);
  if (userIdentifier() === root)
    checked("chown", call(SYS_chown, ptr(encodeTerminated(path)), uid, uid));
  return path;
}

/** What is started from now on sees another name of this host, where that can be. */
export function beOnHost(name: string): void {
  const CLONE_NEWUTS = 0x0400_0000;
  if (call(SYS_unshare, CLONE_NEWUTS) < 0) return;
  const bytes = encode(name);
  call(SYS_sethostname, ptr(bytes), bytes.length);
}

/** The name of this host, as uname(2) has it. */
export function hostName(): string {
  const SYS_uname = 63;
  const fieldSize = 65;
  const names = new Uint8Array(6 * fieldSize);
  checked("uname", call(SYS_uname, ptr(names)));
  const field = names.subarray(fieldSize, 2 * fieldSize);
  return String.fromCharCode(...field.subarray(0, field.indexOf(0)));
}
