/**
 * Whether everybody may do something with a file, by permission bits alone.
 *
 * "Everybody" is any user and any group of 20000–29999, as a block has them. Root may
 * do everything, and a user may do what others may not, so that what happens to work
 * for whoever runs the check proves little. Each directory on the way counts, and what
 * belongs to one user of the range is judged by its bits for that one and for others.
 */
import { quoted } from "../../companion/posix/quoting.ts";
import type { FileKind } from "../../system/posix/files.ts";
import { printable } from "../../system/text.ts";
import { inDockerfile, type Problem } from "../finding.ts";

/** One directory or file on the way to a file, symbolic links resolved. */
export type Step = {
  readonly path: string;
  readonly kind: FileKind;
  /** Permission bits, 0…0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
};

export type Wish = "read" | "execute" | "start" | "write";

/** As bits of a class; a script, and sidecar itself, must be read to be started. */
const wanted: Readonly<Record<Wish, number>> = {
  read: 4,
  execute: 1,
  start: 5,
  write: 3,
};
const search = 1;

const inRange = (identifier: number) => identifier >= 20_000 && identifier <= 29_999;

/** Whether `bits` (4 read, 2 write, 1 execute) are set for each who could come. */
export function isAllowed({ mode, uid, gid }: Step, bits: number): boolean {
  const classes = [0];
  if (inRange(gid)) classes.push(3);
  if (inRange(uid)) classes.push(6);
  return classes.every((shift) => ((mode >> shift) & bits) === bits);
}

/** The first of the steps that keeps somebody out, if one does. */
export function barrier(steps: readonly Step[], wish: Wish): Problem | undefined {
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1;
    const bits = isLast ? wanted[wish] : search;
    if (isLast || step.kind === "directory") {
      if (!isAllowed(step, bits)) return problemOf(step, isLast ? wish : undefined);
    }
  }
  return undefined;
}

function problemOf(step: Step, wish: Wish | undefined): Problem {
  const { path, uid } = step;
  const mode = step.mode.toString(8).padStart(4, "0");
  const what = wish === undefined ? "entered" : missing(step, wish);
  const letters = { read: "r", execute: "rx", start: "rx", write: "rwx" };
  const change = wish === undefined ? "x" : letters[wish];
  const mend = inDockerfile(`chmod a+${change} ${shellWord(path)}`);
  const isPrivate = /^\/(?:root|home)(?:\/|$)/.test(path);
  return {
    message:
      `${printable(path)} (mode ${mode}, user id ${uid}) ` +
      `may not be ${what} by everybody`,
    hint: isPrivate ? `install it elsewhere, as in /opt; or ${mend}` : mend,
  };
}

function missing(step: Step, wish: Wish): string {
  if (wish === "read") return "read";
  if (wish === "write") return "written to";
  if (wish === "execute" || isAllowed(step, 4)) return "executed";
  return isAllowed(step, 1) ? "read" : "read and executed";
}

/** A path as a word of a shell, with quotes where it needs them. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : printable(quoted(path));
}
