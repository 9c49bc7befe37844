/** Who this process is to the kernel, and to be somebody else for a while. */
import { ptr } from "../foreign.ts";
import { lastError, rareLibc, SystemError } from "./libc.ts";

const SYS_getgroups = 115;
const SYS_setgroups = 116;
const SYS_setresuid = 117;
const SYS_setresgid = 119;
const SYS_prctl = 157;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const mostGroups = 65_536;

/** With zeros for the arguments that are not given: prctl(2) insists on them. */
function call(number: number, a = 0, b = 0, c = 0): number {
  return Number(rareLibc().syscall(number, a, b, c, 0, 0, 0));
}

/**
 * Does something as another user and group, without any right of root's. To be called
 * by root.
 *
 * The system calls change one thread, this one, and no library's record of it. Root's
 * number is kept as the saved one, so that there is a way back; a program that is
 * started meanwhile loses that, and all capabilities, by its execve(2): it is that user
 * for good (capabilities(7), "Effect of user ID changes").
 * @returns what `action` returned, or why this process may not do that
 */
export function asUser<Result>(
  identifier: number,
  action: () => Result,
): Result | SystemError {
  const groups = new Uint32Array(mostGroups);
  const count = call(SYS_getgroups, mostGroups, ptr(groups));
  const steps = [
    () => call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL),
    () => call(SYS_setgroups, 0, 0),
    () => call(SYS_setresgid, identifier, identifier, 0),
    () => call(SYS_setresuid, identifier, identifier, 0),
    // For good: a set-user-ID program in an activation would be somebody else.
    () => call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1),
  ];
  try {
    for (const step of steps)
      if (step() < 0) return new SystemError("set", lastError());
    return action();
  } finally {
    call(SYS_setresuid, 0, 0, 0);
    call(SYS_setresgid, 0, 0, 0);
    if (count >= 0) call(SYS_setgroups, count, ptr(groups));
  }
}
