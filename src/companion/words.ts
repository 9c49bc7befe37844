/**
 * PROGRAM and ARGUMENTs: `${NAME}` replaced, nothing else special, no shell.
 *
 * Within a word `${NAME}` is replaced by the value as it is. A word that is nothing but
 * one `${NAME}` becomes as many words as the value holds: a JSON array of strings, or
 * words by the quoting rules of the system. `$${` stands for `${`.
 */
import { splitWords } from "#companion/quoting.ts";
import { jsonWords } from "../contract/json-words.ts";
import { expandText, type Lookup, requireValue } from "../contract/references.ts";

/** @throws Failure `variable-unset`, `words-reference`, `words-quote` */
export function expandWords(words: readonly string[], lookup: Lookup): string[] {
  const expanded: string[] = [];
  for (const word of words) {
    // Most words hold no variable; they need none of what follows.
    if (word.includes("${")) expanded.push(...expandWord(word, lookup));
    else expanded.push(word);
  }
  return expanded;
}

function expandWord(word: string, lookup: Lookup): string[] {
  const whole = /^\$\{([^{}]*)\}$/.exec(word);
  if (whole) return splitValue(whole[1]!, requireValue(whole[1]!, word, lookup));
  return [expandText(word, lookup)];
}

/** The words in a variable's value. Errors name the variable, never its value. */
function splitValue(name: string, value: string): string[] {
  return jsonWords(value) ?? splitWords(value, name);
}
