/** `${NAME}` in a text, replaced by the value of a variable; `$${` stands for `${`. */

import { printable } from "../system/text.ts";
import { Failure } from "./failure.ts";

/** The value of a variable, or nothing where it is not set. */
export type Lookup = (name: string) => string | undefined;

/**
 * `text` with every `${NAME}` replaced, as one piece.
 * @throws Failure `variable-unset`, `words-reference`
 */
export function expandText(text: string, lookup: Lookup): string {
  let expanded = "";
  let at = 0;
  for (;;) {
    const open = text.indexOf("${", at);
    if (open < 0) return expanded + text.slice(at);
    if (open > at && text[open - 1] === "$") {
      expanded += `${text.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    const close = text.indexOf("}", open);
    if (close < 0)
      throw new Failure(
        "words-reference",
        `'${printable(text)}': the \${ is not closed by }`,
        "write ${NAME} for a variable, or $${ for the two characters ${",
      );
    expanded += text.slice(at, open);
    expanded += requireValue(text.slice(open + 2, close), text, lookup);
    at = close + 1;
  }
}

/** @param word for messages @throws Failure `variable-unset`, `words-reference` */
export function requireValue(name: string, word: string, lookup: Lookup): string {
  if (name === "" || /[={}]/.test(name))
    throw new Failure(
      "words-reference",
      `'${printable(word)}': '${printable(name)}' is not the name of a variable`,
      "write ${NAME} for a variable, or $${ for the two characters ${",
    );
  const value = lookup(name);
  if (value === undefined)
    throw new Failure(
      "variable-unset",
      `'${printable(word)}': the variable ${printable(name)} is not set`,
      "set it in the image, in the activation or in the task's env; " +
        "for the characters ${ write $${",
    );
  return value;
}
