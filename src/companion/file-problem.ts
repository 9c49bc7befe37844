/** What is wrong with a program's file that cannot be started. */
import { errorNumber, SystemError } from "#system/errors.ts";
import { mayAccess, status } from "#system/files.ts";
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

/**
 * What shows from outside; nothing where that would do.
 * @param pathHint what makes a name a path here
 * @param notExecutable what to say of a file that this user may not execute
 */
export function problemOf(
  file: string,
  pathHint: string,
  notExecutable: (file: string) => Failure,
): Failure | undefined {
  const found = status(file);
  if (found instanceof SystemError) {
    if (found.errno === errorNumber.EACCES) return notExecutable(file);
    return new Failure(
      "program-not-found",
      `the program ${printable(file)} was not found: ${found.message}`,
      pathHint,
    );
  }
  if (found.kind === "directory")
    return new Failure(
      "program-directory",
      `the program ${printable(file)} is a directory`,
      "name an executable file behind --exec",
    );
  return mayAccess(file, "execute") ? undefined : notExecutable(file);
}
