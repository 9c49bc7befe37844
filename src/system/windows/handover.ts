/**
 * How a shell's environment comes back to sidecar: the shell's last act is to run
 * `sidecar --internal-environment ADDRESS 0`, which writes its own into a pipe. A name
 * serves as address, because shells do not hand handles on; nobody can guess it, and by
 * Windows' defaults nobody but this user may write to it.
 */
import { closeDescriptor, makeAnswerPipe, writeWaiting } from "./descriptors.ts";
import { openPipeForWriting } from "./pipes.ts";
import type { Started } from "./start.ts";
import { join, wide } from "./wide.ts";

export type Answer = {
  readonly readEnd: number;
  readonly address: string;
  /** What the shell has to inherit for it. */
  readonly descriptors: Readonly<Record<number, number>>;
};

export function openAnswer(_started: Started): Answer {
  const { readEnd, name } = makeAnswerPipe();
  return { readEnd, address: name, descriptors: {} };
}

/** Entries in UTF-16, each ended by NUL, all by one more. */
export function sendEnvironment(address: string, entries: readonly string[]): void {
  const text = wide(entries.map((entry) => `${entry}\0`).join(""));
  const bytes = new Uint8Array(text.buffer);
  const pipe = openPipeForWriting(address);
  for (let at = 0; at < bytes.length; ) at += writeWaiting(pipe, bytes.subarray(at));
  closeDescriptor(pipe);
}

/** The entries that were sent; nothing where they are not complete. */
export function readAnswer(content: Uint8Array): string[] | undefined {
  if (content.length < 2 || content.length % 2 === 1) return undefined;
  const text = join(new Uint16Array(content.slice().buffer));
  return /(?:^|\0)\0$/.test(text) ? text.split("\0").slice(0, -2) : undefined;
}
