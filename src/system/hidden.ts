/** Files that are on their way to a name: hidden, and such that no two meet. */
import { listDirectory } from "#system/files.ts";
import { joinPath } from "#system/paths.ts";
import { removeAbandoned } from "#system/staging.ts";

/** A name that begins with `prefix`, and ends with 64 random bits. */
export function hiddenName(prefix: string): string {
  const random = crypto.getRandomValues(new Uint8Array(8));
  return prefix + Buffer.from(random).toString("hex");
}

/** Removes what somebody left who was killed: not that which is still at work. */
export function removeLeftovers(directory: string, prefix: string): void {
  for (const name of listDirectory(directory) ?? [])
    if (name.startsWith(prefix)) removeAbandoned(joinPath(directory, name));
}
