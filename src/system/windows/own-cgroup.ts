/** There are no cgroups on Windows, where a job object does all that they would do. */
import { errorNumber, SystemError } from "./errors.ts";

/** @throws SystemError */
export function makeCgroup(_parent: string): string {
  throw new SystemError("mkdir", errorNumber.ENOENT);
}

export function removeCgroup(_directory: string): void {}
