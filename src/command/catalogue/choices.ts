/** `sidecar choices`: the list from which a user chooses (mission.md). */
import { type Choice, choicesFor } from "../../catalogue/choices.ts";
import type { Request } from "../../catalogue/request.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { nearestJson, nothingFits, wrongText } from "./nothing.ts";
import { catalogueFrom, catalogueOptions } from "./reading.ts";
import { requestFrom, requestOptions } from "./request-options.ts";

export const syntax = {
  name: "sidecar choices",
  usage: `sidecar choices --runenv=(NAME,VERSION) [--require=(NAME,VERSION)]… [OPTION…]
sidecar choices --manifest FILE [OPTION…]

Lists where a block can run, as its user chooses from it: the features that it requires,
in which versions, on which systems, and on which extension nodes. The first line is
what is taken if nobody chooses; one without @NODE leaves the place to the cluster.

Exit code: 0, or 1 where nothing fits; then it says what comes nearest.`,
  options: {
    ...requestOptions,
    json: { kind: "flag", description: "Print one JSON object (docs/catalogue.md)" },
    ...catalogueOptions,
  },
  operands: [],
  examples: [
    [
      "sidecar choices --runenv='(PYTHON3,42)' --require=ABAQUS --values values.yaml",
      "Where there is ABAQUS, in any version",
    ],
    ["sidecar choices --manifest block.yaml", "What a block's manifest asks for"],
  ],
} as const satisfies CommandSyntax;

export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const request = await requestFrom(words);
  const catalogue = await catalogueFrom(words, context);
  const { places } = catalogue;
  const choices = choicesFor(places, request);
  const isEmpty = choices.length === 0;
  if (words.has("json"))
    context.print(
      JSON.stringify({
        schema: "sidecar-choices-1",
        runenv: [request.runenv.name, request.runenv.version],
        choices: choices.map(choiceJson),
        ...(isEmpty ? { nearest: nearestJson(places, request) } : {}),
      }),
    );
  if (isEmpty) throw nothingFits(places, request, wrongText(catalogue));
  if (words.has("json")) return 0;
  const isManifest = words.value("manifest") !== undefined;
  return context.print(
    isManifest ? manifestList(choices) : requireList(choices, request),
  );
}

function choiceJson({ label, feature, os, extensionNode }: Choice) {
  return {
    label,
    require: feature && [feature.name, feature.version],
    os,
    extension_node: extensionNode,
  };
}

function requireList(choices: readonly Choice[], { runenv }: Request): string {
  return [
    `Runenv:  [${runenv.name} (v${runenv.version})]`,
    `Require: [${choices[0]!.label}]`,
    ...choices.map(({ label }) => `          ${label}`),
  ].join("\n");
}

function manifestList(choices: readonly Choice[]): string {
  return [
    `Required feature [${choices[0]!.label} v]`,
    ...choices.map(({ label }) => `- ${label}`),
  ].join("\n");
}
