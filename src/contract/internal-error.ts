/** What nobody has foreseen. */
import { errorNumber, SystemError } from "#system/errors.ts";
import { Failure } from "./failure.ts";

/**
 * As one line like any other, and no stack: a mistake of ours; or a limit that any call
 * may meet.
 */
export function internalError(error: unknown): Failure {
  if (error instanceof SystemError && error.errno === errorNumber.EMFILE)
    return new Failure(
      "open-files-limited",
      "sidecar may not open as many files and pipes as it needs for this block",
      "allow it 64 or more (ulimit -n, docker run --ulimit nofile=…)",
    );
  const what =
    error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Failure(
    "internal-error",
    `sidecar made a mistake: ${what}`,
    "please report this line, the command line and `sidecar --version`",
  );
}
