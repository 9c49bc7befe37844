/** How far a long work has come: on a terminal only, and never in what is printed. */
import { writeAll } from "#system/descriptors.ts";
import { isTerminal } from "#system/process.ts";
import { encode } from "../../system/text.ts";

export type Progress = {
  /** Bytes, or anything else that can be counted. */
  readonly tell: (done: number, of: number) => void;
  /** Takes the line away. */
  readonly end: () => void;
};

const standardError = 2;
/** Milliseconds. */
const interval = 100;

/** @param what is being done: "pulling" */
export function progress(what: string): Progress {
  if (!isTerminal(standardError)) return { tell: () => {}, end: () => {} };
  let last = 0;
  const show = (text: string) => {
    try {
      writeAll(standardError, encode(`\r\x1b[K${text}`));
    } catch {
      // Nobody looks.
    }
  };
  return {
    tell: (done, of) => {
      const now = Date.now();
      if (now - last < interval) return;
      last = now;
      show(`${what}: ${formatBytes(done)} of ${formatBytes(of)}`);
    },
    end: () => {
      if (last > 0) show("");
      last = 0;
    },
  };
}

/** `1.5 GB`: powers of 1000, as disks and networks are counted. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
