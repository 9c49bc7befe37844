/** What somebody asked for, written to standard output. */
import { writeAll } from "#system/descriptors.ts";
import { errorNumber, SystemError } from "#system/errors.ts";
import { Failure } from "../contract/failure.ts";
import { encode } from "../system/text.ts";

/** @throws Failure `output-unwritable` */
export function writeAnswer(text: string): void {
  try {
    writeAll(1, encode(text));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    // Whoever reads (`sidecar --help | head`) has seen enough.
    if (error.errno === errorNumber.EPIPE) return;
    throw new Failure(
      "output-unwritable",
      `what was asked for cannot be written to standard output: ${error.message}`,
      "open it, or make room where it leads",
    );
  }
}
