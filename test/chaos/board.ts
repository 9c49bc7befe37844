/** Reads what the processes of a scenario have noted (board.h). */
import { readFileSync } from "node:fs";

const headerSize = 4096;
const noteSize = 24;
const mostNotes = 20_000;
export const boardSize = headerSize + noteSize * mostNotes;

const kinds = [
  "start",
  "armed",
  "signal",
  "write",
  "written",
  "exit",
  "die",
  "alarm",
  "zombies",
  "refused",
  "step",
] as const;

export type Note = {
  /** Nanoseconds of the monotonic clock. */
  readonly time: number;
  readonly process: number;
  readonly node: number;
  readonly kind: (typeof kinds)[number];
  readonly a: number;
  readonly b: number;
};

export type Board = {
  readonly notes: readonly Note[];
  /** More was to be noted than there was room for. */
  readonly isFull: boolean;
  /** Processes that were made by fork. */
  readonly forks: number;
};

export function readBoard(path: string): Board {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0, true);
  const notes: Note[] = [];
  for (let index = 0; index < Math.min(count, mostNotes); index += 1) {
    const at = headerSize + index * noteSize;
    const kind = kinds[view.getUint16(at + 14, true) - 1];
    // Its writer was killed between taking the place and filling it.
    if (kind === undefined) continue;
    notes.push({
      time: Number(view.getBigUint64(at, true)),
      process: view.getUint32(at + 8, true),
      node: view.getUint16(at + 12, true),
      kind,
      a: view.getInt32(at + 16, true),
      b: view.getInt32(at + 20, true),
    });
  }
  return { notes, isFull: count > mostNotes, forks: view.getUint32(4, true) };
}
