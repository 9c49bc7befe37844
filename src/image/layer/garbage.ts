/**
 * Left alone, the collector waits until there is as much garbage as there is memory in use,
 * and half a million files are much; this keeps the sum small. It takes milliseconds, since
 * the files are in columns, which are no objects.
 */

/** Bytes of garbage after which it is collected. */
const limit = 24 << 20;

/** What a file leaves behind while it is read, in bytes; with what that costs around it. */
export const garbageOfEntry = 4096;

/** The same for a node of the tree that somebody looks at. */
export const garbageOfNode = 3072;

let garbage = 0;

/** Says that so many bytes are no longer used, or will soon be. */
export function leaveGarbage(bytes: number): void {
  garbage += bytes;
  if (garbage >= limit) collectGarbage();
}

/** Collects it if there is enough of it for that. */
export function collectGarbage(): void {
  if (garbage < limit / 8) return;
  garbage = 0;
  Bun.gc(true);
}
