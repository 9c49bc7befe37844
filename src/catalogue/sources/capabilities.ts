/**
 * Places from JSON in the form of `runenv_features()`: what another cluster's pCluster,
 * `sidecar features --json` or `sidecar advertise --format=json` printed.
 */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Feature, Place, Problem } from "../capability.ts";
import {
  type Read,
  readFeatureName,
  readFeatureVersion,
  readHostName,
  readOperatingSystem,
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

/**
 * By hand: ten thousand entries take zod longer than everything else together. What
 * wire.ts lets through is read here, and a test holds them together.
 */
function readCapability(entry: unknown, origin: string): Read<Place> {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry))
    return { problem: " is no object" };
  const { os, extension_node, runenv, features } = entry as Record<string, unknown>;
  const system = ofText(os, ".os", readOperatingSystem);
  if ("problem" in system) return system;
  const node =
    extension_node === null
      ? { value: null }
      : ofText(extension_node, ".extension_node", readHostName);
  if ("problem" in node) return node;
  if (!isPair(runenv)) return { problem: ".runenv is no [NAME,VERSION]" };
  const name = ofText(runenv[0], ".runenv[0]", readRunenvName);
  if ("problem" in name) return name;
  const version = runenv[1];
  if (!Number.isSafeInteger(version) || (version as number) < 0)
    return { problem: ".runenv[1] is not a whole number from 0 on" };
  const found = readFeatures(features);
  if ("problem" in found) return found;
  return {
    value: {
      os: system.value,
      extensionNode: node.value,
      runenvs: [{ name: name.value, version: version as number }],
      features: found.value,
      origin,
    },
  };
}

function readFeatures(features: unknown): Read<Feature[]> {
  if (!Array.isArray(features)) return { problem: ".features is no list" };
  const found = new Map<string, Feature>();
  for (let index = 0; index < features.length; index += 1) {
    const feature = readFeature(features[index]);
    if ("problem" in feature)
      return { problem: `.features[${index}]${feature.problem}` };
    found.set(`${feature.value.name} ${feature.value.version}`, feature.value);
  }
  return { value: [...found.values()] };
}

function readFeature(written: unknown): Read<Feature> {
  if (!isPair(written)) return { problem: " is no [NAME,VERSION]" };
  const name = ofText(written[0], "[0]", readFeatureName);
  if ("problem" in name) return name;
  const version = ofText(written[1], "[1]", readFeatureVersion);
  if ("problem" in version) return version;
  return { value: { name: name.value, version: version.value } };
}

function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

function ofText<Value>(
  value: unknown,
  where: string,
  read: (text: string) => Read<Value>,
): Read<Value> {
  if (value === undefined) return { problem: `${where} is missing` };
  if (typeof value !== "string") return { problem: `${where} is no text` };
  const result = read(value);
  return "value" in result ? result : { problem: `${where}: ${result.problem}` };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const where = `${printable(file)}${placeOfMistake(text)}`;
    throw new Failure(
      "catalogue-file-invalid",
      `${where}: this is no JSON: ${printable((error as Error).message)}`,
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
