/** Somebody who ought to read what sidecar writes, and does not until told so. */
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { afterEach } from "vitest";
import { executable } from "./paths.ts";
import { start } from "./sidecar.ts";

const open = new Set<number>();
afterEach(() => {
  for (const descriptor of open) closeSync(descriptor);
  open.clear();
});

/**
 * Starts `sidecar WORDS…`, one of whose own streams leads to such a reader.
 * @param command instead of that
 */
export function startUnread(
  stream: 1 | 2,
  words: readonly string[],
  directory: string,
  command: readonly string[] = [executable, ...words],
) {
  Bun.spawnSync(["mkfifo", join(directory, "console")]);
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const reader = openSync(join(directory, "console"), flags);
  open.add(reader);
  const script = `exec "$0" "$@" ${stream}>console`;
  const started = start(["sh", "-c", script, ...command], { directory });
  return { ...started, readAll: () => readToEnd(reader) };
}

async function readToEnd(descriptor: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const piece = Buffer.alloc(1 << 20);
  for (;;) {
    try {
      const length = readSync(descriptor, piece);
      if (length === 0) return Buffer.concat(pieces);
      pieces.push(Buffer.from(piece.subarray(0, length)));
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
      await Bun.sleep(1);
    }
  }
}
