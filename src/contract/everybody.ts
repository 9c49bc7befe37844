/**
 * Whether everybody may do something with a file, by permission bits alone.
 *
 * "Everybody" is any user and any group of 20000–29999, as a block has them. Root may
 * do everything, and a user may do what others may not, so that what happens to work
 * for one proves little. Each directory on the way counts, and what belongs to one user
 * of the range is judged by its bits for that one and for others.
 */

export const firstUser = 20_000;
export const lastUser = 29_999;

/** Whether it is a user id of the platform. Groups have the same range. */
export function isPlatformUser(identifier: number): boolean {
  return identifier >= firstUser && identifier <= lastUser;
}

/** What the kernel looks at. */
export type Owned = {
  /** Permission bits, 0…0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
};

export type Wish = "read" | "execute" | "start" | "write" | "enter";

/** As bits of a class; a script, and sidecar itself, must be read to be started. */
const wanted: Readonly<Record<Wish, number>> = {
  read: 4,
  execute: 1,
  start: 5,
  write: 3,
  enter: 1,
};

/** Whether `bits` (4 read, 2 write, 1 execute) are set for each who could come. */
export function isAllowed({ mode, uid, gid }: Owned, bits: number): boolean {
  const classes = [0];
  if (isPlatformUser(gid)) classes.push(3);
  if (isPlatformUser(uid)) classes.push(6);
  return classes.every((shift) => ((mode >> shift) & bits) === bits);
}

/** What keeps somebody out, and from what: `enter` where it is a directory before. */
export type Barrier<Step> = { readonly step: Step; readonly wish: Wish };

/**
 * The steps to a file that keep somebody out, the first one first.
 * @param isDirectory of a step before the last, whether it must be entered
 */
export function* barriers<Step extends Owned>(
  steps: readonly Step[],
  wish: Wish,
  isDirectory: (step: Step) => boolean,
): Generator<Barrier<Step>> {
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1;
    if (!isLast && !isDirectory(step)) continue;
    const needed = isLast ? wish : "enter";
    if (!isAllowed(step, wanted[needed])) yield { step, wish: needed };
  }
}

const letters: Readonly<Record<Wish, string>> = {
  read: "r",
  execute: "rx",
  start: "rx",
  write: "rwx",
  enter: "x",
};

/** What is wrong, without the path: "(mode 0700, user id 0) may not be entered by …". */
export function describeBarrier({ step, wish }: Barrier<Owned>): string {
  const mode = step.mode.toString(8).padStart(4, "0");
  return `(mode ${mode}, user id ${step.uid}) may not be ${missing(step, wish)} by everybody`;
}

/** What mends it: the change of mode for chmod(1), as `a+rx`. */
export function changeOfMode({ wish }: Barrier<Owned>): string {
  return `a+${letters[wish]}`;
}

function missing(step: Owned, wish: Wish): string {
  if (wish === "enter") return "entered";
  if (wish === "read") return "read";
  if (wish === "write") return "written to";
  if (wish === "execute" || isAllowed(step, 4)) return "executed";
  return isAllowed(step, 1) ? "read" : "read and executed";
}
