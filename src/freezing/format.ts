/** Writes what src/companion/frozen-format.ts reads. */
import { firstLine, type Line, lastLine } from "../contract/frozen-format.ts";
import { encode } from "../system/text.ts";

export type Fact = Omit<Line, "value"> & { readonly value?: string };

/** The content of the file, the same for the same facts. */
export function formatFrozen(
  runenv: string,
  activate: string,
  facts: readonly Fact[],
): Uint8Array {
  const lines = [firstLine, `runenv ${runenv}`, `activate ${escapeText(activate)}`];
  for (const { word, name, detail, value } of facts) {
    const isRule = word !== "file" && word !== "same";
    const fields = isRule ? [escapeName(name), detail] : [detail, escapeName(name)];
    lines.push([word, ...fields, ...(word === "set" ? [value ?? ""] : [])].join(" "));
  }
  const above = encode(lines.map((line) => `${line}\n`).join(""));
  return Buffer.concat([above, encode(lastLine(above))]);
}

/** A text such that it is in one line, and nothing in it is taken for `${NAME}`. */
export function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
  return text.replace(/[\\$\u0000-\u001f\u007f]| $|[\udc80-\udcff]/gu, (character) => {
    if (character === "\\" || character === "$") return `\\${character}`;
    if (character === "\n") return "\\n";
    return `\\x${(character.charCodeAt(0) & 0xff).toString(16).padStart(2, "0")}`;
  });
}

function escapeName(name: string): string {
  return escapeText(name).replaceAll(" ", "\\x20");
}

/** What stands for a variable's value of before. */
export type Reference = { readonly text: string; readonly name: string };

/** A value as a template: each occurrence of a reference's text is `${NAME}`. */
export function templateOf(value: string, references: readonly Reference[]): string {
  let template = "";
  for (let rest = value; ; ) {
    const found = firstOf(rest, references);
    // A blank may end what stands before a reference.
    if (!found) return template + escapeText(rest);
    template += escapeText(`${rest.slice(0, found.at)}.`).slice(0, -1);
    template += `\${${found.reference.name}}`;
    rest = rest.slice(found.at + found.reference.text.length);
  }
}

/** The occurrence that begins first; of several there the longest. */
function firstOf(text: string, references: readonly Reference[]) {
  let first: { at: number; reference: Reference } | undefined;
  for (const reference of references) {
    const at = text.indexOf(reference.text);
    if (at < 0 || (first && at > first.at)) continue;
    const isLonger =
      !first || at < first.at || reference.text.length > first.reference.text.length;
    if (isLonger) first = { at, reference };
  }
  return first;
}
