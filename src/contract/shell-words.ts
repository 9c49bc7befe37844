/** The quoting of the POSIX shell: to split a variable's value, and to quote a word. */

import { printable } from "../system/text.ts";
import { Failure } from "./failure.ts";

/**
 * Splits by the quoting of the POSIX shell (2.2): '…' literal; "…" in which \ escapes
 * only $ ` " \ and a newline; \x elsewhere literal x. Nothing is expanded.
 */
export function splitWords(text: string, name: string): string[] {
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

/** `text` as one word of a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A path as a word of a shell for people to paste, with quotes where it needs them. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : printable(quoted(path));
}
