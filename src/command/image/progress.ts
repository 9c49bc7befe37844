/** How far long work is, in one line of a terminal that is gone at its end. */
import { writeAll } from "#system/descriptors.ts";
import { isTerminal } from "#system/process.ts";
import { encode } from "../../system/text.ts";

const standardError = 2;
/** Milliseconds between two tellings; sooner nobody could read it. */
const interval = 100;

export type ProgressLine = {
  /** Bytes, or whatever else is counted. */
  readonly tell: (done: number, total: number) => void;
  /** Removes the line. */
  readonly end: () => void;
};

/** @param what is being done: "reading layers" */
export function progressLine(what: string): ProgressLine {
  if (!isTerminal(standardError)) return { tell: () => {}, end: () => {} };
  let last = performance.now();
  let isShown = false;
  const write = (text: string) => {
    try {
      writeAll(standardError, encode(text));
    } catch {
      // Nobody sees it.
    }
  };
  return {
    tell: (done, total) => {
      const now = performance.now();
      if (now - last < interval) return;
      last = now;
      isShown = true;
      const percent = total > 0 ? Math.floor((100 * done) / total) : 100;
      write(`\r\x1b[K${what}: ${percent}% of ${size(total)}`);
    },
    end: () => {
      if (isShown) write("\r\x1b[K");
    },
  };
}

function size(bytes: number): string {
  return bytes < 1e9
    ? `${Math.ceil(bytes / 1e6)} MB`
    : `${(bytes / 1e9).toFixed(1)} GB`;
}
