/** `sidecar features`: what pCluster's `runenv_features()` returns. */
import type { Capability } from "../../catalogue/capability.ts";
import { runenvFeatures } from "../../catalogue/features.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { catalogueFrom, catalogueOptions } from "./reading.ts";

export const syntax = {
  name: "sidecar features",
  usage: `sidecar features [--json] [--values FILE | --env-file FILE | --capabilities FILE]…

Lists the runenvs of all images and extension nodes that a deployment declares in
DA__P7__PCLUSTER__CALC_IMAGE__<KEY> and DA__P7__PCLUSTER__EXTENSION_NODE__<NAME>, where
they are, and which features can be had together with each.

Exit code: 0, or 1 where something is wrong with a variable; what is right is listed.`,
  options: {
    json: { kind: "flag", description: "As runenv_features() gives it" },
    ...catalogueOptions,
  },
  operands: [],
  examples: [
    ["sidecar features --values values.yaml", "Of a deployment, before it is made"],
    ["sidecar features --json", "For programs, from the variables here"],
  ],
} as const satisfies CommandSyntax;

export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const { places, problems } = await catalogueFrom(words, context);
  const capabilities = runenvFeatures(places);
  if (words.has("json")) context.print(asJson(capabilities));
  else if (capabilities.length > 0) context.print(asTable(capabilities));
  else context.print(nothingText(problems.length > 0));
  return problems.length > 0 ? 1 : 0;
}

/** As the interface writes it (mission.md), with brackets for its parentheses. */
function asJson(capabilities: readonly Capability[]): string {
  if (capabilities.length === 0) return "[]";
  return `[\n${capabilities.map(entryJson).join(",\n")}\n]`;
}

function entryJson({ os, extension_node, runenv, features }: Capability): string {
  // Neither names nor versions have brackets.
  const pairs = JSON.stringify(features).slice(1, -1).replaceAll("],[", "],\n      [");
  return `  {
    "os": ${JSON.stringify(os)},
    "extension_node": ${JSON.stringify(extension_node)},
    "runenv": [${runenv.map((part) => JSON.stringify(part)).join(", ")}],
    "features": [${pairs && `\n      ${pairs}\n    `}]
  }`;
}

function nothingText(isWrong: boolean): string {
  return isWrong
    ? "nothing can be had: all that is declared is wrong"
    : "nothing is declared: no DA__P7__PCLUSTER__CALC_IMAGE__<KEY>, " +
        "no …EXTENSION_NODE__<NAME>";
}

function asTable(capabilities: readonly Capability[]): string {
  const rows = capabilities.map(({ os, extension_node, runenv, features }) => [
    runenv.join(" "),
    os.toLowerCase() + (extension_node === null ? "" : ` @${extension_node}`),
    features.map((feature) => feature.join(" ")).join(", ") || "none",
  ]);
  const all = [["RUNENV", "WHERE", "FEATURES"], ...rows];
  const widths = [0, 1].map((column) =>
    all.reduce((width, row) => Math.max(width, row[column]!.length), 0),
  );
  return all
    .map(([runenv, where, features]) =>
      [runenv!.padEnd(widths[0]!), where!.padEnd(widths[1]!), features].join("  "),
    )
    .join("\n");
}
