/** `sidecar resolve`: the one place for a block, and why this one. */
import { writeAll } from "#system/descriptors.ts";
import type { Place } from "../../catalogue/capability.ts";
import {
  type Engine,
  type EngineName,
  engines,
  requirementText,
} from "../../catalogue/engines/engines.ts";
import { needsOf } from "../../catalogue/engines/needs.ts";
import { explain } from "../../catalogue/explanation.ts";
import { imageName } from "../../catalogue/image-names.ts";
import type { Request } from "../../catalogue/request.ts";
import { type Resolution, resolvePlace } from "../../catalogue/resolve.ts";
import { encode } from "../../system/text.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { nearestJson, nothingFits, wrongText } from "./nothing.ts";
import { catalogueFrom, catalogueOptions } from "./reading.ts";
import { requestFrom, requestOptions } from "./request-options.ts";

export const syntax = {
  name: "sidecar resolve",
  usage: `sidecar resolve --runenv=(NAME,VERSION) [--require=(NAME,VERSION)]… [OPTION…]
sidecar resolve --manifest FILE [OPTION…]

Finds the one place for a block, and prints the image's reference, or what the host must
have. With the name of an engine as --format it looks at hosts only, and prints what a
job has to demand there, in the engine's own words (docs/catalogue-engines.md).

Exit code: 0, or 1 where nothing fits; then it says what comes nearest.`,
  options: {
    ...requestOptions,
    explain: {
      kind: "flag",
      description:
        "Say step by step how it was found; with a --format on standard error",
    },
    format: {
      kind: "text",
      value: "FORMAT",
      choices: ["text", "json", "kubernetes", "nomad", "slurm", "htcondor"],
      default: "text",
      description: "For people, for programs, or for a job of an engine",
    },
    ...catalogueOptions,
  },
  operands: [],
  examples: [
    [
      "sidecar resolve --runenv='(COBOL,42)' --require='(NX,2020)' --values values.yaml",
      "An image",
    ],
    [
      "sidecar resolve --manifest block.yaml --explain --values values.yaml",
      "And how it was found",
    ],
  ],
} as const satisfies CommandSyntax;

export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const request = await requestFrom(words);
  const catalogue = await catalogueFrom(words, context);
  const all = catalogue.places;
  const format = words.value("format")!;
  const engine = Object.hasOwn(engines, format)
    ? engines[format as EngineName]
    : undefined;
  const places = engine ? all.filter((place) => isHostOf(engine, place)) : all;
  const resolution = resolvePlace(places, request);
  if (words.has("explain")) {
    const text = explanation(places, request, resolution, all.length);
    // What programs read is not mixed with what people read.
    if (format === "text") context.print(text);
    else aside(text);
  }
  if (!resolution) {
    if (format === "json")
      context.print(
        JSON.stringify({ schema, place: null, nearest: nearestJson(places, request) }),
      );
    const others =
      engine && all.length > 0
        ? `none of the ${all.length} places is looked at: ${hostsOnly(engine)}`
        : wrongText(catalogue);
    throw nothingFits(places, request, others);
  }
  if (engine)
    return context.print(
      requirementText(engine.requirement(needsOf(resolution, request, places))),
    );
  if (format === "json") return context.print(asJson(resolution, request));
  return words.has("explain") ? 0 : context.print(asText(resolution, request));
}

/** To standard error. */
function aside(text: string): void {
  try {
    writeAll(2, encode(`${text}\n`));
  } catch {
    // Nobody reads it.
  }
}

function hostsOnly({ title, systems }: Engine): string {
  return `${title} runs jobs on hosts of ${systems.join(" and ")}`;
}

function isHostOf({ systems }: Engine, { image, os }: Place): boolean {
  return image === undefined && systems.includes(os);
}

const schema = "sidecar-place-1";

function asJson({ place, runenv, feature }: Resolution, request: Request): string {
  const { os, extensionNode, image, origin } = place;
  return JSON.stringify({
    schema,
    place: {
      os,
      extension_node: extensionNode,
      runenv: [runenv.name, runenv.version],
      require: feature && [feature.name, feature.version],
      image: image ?? null,
      image_name:
        extensionNode === null ? imageName(runenv, feature ?? undefined) : null,
      origin,
    },
    host: image === undefined ? hostJson(place, request, feature) : null,
  });
}

/**
 * What a host must have, whichever engine is to find it: it is the one that was found
 * only where the block asks for that one.
 */
function hostJson(
  { os }: Place,
  { runenv, extensionNode }: Request,
  feature: Resolution["feature"],
) {
  return {
    os,
    extension_node: extensionNode ?? null,
    runenv_at_least: [runenv.name, runenv.version],
    require: feature && [feature.name, feature.version],
  };
}

function asText({ place, feature }: Resolution, { runenv }: Request): string {
  if (place.image !== undefined) return place.image;
  const needs = [
    `${runenv.name} ${runenv.version} or later`,
    ...(feature ? [`${feature.name} ${feature.version}`] : []),
  ];
  const where = place.extensionNode === null ? "any host" : `@${place.extensionNode}`;
  return `${where} (${place.os.toLowerCase()}): ${needs.join(", ")}`;
}

function explanation(
  places: readonly Place[],
  request: Request,
  resolution: Resolution | undefined,
  known: number,
): string {
  const steps = explain(places, request, resolution, known).flatMap(({ what, lines }) =>
    lines.map((line, index) => `${(index === 0 ? `${what}:` : "").padEnd(9)} ${line}`),
  );
  if (!resolution) return steps.join("\n");
  const { place } = resolution;
  const text = place.image === undefined ? asText(resolution, request) : place.image;
  return [...steps, `${"taken:".padEnd(9)} ${text} (${place.origin})`].join("\n");
}
