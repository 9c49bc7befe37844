/** The private directory of `--temporary`: made before the block, removed after it. */
import { makeTemporaryDirectory } from "#system/files.ts";
import { encode, printable } from "../system/text.ts";
import type { Environment } from "./environment.ts";
import { Failure, type Notice } from "./failure.ts";

/** @throws Failure `temporary-failed` */
export function makeTemporary(environment: Environment): string {
  const wanted = environment.get("TMPDIR");
  const parent = wanted?.startsWith("/") ? wanted : "/tmp";
  try {
    return makeTemporaryDirectory(`${parent.replace(/\/+$/, "")}/sidecar-`);
  } catch (error) {
    throw new Failure(
      "temporary-failed",
      `--temporary: no directory can be made in ${printable(parent)}: ` +
        (error as Error).message,
      "mount a writable /tmp, or let TMPDIR name a directory this user may write to",
    );
  }
}

/** Removes a directory and all in it. @returns what to say if something is left */
export function removeTemporary(directory: string): Notice | undefined {
  // Not imported: to load it costs every block a millisecond.
  const { chmodSync, lstatSync, readdirSync, rmSync } =
    process.getBuiltinModule("node:fs");
  const open = (path: string): void => {
    // A block may have taken its own right to enter a directory away.
    chmodSync(path, 0o700);
    for (const name of readdirSync(path)) {
      const entry = `${path}/${name}`;
      if (lstatSync(entry).isDirectory()) open(entry);
    }
  };
  for (const prepare of [() => {}, () => open(directory)]) {
    try {
      prepare();
      rmSync(Buffer.from(encode(directory)), { recursive: true, force: true });
      return undefined;
    } catch {
      // once more, with the rights set
    }
  }
  return {
    level: "warning",
    code: "temporary-left",
    message: `the directory ${printable(directory)} could not be removed as a whole`,
    hint: "remove it by hand; something in it belongs to another user or is in use",
  };
}
