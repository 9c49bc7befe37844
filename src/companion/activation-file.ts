/** What an activation can be, and the file that it may name. */
import { errorNumber, SystemError } from "#system/errors.ts";
import { type FileStatus, mayAccess } from "#system/files.ts";
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

export type ShellPlan = {
  /** A file that the shell is to source, or a command line of it. */
  readonly kind: "script" | "command";
  /** The file's path, or the command line. */
  readonly text: string;
  /** The words that start the shell. */
  readonly shell: readonly string[];
};

export type ActivationPlan =
  | { readonly kind: "nothing" }
  | { readonly kind: "variables"; readonly path: string }
  | ShellPlan;

export const forDeveloper = "this is for the image's developer to mend";

/**
 * @param remedy how a file is made readable for everybody
 * @throws Failure `activation-file-missing`, `activation-file-unreadable`
 */
export function requireReadable(
  path: string,
  found: FileStatus | SystemError,
  remedy: string,
): void {
  const file = `the activation's file ${printable(path)}`;
  if (found instanceof SystemError) {
    const unreadable = found.errno === errorNumber.EACCES;
    throw new Failure(
      unreadable ? "activation-file-unreadable" : "activation-file-missing",
      `${file}: ${found.message}`,
      forDeveloper,
    );
  }
  // A device may be one: /dev/null has nothing to do.
  if (["directory", "fifo", "socket"].includes(found.kind))
    throw new Failure(
      "activation-file-unreadable",
      `${file} is a ${found.kind}`,
      forDeveloper,
    );
  if (!mayAccess(path, "read"))
    throw new Failure(
      "activation-file-unreadable",
      `${file} may not be read by this user`,
      `${forDeveloper}: ${remedy}`,
    );
}
