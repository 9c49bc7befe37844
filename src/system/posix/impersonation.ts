/**
 * Being another user for a while, and on another host: to see what a program that is
 * started then makes of it. Only root can; for others nothing changes.
 */
import { ptr } from "../foreign.ts";
import { encode, encodeTerminated } from "../text.ts";
import { asUser as asOther } from "./credentials.ts";
import { makeTemporaryDirectory } from "./files.ts";
import { checked, rareLibc, SystemError } from "./libc.ts";
import { userIdentifier } from "./process.ts";

const SYS_chown = 92;
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
  const result = asOther(uid, action);
  if (result instanceof SystemError) throw result;
  return result;
}

/** A fresh directory that such a user owns. @throws SystemError */
export function makeDirectoryFor(uid: number, prefix: string): string {
  const path = makeTemporaryDirectory(prefix);
  if (userIdentifier() === root)
    checked("chown", call(SYS_chown, ptr(encodeTerminated(path)), uid, uid));
  return path;
}

/**
 * What is started from now on sees this name of the host, where that can be: in a
 * namespace of its own, so that nobody else sees it.
 */
export function beOnHost(name: string): void {
  const CLONE_NEWUTS = 0x0400_0000;
  if (call(SYS_unshare, CLONE_NEWUTS) < 0) return;
  const bytes = encode(name);
  call(SYS_sethostname, ptr(bytes), bytes.length);
}

/** Does `action` where one processor only may be used, if there are more or not. */
export function onOneProcessor<Result>(action: () => Result): Result {
  const SYS_sched_setaffinity = 203;
  const SYS_sched_getaffinity = 204;
  const allowed = new Uint8Array(1024);
  const size = call(SYS_sched_getaffinity, 0, allowed.length, ptr(allowed));
  const first = allowed.findIndex((bits) => bits !== 0);
  if (size < 0 || first < 0) return action();
  const one = new Uint8Array(allowed.length);
  one[first] = allowed[first]! & -allowed[first]!;
  call(SYS_sched_setaffinity, 0, size, ptr(one));
  try {
    return action();
  } finally {
    call(SYS_sched_setaffinity, 0, size, ptr(allowed));
  }
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
