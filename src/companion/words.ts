/**
 * PROGRAM and ARGUMENTs: `${NAME}` replaced, nothing else special, no shell.
 *
 * Within a word `${NAME}` is replaced by the value as it is. A word that is nothing but
 * one `${NAME}` becomes as many words as the value holds: a JSON array of strings, or
 * words by the quoting rules of the system. `$${` stands for `${`.
 */
import { splitWords } from "#companion/quoting.ts";
import { Failure } from "../contract/failure.ts";
import { jsonWords } from "../contract/json-words.ts";
import { expandText, type Lookup, requireValue } from "../contract/references.ts";
import { isSecret } from "../contract/secrets.ts";
import { printable } from "../system/text.ts";

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

/** Whether a word holds a variable whose value must never be shown. */
export function namesSecret(word: string): boolean {
  return [...word.matchAll(/\$\{([^{}]*)\}/g)].some(([, name]) => isSecret(name!));
}

/** A failure; one about PROGRAM, where that is a secret's value, without it. */
export function withoutSecret(failure: Failure, program: string): Failure {
  if (!failure.code.startsWith("program-") || !namesSecret(program)) return failure;
  return new Failure(
    failure.code,
    `the program ${printable(program)}, whose value is not shown, cannot be started`,
    failure.hint,
  );
}

/** The words in a variable's value. Errors name the variable, never its value. */
function splitValue(name: string, value: string): string[] {
  return jsonWords(value) ?? splitWords(value, name);
}
