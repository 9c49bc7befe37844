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
  const sofar: Lookup = (name) => values.get(key(name)) ?? lookup(name);
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const start = index;
    const line = lines[index]!.replace(/\r$/, "").trimStart();
    const invalid = (what: string) => invalidLine(path, start + 1, what);
    if (line === "" || line.startsWith("#")) continue;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)=\s*(.*)$/su.exec(line);
    if (!match) throw invalid("is not NAME=VALUE");
    const [, name, rest] = match as unknown as [string, string, string];
    const quote = rest[0];
    let value = rest.trimEnd();
    if (quote === '"' || quote === "'") {
      value = rest;
      while (closing(value, quote) < 0) {
        index += 1;
        if (index === lines.length) throw invalid(`has a ${quote} that is not closed`);
        value += `\n${lines[index]}`;
      }
      const close = closing(value, quote);
      const behind = value.slice(close + 1).trim();
      if (behind !== "" && !behind.startsWith("#"))
        throw invalid(`has text behind the closing ${quote}`);
      value = value.slice(1, close);
    }
    const finishedValue = finished(value, quote, sofar, invalid);
    variables.set(name, finishedValue);
    values.set(key(name), finishedValue);
  }
  return variables;
}

/** Where the quote that opens `text` is closed; -1 if it is not. */
function closing(text: string, quote: string): number {
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === quote) return at;
    if (text[at] === "\\" && quote === '"') at += 1;
  }
  return -1;
}

function finished(
  value: string,
  quote: string | undefined,
  lookup: Lookup,
  invalid: (what: string) => Failure,
): string {
  if (quote === "'") return value;
  try {
    return expandText(
      quote === '"' ? value.replace(/\\(["\\])/g, "$1") : value,
      lookup,
    );
  } catch (error) {
    throw invalid(`holds ${(error as Failure).message}`);
  }
}

function invalidLine(path: string, line: number, what: string): Failure {
  return new Failure(
    "activation-file-invalid",
    `${printable(path)}:${line}: the line ${what}`,
    "this is for the image's developer to mend; docs/image-developers.md has the form",
  );
}
