/** `sidecar image names SOURCE`: all names that an image must carry. */
import { imageNames } from "../../catalogue/image-names.ts";
import { Failure } from "../../contract/failure.ts";
import { writeOutput } from "../../image/archive/output.ts";
import type { ImageSource } from "../../image/model.ts";
import { openSource } from "../../image/source/open.ts";
import { printable } from "../../system/text.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import {
  computedNames,
  entriesJson,
  formOf,
  outputOptions,
  platformText,
  requireOutput,
  wholeNames,
} from "./output.ts";
import { accessFrom, registryOptions } from "./registry-options.ts";

export const syntax = {
  name: "sidecar image names",
  usage: `sidecar image names SOURCE [--json] [--apply -o OUT]

Prints all names that the image must carry, computed from the runenvs and features that
it declares: one for each runenv, and one for each runenv with each feature. With
--apply it writes the image with these names, and with no other.`,
  options: {
    apply: { kind: "flag", description: "Write the image with these names" },
    ...outputOptions,
    ...registryOptions,
  },
  operands: ["SOURCE"],
  examples: [
    ["sidecar image names image.tar", "One name a line, each with its tag"],
    ["sidecar image names image.tar --apply -o named.tar", "Gives it these names"],
  ],
} as const satisfies CommandSyntax;

export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const isApplied = words.has("apply");
  const { name } = syntax;
  if (!isApplied)
    for (const option of ["output", "form"])
      if (words.value(option) !== undefined)
        throw new Failure(
          "option-conflict",
          `--${option} means nothing without --apply`,
          `${name} --help shows how it is used`,
        );
  const path = isApplied ? requireOutput(words, `${name} --apply`) : undefined;
  const source = await openSource(words.operands[0]!, await accessFrom(words, context));
  try {
    return path === undefined
      ? context.print(told(source, words))
      : await apply(source, path, words, context);
  } finally {
    await source.close();
  }
}

async function apply(
  source: ImageSource,
  path: string,
  words: CommandWords,
  { print }: CommandContext,
): Promise<number> {
  const names = computedNames(environments(source), words);
  const form = formOf(words, source);
  const entries = await writeOutput(source, { path, form, names });
  if (words.has("json"))
    return print(JSON.stringify({ path, form, names, written: entriesJson(entries) }));
  return print([...names, `written: ${printable(path)}, ${form}`].join("\n"));
}

function environments(source: ImageSource): (readonly string[])[] {
  return source.images.map(({ configuration }) => configuration.environment);
}

function told(source: ImageSource, words: CommandWords): string {
  const images = source.images.map(({ names, configuration }) => ({
    platform: platformText(configuration.platform),
    names: wholeNames(configuration.environment, words),
    declared: imageNames(configuration.environment),
    present: names,
  }));
  if (words.has("json")) return JSON.stringify({ source: source.name, images });
  const lists = images.map((image) => image.names.join("\n"));
  if (new Set(lists).size === 1) return lists[0]!;
  return images
    .map(({ platform, names }) => `${platform}:\n${names.join("\n")}`)
    .join("\n");
}
