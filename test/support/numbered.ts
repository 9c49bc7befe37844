/** Bytes that two programs agree on, so that each of them has its place. */
import { join } from "node:path";
import { program } from "./roots.ts";
import { workspace } from "./sidecar.ts";

/** A directory with the block `write` in it. */
export function place(): string {
  const directory = workspace();
  program("write", join(directory, "write"));
  return directory;
}

/** What the block test/programs/write.c writes: `length` bytes to a stream (1 or 2). */
export function numbered(length: number, stream: 1 | 2 = 1): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state: number = stream; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** As a boolean: a difference of megabytes is nothing to look at. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
