/** `sidecar advertise`: what this host offers, in the form in which it is told. */
import { hostName, operatingSystem } from "#system/host.ts";
import { variableKey } from "#system/variables.ts";
import { keyForm } from "../../catalogue/catalogue.ts";
import { imageKey, imageLine, nodeLine } from "../../catalogue/clauses-format.ts";
import { readDeclaration } from "../../catalogue/declaration.ts";
import { engineNames, engines, type Host } from "../../catalogue/engines/engines.ts";
import { runenvFeatures } from "../../catalogue/features.ts";
import { readHostName } from "../../catalogue/words.ts";
import type { Environment } from "../../contract/environment.ts";
import { Failure } from "../../contract/failure.ts";
import { parseReference } from "../../contract/image-reference.ts";
import { printable } from "../../system/text.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { logOption, tell } from "./reading.ts";

const formats = ["json", ...engineNames, "env"] as const;

type Format = (typeof formats)[number];

export const syntax = {
  name: "sidecar advertise",
  usage: `sidecar advertise [--format=FORMAT] [--extension-node=NAME]
sidecar advertise --format=env (--extension-node=NAME | --image=REFERENCE [--key=KEY])

Says what this host or image offers, from the variables that declare its runenvs and
features, in the form in which an engine takes it (docs/catalogue-engines.md).
Exit code: 0, or 1 where a variable is wrong; the others are said all the same.`,
  options: {
    format: {
      kind: "choice",
      value: "FORMAT",
      choices: formats,
      default: "json",
      description: "For whom; env is the line that a deployment lists it by",
    },
    "extension-node": {
      kind: "text",
      value: "NAME",
      description: "It is this particular node; auto: as the host is called",
    },
    image: {
      kind: "text",
      value: "REFERENCE",
      description: "With --format=env: it is this image",
    },
    key: {
      kind: "text",
      value: "KEY",
      description: "With --image: what its variable is called; else as the image",
    },
    ...logOption,
  },
  operands: [],
  examples: [
    ["sidecar advertise --format=htcondor >>condor_config.local", "An execute node"],
    ["sidecar advertise --format=env --extension-node=auto", "For the deployment"],
  ],
} as const satisfies CommandSyntax;

export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const format = words.value("format") as Format;
  requireConsistent(words, format);
  const extensionNode = nodeNameOf(words);
  const { runenvs, features, problems } = readDeclaration(
    declaredBy(context.environment),
  );
  tell(problems, words, context);
  if (runenvs.length === 0)
    throw new Failure(
      "advertise-nothing",
      "no variable declares a runenv here, so that no job could ask for this host",
      "set DA__P7__RUNENV__<NAME>__VERSION, for example DA__P7__RUNENV__COBOL__VERSION=42",
    );
  const host: Host = { os: operatingSystem, extensionNode, runenvs, features };
  context.print(formatted(host, format, words));
  return problems.length > 0 ? 1 : 0;
}

/** Of a name that occurs twice the first counts, as everywhere in an environment. */
function declaredBy(environment: Environment): string[] {
  return environment
    .names("DA__P7__")
    .map((name) => `${variableKey(name)}=${environment.get(name)}`);
}

/** @throws Failure `advertise-impossible`, `reference-invalid`, `option-value-invalid` */
function formatted(host: Host, format: Format, words: CommandWords): string {
  if (format === "json") return JSON.stringify(runenvFeatures([host]));
  if (format !== "env") return engines[format].advertise(host);
  if (host.extensionNode !== null) return nodeLine(host.extensionNode, host);
  const reference = words.value("image")!;
  const { path } = parseReference(reference);
  return imageLine(keyFor(words) ?? imageKey(path), reference, host);
}

/** @throws Failure `option-conflict`, `option-value-missing` */
function requireConsistent(words: CommandWords, format: Format): void {
  const [node, image, key] = ["extension-node", "image", "key"].map(
    (option) => words.value(option) !== undefined,
  );
  const conflict = (what: string) =>
    new Failure(
      "option-conflict",
      what,
      "sidecar advertise --help shows how it is used",
    );
  if (node && image)
    throw conflict(
      "--extension-node and --image exclude each other: an image is no node",
    );
  if (image && format !== "env")
    throw conflict(`--image means nothing with --format=${format}, only with env`);
  if (key && !image) throw conflict("--key means nothing without --image");
  if (format === "env" && !node && !image)
    throw new Failure(
      "option-value-missing",
      "--format=env needs the name of what is listed",
      "write --extension-node=NAME, or auto for this host's, or --image=REFERENCE",
    );
}

/** @throws Failure `option-value-invalid` */
function nodeNameOf(words: CommandWords): string | null {
  const given = words.value("extension-node");
  if (given === undefined) return null;
  const name = readHostName(given === "auto" ? hostName() : given);
  if ("value" in name) return name.value;
  throw new Failure(
    "option-value-invalid",
    `--extension-node=${printable(given)}: ${name.problem}`,
    "write --extension-node=NAME, for example --extension-node=mylinuxhost",
  );
}

/** @throws Failure `option-value-invalid` */
function keyFor(words: CommandWords): string | undefined {
  const key = words.value("key");
  if (key === undefined || keyForm.test(key)) return key;
  throw new Failure(
    "option-value-invalid",
    `--key=${printable(key)} cannot end the name of a variable`,
    "it has A…Z and 0…9, with single _ between them, for example --key=COBOL_42",
  );
}
