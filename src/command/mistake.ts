/** A mistake of sidecar's own, that nobody else has caught. */

import { Log } from "../companion/log.ts";
import { Environment } from "../contract/environment.ts";
import { internalError } from "../contract/internal-error.ts";

/** @returns sidecar's exit code */
export function reportMistake(error: unknown): number {
  const failure = internalError(error);
  new Log({ format: "text", quiet: false }, new Environment([])).failure(failure);
  return failure.exitCode;
}
