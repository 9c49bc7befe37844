/**
 * PROGRAM and ARGUMENTs: `${NAME}` replaced, nothing else special, no shell.
 *
 * Within a word `${NAME}` is replaced by the value as it is. A word that is nothing but
 * one `${NAME}` becomes as many words as the value holds: a JSON array of strings, or
 * words by the quoting rules of the system. `$${` stands for `${`.
 */
import { splitWords } from "#companion/quoting.ts";
import { printable } from "../system/text.ts";
import { isSecret } from "./environment.ts";
import { Failure } from "./failure.ts";

/** The value of a variable, or nothing where it is not set. */
export type Lookup = (name: string) => string | undefined;

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

/** `text` with every `${NAME}` replaced, as one piece. */
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

function requireValue(name: string, word: string, lookup: Lookup): string {
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

/** The words in a variable's value. Errors name the variable, never its value. */
function splitValue(name: string, value: string): string[] {
  return jsonWords(value) ?? splitWords(value, name);
}

function jsonWords(value: string): string[] | undefined {
  if (!value.trimStart().startsWith("[")) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    const isWord = (word: unknown) => typeof word === "string" && !word.includes("\0");
    return Array.isArray(parsed) && parsed.every(isWord) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
