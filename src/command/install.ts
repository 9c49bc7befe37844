/** `sidecar install DEST`: a copy of this executable, for a volume or a directory. */
import { deferInterruption } from "#system/interruption.ts";
import type { Started } from "#system/start.ts";
import { Failure } from "../contract/failure.ts";
import { install } from "../installation/install.ts";
import { printable } from "../system/text.ts";
import { unknownOption } from "./suggest.ts";
import { version } from "./version.ts";

/** A signal came; what was half-done is undone on the way out. */
class Interrupted extends Error {}

const seeHelp = "sidecar install --help shows how it is used";

/** @returns sidecar's exit code @throws Failure */
export function installHere(
  words: readonly string[],
  started: Started,
  print: (text: string) => number,
): number {
  const interruption = deferInterruption(started.ignoredSignals);
  const goOn = () => {
    if (interruption.arrived()) throw new Interrupted();
  };
  try {
    const { path, unchanged, bytes, sha256 } = install(destinationOf(words), goOn);
    const what = unchanged ? "left alone, since it is the same" : "installed";
    return print(
      `${printable(path)}: ${what}: sidecar ${version}, ${bytes} bytes, ` +
        `SHA-256 ${sha256}`,
    );
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const signal = interruption.arrived() ?? 0;
    interruption.release();
    return 128 + signal; // process 1 goes on; nobody else gets here
  }
}

/** @throws Failure `argument-…`, `option-unknown`, `option-value-invalid` */
function destinationOf(words: readonly string[]): string {
  const end = words.indexOf("--");
  const option = words
    .slice(0, end < 0 ? undefined : end)
    .find((word) => word.startsWith("-") && word !== "-");
  if (option !== undefined)
    throw unknownOption(option, { names: ["help"], help: "sidecar install --help" });
  const [destination, another] = words.filter((_, index) => index !== end);
  if (destination === undefined)
    throw new Failure(
      "argument-missing",
      "sidecar install needs to be told where to",
      `write sidecar install DEST, a file or a directory; ${seeHelp}`,
    );
  if (another !== undefined)
    throw new Failure(
      "argument-unexpected",
      `sidecar install takes one DEST; ${printable(another)} is one too many`,
      `a name with blanks in it needs quotes; ${seeHelp}`,
    );
  if (destination === "")
    throw new Failure("option-value-invalid", "DEST is empty", seeHelp);
  return destination;
}
