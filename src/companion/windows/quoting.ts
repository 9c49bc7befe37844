/** The words in a variable's value, by the rules of Windows. */
import { mayAccess } from "#system/files.ts";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import { runtimeWords } from "../../system/windows/quoting.ts";

/**
 * A value that names a file is one word: folders like `C:\Program Files` have blanks.
 * @throws Failure `words-quote`
 */
export function splitWords(value: string, name: string): string[] {
  if (value !== "" && mayAccess(value, "exist")) return [value];
  const words = runtimeWords(value);
  if (words) return words;
  throw new Failure(
    "words-quote",
    `the value of ${printable(name)} has a " that is not closed`,
    'quote as for a command line of Windows, or give a JSON array: ["cobc", "-xj"]',
  );
}
