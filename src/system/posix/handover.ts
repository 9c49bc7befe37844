/**
 * How a shell's environment comes back to sidecar: the shell's last act is to exec
 * `sidecar --internal-environment DESCRIPTOR STATUS`, which writes its own into a pipe
 * (src/launcher/, or in an executable without the launcher sendEnvironment below).
 */
import { decode, encode } from "../text.ts";
import { makePipe, writeAll } from "./descriptors.ts";
import type { Started } from "./start.ts";

export type Answer = {
  readonly readEnd: number;
  readonly address: string;
  /** What the shell has to inherit for it. */
  readonly descriptors: Readonly<Record<number, number>>;
};

export function openAnswer(started: Started): Answer {
  const { readEnd, writeEnd } = makePipe();
  const number = highDescriptor(started);
  return { readEnd, address: String(number), descriptors: { [number]: writeEnd } };
}

/** A descriptor's number that a script's own `exec 3>…` will hardly hit. */
function highDescriptor({ descriptorLimit }: Started): number {
  return Math.min(60, descriptorLimit - 1);
}

/** Entries, each ended by NUL, all by one more. */
export function sendEnvironment(address: string, entries: readonly string[]): void {
  const text = entries.map((entry) => `${entry}\0`).join("");
  writeAll(Number(address), encode(`${text}\0`));
}

/** The entries that were sent; nothing where they are not complete. */
export function readAnswer(content: Uint8Array): string[] | undefined {
  const text = decode(content);
  return text.endsWith("\0") ? text.split("\0").slice(0, -2) : undefined;
}
