/** What is to be said of a block's streams when it has ended. */
import { printable } from "../system/text.ts";
import type { Notice } from "./failure.ts";
import type { LostSink } from "./relay.ts";
import { formatSize } from "./size.ts";

/** A copy of a stream ended before the stream did. */
export function lostStream({ name, error, written }: LostSink): Notice {
  return {
    level: "warning",
    code: "stream-lost",
    message:
      `the copy of the block's output to ${printable(name)} ended early, ` +
      `after ${written} bytes: ${error.message}`,
    hint: "the block was not disturbed; what came later is only in the other copy",
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
