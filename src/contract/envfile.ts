/**
 * Activation by a `.env` file: variables as data, no shell.
 *
 *     # a comment
 *     PATH=/opt/venv/bin:${PATH}
 *     export GREETING="two
 *     lines"
 *     LITERAL='$100 ${untouched}'
 *
 * A bare value is what stands behind the `=`, less blanks at both ends. `${NAME}` is
 * replaced from the environment so far, also in "…"; `$${` stands for `${`. "…" and '…'
 * may go over several lines; in "…" a \ escapes `"` and `\`.
 */

import { printable } from "../system/text.ts";
import { Failure } from "./failure.ts";
import { expandText, type Lookup } from "./references.ts";

const exported = /^export\s+/;
const nameForm = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** Told of a line that sets no variable: its number, why, and whose it is if known. */
export type BadLine = (line: number, what: string, name?: string) => void;

/**
 * @param path for messages
 * @param key the form of a name in which names are compared
 * @returns the variables that the file sets, in its order
 * @throws Failure `activation-file-invalid`, which names the line
 */
export function readEnvFile(
  path: string,
  text: string,
  lookup: Lookup,
  key: (name: string) => string = (name) => name,
): Map<string, string> {
  const variables = new Map<string, string>();
  const values = new Map<string, string>();
  readEnvLines(
    text,
    (name) => values.get(key(name)) ?? lookup(name),
    (name, value) => {
      variables.set(name, value);
      values.set(key(name), value);
    },
    (line, what) => {
      throw invalidLine(path, line, what);
    },
  );
  return variables;
}

/**
 * @param lookup is asked when a line is read, so that it may know the lines before
 * @param bad where it returns, reading goes on with the line behind, even where a quote
 *   was opened: one that is not closed does not hide the rest
 */
export function readEnvLines(
  text: string,
  lookup: Lookup,
  take: (name: string, value: string, line: number) => void,
  bad: BadLine,
): void {
  let end = -1;
  let equals = -1;
  for (let number = 1; end < text.length; number += 1) {
    const start = end + 1;
    end = indexOrEnd(text, "\n", start);
    if (equals < start) equals = indexOrEnd(text, "=", start);
    const left = text.slice(start, Math.min(equals, end));
    const name = nameForm.test(left) ? left : left.trimStart().replace(exported, "");
    if (equals >= end || !nameForm.test(name)) {
      const isNothing = name === "" && equals >= end;
      if (!isNothing && !name.startsWith("#")) bad(number, "is not NAME=VALUE");
      continue;
    }
    const rest = text.slice(equals + 1, end).trimStart();
    const quote = rest[0];
    let value = rest.trimEnd();
    const first = number;
    if (quote === '"' || quote === "'") {
      const open = end - rest.length;
      const close = closing(text, open);
      if (close < 0) {
        bad(number, `has a ${quote} that is not closed`, name);
        continue;
      }
      const last = indexOrEnd(text, "\n", close);
      const behind = text.slice(close + 1, last).trim();
      if (behind !== "" && !behind.startsWith("#")) {
        bad(number, `has text behind the closing ${quote}`, name);
        continue;
      }
      const lines = text.slice(open + 1, close).split(/\r?\n/);
      value = lines.join("\n");
      number += lines.length - 1;
      end = last;
    }
    // Nearly all lines are what they are.
    const isFinished = quote !== '"' && !value.includes("${");
    const finishedValue = isFinished
      ? value
      : finished(value, quote, lookup, (what) => bad(first, what, name));
    if (finishedValue !== undefined) take(name, finishedValue, first);
  }
}

function indexOrEnd(text: string, what: string, from: number): number {
  const index = text.indexOf(what, from);
  return index < 0 ? text.length : index;
}

/** Where the quote at `open` is closed; -1 if it is not. */
function closing(text: string, open: number): number {
  const quote = text[open];
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === quote) return at;
    if (text[at] === "\\" && quote === '"') at += 1;
  }
  return -1;
}

function finished(
  value: string,
  quote: string | undefined,
  lookup: Lookup,
  bad: (what: string) => void,
): string | undefined {
  if (quote === "'") return value;
  try {
    return expandText(
      quote === '"' ? value.replace(/\\(["\\])/g, "$1") : value,
      lookup,
    );
  } catch (error) {
    bad(`holds ${(error as Failure).message}`);
    return undefined;
  }
}

function invalidLine(path: string, line: number, what: string): Failure {
  return new Failure(
    "activation-file-invalid",
    `${printable(path)}:${line}: the line ${what}`,
    "this is for the image's developer to mend; docs/image-developers.md has the form",
  );
}
