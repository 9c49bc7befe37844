/**
 * What an activation is made of: the value, the file that it names, the files that
 * these source by a plain path, and those that the image's developer names. What else a
 * script may read cannot be known.
 */
import { fingerprint } from "../contract/frozen-format.ts";
import { SystemError } from "../system/posix/errors.ts";
import { readFile, status } from "../system/posix/files.ts";
import { decode } from "../system/text.ts";
import type { Fact } from "./format.ts";

/** Bytes. */
const largestFile = 1 << 26;

/** `. /plain/path` and `source /plain/path`, at the beginning of a command. */
const sourcing = new RegExp(
  [
    /(?:^|[\n;&|({]|\b(?:then|do|else|if)\b)[ \t]*/,
    /(?:\.|source)[ \t]+(["']?)(\/[^\s"'$`;&|<>()*?[\]{}\\]+)\1/,
  ]
    .map(({ source }) => source)
    .join(""),
  "g",
);

export type Inputs = {
  readonly facts: readonly Fact[];
  /** The value and the contents of the files. */
  readonly texts: readonly string[];
};

/**
 * @param file the file that the value names, where it does
 * @param named further ones
 */
export function findInputs(
  activate: string,
  file: string | undefined,
  named: readonly string[],
): Inputs {
  const texts = [activate];
  const facts = new Map<string, Fact>();
  const waiting = [
    ...(file === undefined ? [] : [file]),
    ...named,
    ...sourced(activate),
  ];
  for (const path of waiting) {
    if (facts.has(path)) continue;
    const content = contentOf(path);
    if (content === undefined) continue;
    facts.set(path, { word: "file", name: path, detail: fingerprint(content) });
    const text = decode(content);
    texts.push(text);
    waiting.push(...sourced(text));
  }
  return { facts: [...facts.values()], texts };
}

/** `$NAME`, `${NAME`; `NAME=`; and what is written as variables of programs are. */
const mention = /\$\{?[#!]?([A-Za-z_]\w*)|\b([A-Za-z_]\w*)\+?=|\b([A-Z_][A-Z0-9_]*)\b/g;
const declaration = /\b(?:unset|export|readonly|declare|typeset)\b([^\n;&|]*)/g;

/** The names of variables that texts of a shell may look at, or change. */
export function namesIn(texts: readonly string[]): Set<string> {
  const names = new Set<string>();
  for (const text of texts) {
    for (const [, used, assigned, capitals] of text.matchAll(mention))
      names.add(used ?? assigned ?? capitals!);
    for (const [, words] of text.matchAll(declaration))
      for (const [name] of words!.matchAll(/(?<![\w-])[A-Za-z_]\w*/g)) names.add(name);
  }
  return names;
}

function sourced(text: string): string[] {
  return [...text.matchAll(sourcing)].map(([, , path]) => path!);
}

function contentOf(path: string): Uint8Array | undefined {
  const found = status(path);
  if (found instanceof SystemError || found.kind !== "file") return undefined;
  const content = readFile(path, largestFile);
  return content instanceof SystemError ? undefined : content;
}
