/**
 * PROGRAM and ARGUMENTs: `${NAME}` replaced, nothing else special, no shell.
 *
 * Within a word `${NAME}` is replaced by the value as it is. A word that is nothing but
 * one `${NAME}` becomes as many words as the value holds: a JSON array of strings, or
 * words by the quoting rules of the POSIX shell. `$${` stands for `${`.
 */
import { printable } from "../system/text.ts";
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
  return jsonWords(value) ?? shellWords(value, name);
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

/**
 * Splits by the quoting of the POSIX shell (2.2): '…' literal; "…" in which \ escapes
 * only $ ` " \ and a newline; \x elsewhere literal x. Nothing is expanded.
 */
export function shellWords(text: string, name: string): string[] {
  const words: string[] = [];
  const unclosed = (what: string) =>
    new Failure(
      "words-quote",
      `the value of ${printable(name)} has ${what}`,
      'quote as in a shell, or give a JSON array: ["cobc", "-xj"]',
    );
  let word: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === "'") {
      const close = text.indexOf("'", at + 1);
      if (close < 0) throw unclosed("a ' that is not closed");
      word = (word ?? "") + text.slice(at + 1, close);
      at = close;
    } else if (character === '"') {
      const { content, close } = doubleQuoted(text, at + 1);
      if (close < 0) throw unclosed('a " that is not closed');
      word = (word ?? "") + content;
      at = close;
    } else if (character === "\\") {
      at += 1;
      if (at === text.length) throw unclosed("a \\ at its end");
      if (text[at] !== "\n") word = (word ?? "") + text[at];
    } else if (character === " " || character === "\t" || character === "\n") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** The text up to the closing quote, and where that is; -1 if nowhere. */
function doubleQuoted(text: string, start: number) {
  let content = "";
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '"') return { content, close: at };
    if (text[at] !== "\\" || !/[$`"\\\n]/.test(text[at + 1] ?? "")) content += text[at];
    else {
      at += 1;
      if (text[at] !== "\n") content += text[at];
    }
  }
  return { content, close: -1 };
}
