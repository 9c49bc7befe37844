/**
 * Places from JSON in the form of `runenv_features()`: what another cluster's pCluster,
 * `sidecar features --json` or `sidecar advertise --format=json` printed.
 */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Capability, Feature, Place, Problem } from "../capability.ts";
import { capabilitySchema } from "../wire/inputs.ts";
import {
  type Read,
  readFeatureName,
  readFeatureVersion,
  readHostName,
  readRunenvName,
} from "../words.ts";
import { positionsIn } from "./positions.ts";
import { parseYaml, YamlMistake } from "./yaml.ts";

export type SourcePlaces = {
  /** One for each entry that is right. */
  readonly places: readonly Place[];
  /** Each names the entry by its number from 0 on: `nodes.json[3]`. */
  readonly problems: readonly Problem[];
};

const example =
  '{"os":"Linux","extension_node":null,"runenv":["PYTHON3",42],' +
  '"features":[["ABAQUS","v2021.05"]]}';

/** @param file for messages @throws Failure `catalogue-file-invalid` */
export function readCapabilities(text: string, file: string): SourcePlaces {
  const document = parseJson(text, file);
  if (!Array.isArray(document))
    throw new Failure(
      "catalogue-file-invalid",
      `${printable(file)}: this is no list of capabilities`,
      `write [${example}]`,
    );
  const places: Place[] = [];
  const problems: Problem[] = [];
  for (const [index, entry] of document.entries()) {
    const origin = `${printable(file)}[${index}]`;
    const read = readCapability(entry, origin);
    if ("value" in read) places.push(read.value);
    else
      problems.push({
        code: "catalogue-invalid",
        variables: [],
        message: `${origin}${read.problem}`,
        hint: `for example ${example}`,
      });
  }
  return { places, problems };
}

function readCapability(entry: unknown, origin: string): Read<Place> {
  const parsed = capabilitySchema.safeParse(entry);
  if (parsed.success) return { value: placeOf(parsed.data, origin) };
  const { path, message } = parsed.error.issues[0]!;
  const steps = path.map((step) =>
    typeof step === "number" ? `[${step}]` : `.${String(step)}`,
  );
  return { problem: `${steps.join("")}: ${printable(message)}` };
}

function placeOf(capability: Capability, origin: string): Place {
  const { os, extension_node, runenv, features } = capability;
  const found = new Map<string, Feature>();
  for (const [writtenName, writtenVersion] of features) {
    const name = valid(readFeatureName(writtenName));
    const version = valid(readFeatureVersion(writtenVersion));
    found.set(`${name} ${version}`, { name, version });
  }
  return {
    os,
    extensionNode: extension_node === null ? null : valid(readHostName(extension_node)),
    runenvs: [{ name: valid(readRunenvName(runenv[0])), version: runenv[1] }],
    features: [...found.values()],
    origin,
  };
}

/** The schema lets nothing through that words.ts would not read. */
function valid<Value>(read: Read<Value>): Value {
  if ("value" in read) return read.value;
  throw new Error(read.problem);
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = placeOfMistake(text);
    throw new Failure(
      "catalogue-file-invalid",
      `${printable(file)}${place}: this is no JSON: ${printable((error as Error).message)}`,
      `write a list: [${example}]`,
    );
  }
}

/** Not every engine says where; what is no JSON is mostly no YAML in the same place. */
function placeOfMistake(text: string): string {
  try {
    parseYaml(text);
  } catch (error) {
    if (error instanceof YamlMistake) return `:${positionsIn(text)(error.at)}`;
  }
  return "";
}
