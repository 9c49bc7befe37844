/** What is to be said of a block's streams when it has ended. */

import type { Notice } from "../contract/failure.ts";
import { printable } from "../system/text.ts";
import type { LostSink } from "./relay.ts";
import { formatSize } from "./size.ts";

/** A copy of a stream ended before the stream did; the file is what counts. */
export function lostStream({ name, isConsole, error, written }: LostSink): Notice {
  return {
    level: isConsole ? "warning" : "error",
    code: "stream-lost",
    message:
      `the copy of the block's output to ${printable(name)} ended early, ` +
      `after ${written} bytes: ${error.message}`,
    hint: isConsole
      ? "the block was not disturbed; what came later is only in its file"
      : "the block was not disturbed; what came later is, with --tee, on the console",
  };
}

/** A file has reached its limit. In bytes. */
export function outputCut(name: string, leftOut: number, limit: number): Notice {
  return {
    level: "warning",
    code: "output-cut",
    message:
      `${leftOut} bytes were left out of ${printable(name)}, ` +
      `which may have ${formatSize(limit)} of the block's output`,
    hint: "it has the beginning and the end of it; --max-output can allow more",
  };
}
