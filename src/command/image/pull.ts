/** `sidecar image pull REFERENCE -o OUT`: an image from a registry. */

import { parseReference, repositoryName } from "../../contract/image-reference.ts";
import { writeOutput } from "../../image/archive/output.ts";
import type { ImageSource } from "../../image/model.ts";
import { defaultTag, openRegistry } from "../../image/registry/source.ts";
import { printable } from "../../system/text.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { entriesJson, formOf, outputOptions, requireOutput } from "./output.ts";
import { type Progress, progress } from "./progress.ts";
import { accessFrom, registryOptions } from "./registry-options.ts";

const { output, form, json } = outputOptions;

export const syntax: CommandSyntax = {
  name: "sidecar image pull",
  usage: `sidecar image pull REFERENCE -o OUT [OPTION…]

Copies an image from a registry, byte for byte: its digest and its signatures stay. All
platforms are copied. OUT is whole, or not there at all. Credentials are those of docker
login: config.json of DOCKER_CONFIG, or of HOME/.docker.`,
  options: {
    output,
    form: {
      ...form,
      description:
        "How to write it; else docker-archive, oci-archive for more platforms",
    },
    ...registryOptions,
    json,
  },
  operands: ["REFERENCE"],
  examples: [
    [
      "sidecar image pull registry.example.com/pseven/cobol:42 -o cobol.tar",
      "For docker load",
    ],
  ],
};

/** @throws Failure */
export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const path = requireOutput(words, syntax.name);
  const reference = parseReference(words.operands[0]!);
  const access = await accessFrom(words, context);
  const shown = progress("pulling");
  const source = counting(await openRegistry(reference, access), shown);
  try {
    const tag = reference.tag ?? (reference.digest ? undefined : defaultTag);
    const names = tag === undefined ? [] : [`${repositoryName(reference)}:${tag}`];
    const target = { path, form: formOf(words, source), names };
    const entries = await writeOutput(source, target);
    shown.end();
    const digest = source.listed[0]!.descriptor!.digest;
    const image = `${repositoryName(reference)}@${digest}`;
    return context.print(
      words.has("json")
        ? JSON.stringify({ image, ...target, written: entriesJson(entries) })
        : `${printable(path)}, ${target.form}: ${image}`,
    );
  } finally {
    shown.end();
    await source.close();
  }
}

/** The same source; what is read of its layers is told. */
function counting(source: ImageSource, { tell }: Progress): ImageSource {
  const layers = source.images.flatMap((image) => image.layers);
  const total = layers.reduce((sum, { stored }) => sum + stored.size, 0);
  let done = 0;
  return {
    ...source,
    open: async function* (layer) {
      for await (const piece of source.open(layer)) {
        done += piece.length;
        tell(Math.min(done, total), total);
        yield piece;
      }
    },
  };
}
