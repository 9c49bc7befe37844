/**
 * Where a block can run, from its manifest; all else in it is nobody's business here.
 *
 *     runenv: ("COBOL", 42)                     or [COBOL, 42] or (COBOL,42)
 *     os: Linux
 *     extension_node: mylinuxhost
 *     required_feature: [("COBOL", "v42"), ("COBOL", null), EXCEL]
 *
 * It is YAML, and so JSON as well; tuples.ts reads what YAML does not know.
 */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { OperatingSystem, Runenv } from "../capability.ts";
import {
  type Read,
  readFeatureName,
  readFeatureVersion,
  readHostName,
  readOperatingSystem,
  readRunenv,
  readRunenvName,
  readRunenvVersion,
  readWantedFeature,
  type WantedFeature,
} from "../words.ts";
import { positionsIn } from "./positions.ts";
import { tuplesAsLists } from "./tuples.ts";
import { isNull, parseYaml, YamlMistake, type YamlNode } from "./yaml.ts";
import { YamlMerge } from "./yaml-merge.ts";

export type Manifest = {
  readonly runenv?: Runenv;
  readonly os?: OperatingSystem;
  readonly extensionNode?: string;
  /** One of these, the first that can be had; none: no feature is needed. */
  readonly requiredFeature: readonly WantedFeature[];
};

const examples = {
  runenv: 'runenv: ("COBOL", 42)',
  os: "os: Linux",
  extension_node: "extension_node: mylinuxhost",
  required_feature: 'required_feature: [("NX", "2020"), ("NX", null)]',
} as const;

type Key = keyof typeof examples;

/** @param file for messages @throws Failure `manifest-invalid` */
export function readManifest(text: string, file: string): Manifest {
  const values = valuesIn(text, file);
  const read = <Value>(key: Key, how: (node: YamlNode) => Read<Value>) => {
    const node = values.get(key);
    if (!node || isNull(node)) return undefined;
    const result = how(node);
    if ("value" in result) return result.value;
    throw invalid(file, `${key}${result.problem}`, key);
  };
  const runenv = read("runenv", runenvOf);
  const os = read("os", ofText(readOperatingSystem));
  const extensionNode = read("extension_node", ofText(readHostName));
  return {
    ...(runenv ? { runenv } : {}),
    ...(os ? { os } : {}),
    ...(extensionNode ? { extensionNode } : {}),
    requiredFeature: read("required_feature", requiredOf) ?? [],
  };
}

function valuesIn(text: string, file: string): ReadonlyMap<string, YamlNode> {
  const written = tuplesAsLists(text);
  try {
    const [document, ...others] = parseYaml(written);
    if (document?.kind !== "mapping")
      throw invalid(file, "it has no keys", "required_feature");
    if (others.length > 0)
      throw invalid(file, "it is more than one document", "required_feature");
    const values = new Map<string, YamlNode>();
    for (const [key, [, value]] of new YamlMerge().pairsOf(document)) {
      const meant = keyMeantBy(key);
      if (meant === undefined) continue;
      if (meant !== key)
        throw invalid(file, `${printable(key)} is not read; it is ${meant}`, meant);
      values.set(key, value);
    }
    const own = document.pairs.flatMap(([key]) =>
      key.kind === "scalar" && Object.hasOwn(examples, key.text)
        ? [key.text as Key]
        : [],
    );
    const repeated = own.find((key, index) => own.indexOf(key) !== index);
    if (repeated) throw invalid(file, `${repeated} is there twice`, repeated);
    return values;
  } catch (error) {
    if (!(error instanceof YamlMistake)) throw error;
    throw new Failure(
      "manifest-invalid",
      `${printable(file)}:${positionsIn(written)(error.at)}: ` +
        `this is neither YAML nor JSON: ${printable(error.message)}`,
      `mend that line; for example ${examples.required_feature}`,
    );
  }
}

/** `requiredFeatures` and `extension-node` would else be left out in silence. */
function keyMeantBy(written: string): Key | undefined {
  if (Object.hasOwn(examples, written)) return written as Key;
  const simple = simplified(written);
  return (["runenv", "extension_node", "required_feature"] as const).find(
    (key) => simplified(key) === simple,
  );
}

function simplified(key: string): string {
  return key.toLowerCase().replaceAll(/[-_ ]/g, "").replace(/s$/, "");
}

function ofText<Value>(how: (text: string) => Read<Value>) {
  return (node: YamlNode): Read<Value> =>
    node.kind === "scalar"
      ? at("", how(node.text))
      : { problem: ` is a ${node.kind}, where a text is needed` };
}

function runenvOf(node: YamlNode): Read<Runenv> {
  if (node.kind !== "list") return ofText(readRunenv)(node);
  const pair = pairOf(node.items);
  if (!pair) return { problem: " is no name with a version" };
  const name = readRunenvName(pair[0]);
  if ("problem" in name) return at("[0]", name);
  if (pair[1] === null) return { problem: ": the version is missing" };
  const version = readRunenvVersion(pair[1]);
  if ("problem" in version) return at("[1]", version);
  return { value: { name: name.value, version: version.value } };
}

function requiredOf(node: YamlNode): Read<WantedFeature[]> {
  if (node.kind !== "list") {
    const wanted = ofText(readWantedFeature)(node);
    return "value" in wanted ? { value: [wanted.value] } : wanted;
  }
  const required: WantedFeature[] = [];
  for (const [index, item] of node.items.entries()) {
    const wanted = wantedOf(item);
    if ("problem" in wanted) return at(`[${index}]`, wanted);
    required.push(wanted.value);
  }
  return { value: required };
}

function wantedOf(node: YamlNode): Read<WantedFeature> {
  if (node.kind !== "list") {
    if (node.kind === "scalar" && versionForm.test(node.text.trim()))
      return { problem: `: '${printable(node.text)}' is a version, without a name` };
    return ofText(readWantedFeature)(node);
  }
  const pair = pairOf(node.items);
  if (!pair) return { problem: " is no name with a version" };
  const name = readFeatureName(pair[0]);
  if ("problem" in name) return at("[0]", name);
  if (pair[1] === null) return { value: { name: name.value, version: null } };
  const version = readFeatureVersion(pair[1]);
  if ("problem" in version) return at("[1]", version);
  return { value: { name: name.value, version: version.value } };
}

/** What follows a name, rather than being one: in [COBOL, v42] a pair was meant. */
const versionForm = /^v?\d[\w.-]*$/i;

/** A name, and a version or null; nothing where it is something else. */
function pairOf(
  items: readonly YamlNode[],
): readonly [name: string, version: string | null] | undefined {
  const [name, version] = items;
  if (name?.kind !== "scalar" || isNull(name) || items.length > 2) return undefined;
  if (version === undefined || isNull(version)) return [name.text, null];
  return version.kind === "scalar" ? [name.text, version.text] : undefined;
}

/** Says where the problem is; behind a place stands a colon. */
function at<Value>(place: string, read: Read<Value>): Read<Value> {
  if ("value" in read) return read;
  const { problem } = read;
  return { problem: `${place}${/^[[: ]/.test(problem) ? "" : ": "}${problem}` };
}

function invalid(file: string, what: string, key: Key): Failure {
  return new Failure(
    "manifest-invalid",
    `${printable(file)}: ${what}`,
    `for example ${examples[key]}`,
  );
}
