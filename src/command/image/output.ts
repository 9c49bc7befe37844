/** What the commands that write an image have in common. */
import { imageNames } from "../../catalogue/image-names.ts";
import { Failure } from "../../contract/failure.ts";
import {
  isTag,
  parsePrefix,
  parseReference,
  repositoryName,
} from "../../contract/image-reference.ts";
import type { CopiedEntry } from "../../image/archive/copy.ts";
import { type OutputForm, outputForms, usualForm } from "../../image/archive/output.ts";
import type { ImageSource, Platform } from "../../image/model.ts";
import { printable } from "../../system/text.ts";
import type { CommandOption, CommandWords } from "../arguments.ts";

export const outputOptions = {
  output: {
    kind: "file",
    value: "OUT",
    description: "Where to write the image, also -o; whole, or not at all",
  },
  form: {
    kind: "choice",
    value: "FORM",
    choices: outputForms,
    description: "How to write it; else as SOURCE is",
  },
  repository: {
    kind: "text",
    value: "HOST/PATH",
    description: "Registry and path to put before computed names",
  },
  tag: {
    kind: "text",
    value: "TAG",
    description: "Tag of computed names",
    default: "latest",
  },
  json: { kind: "flag", description: "Print one JSON object" },
} as const satisfies Record<string, CommandOption>;

export function formOf(words: CommandWords, source: ImageSource): OutputForm {
  return (words.value("form") as OutputForm | undefined) ?? usualForm(source);
}

/** @throws Failure `option-value-missing` */
export function requireOutput(words: CommandWords, command: string): string {
  const path = words.value("output");
  if (path !== undefined) return path;
  throw new Failure(
    "option-value-missing",
    `${command} needs a place to write to`,
    "write -o OUT; SOURCE itself is not changed",
  );
}

/**
 * The names that the images must carry, whole: `registry.example.com/x:latest`.
 * @param variables of each image
 * @throws Failure `image-name…`, `option-value-invalid`, `reference-invalid`
 */
export function computedNames(
  variables: readonly (readonly string[])[],
  words: CommandWords,
): string[] {
  const all = variables.map((lines) => wholeNames(lines, words));
  const first = all[0] ?? [];
  const isSame = all.every((names) => names.join() === first.join());
  if (isSame) return first;
  throw new Failure(
    "image-names-ambiguous",
    "the images or platforms in it declare different runenvs, features or versions",
    "save one image alone, or declare the same for all platforms",
  );
}

export function wholeNames(lines: readonly string[], words: CommandWords): string[] {
  const repository = words.value("repository");
  const tag = words.value("tag") ?? outputOptions.tag.default;
  if (!isTag(tag))
    throw new Failure(
      "option-value-invalid",
      `--tag: ${printable(tag)} is no tag`,
      "a tag has 1 to 128 letters, digits, _ . - and begins with none of . -",
    );
  const prefix =
    repository === undefined ? "" : `${repositoryName(parsePrefix(repository))}/`;
  const names = imageNames(lines).map(({ name }) => `${prefix}${name}:${tag}`);
  // With what stands before it a name may have become too long.
  for (const name of names) parseReference(name);
  return names;
}

export function platformText({ os, architecture, variant }: Platform): string {
  return printable([os, architecture, ...(variant ? [variant] : [])].join("/"));
}

/** What was written, for `--json`. */
export function entriesJson(entries: readonly CopiedEntry[]) {
  return entries.map(({ descriptor, images }) => ({
    digest: descriptor["digest"],
    images: images.map(({ manifest, configuration, layers }) => ({
      digest: manifest.digest,
      configuration: configuration.digest,
      layers: layers.map(({ digest, size }) => ({ digest, size })),
    })),
  }));
}
