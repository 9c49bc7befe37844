/** What a task of pCluster asks for (mission.md), in the words of the catalogue. */
import type { Request } from "./request.ts";
import {
  type Read,
  readHostName,
  readOperatingSystem,
  runenvOf,
  type WantedFeature,
  wantedFeatureOf,
} from "./words.ts";

/** A version that is `null`, or not there, is any. */
type Pair = readonly [name: string, version?: string | number | null];

/** Names in any case; what a task does not say is `null`, or is not there. */
export type Task = {
  /** Of this version or later. */
  readonly runenv: readonly [name: string, version: number];
  readonly require?: Pair | null | undefined;
  /** A manifest's: one of these, the first that can be had. It goes behind `require`. */
  readonly required_feature?: readonly Pair[] | null | undefined;
  readonly os?: string | null | undefined;
  readonly extension_node?: string | null | undefined;
};

/**
 * @param task as JSON had it, perhaps: its fields are not trusted to be what they should
 * @returns what to look for in a catalogue, or in words what is wrong with the task
 */
export function readTask(task: Task): Read<Request> {
  if (!isPair(task.runenv)) return at("runenv", noPair);
  const runenv = runenvOf(task.runenv[0], String(task.runenv[1]));
  if ("problem" in runenv) return at("runenv", runenv);
  const required: WantedFeature[] = [];
  const { require, required_feature } = task;
  if (!Array.isArray(required_feature ?? []))
    return at("required_feature", { problem: "it is no list" });
  for (const pair of [...(require ? [require] : []), ...(required_feature ?? [])]) {
    const wanted = wantedOf(pair);
    if ("problem" in wanted)
      return at(pair === require ? "require" : "required_feature", wanted);
    required.push(wanted.value);
  }
  const os = optional(task.os, readOperatingSystem);
  if ("problem" in os) return at("os", os);
  const extensionNode = optional(task.extension_node, readHostName);
  if ("problem" in extensionNode) return at("extension_node", extensionNode);
  return {
    value: {
      runenv: runenv.value,
      required,
      ...(os.value === undefined ? {} : { os: os.value }),
      ...(extensionNode.value === undefined
        ? {}
        : { extensionNode: extensionNode.value }),
    },
  };
}

const noPair = { problem: "it is no [NAME,VERSION]" };

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 2 && typeof value[0] === "string";
}

function wantedOf(pair: Pair): Read<WantedFeature> {
  if (!isPair(pair)) return noPair;
  const [name, version] = pair;
  return wantedFeatureOf(name, version == null ? null : String(version));
}

function optional<Value>(
  text: string | null | undefined,
  read: (text: string) => Read<Value>,
): Read<Value | undefined> {
  return text === null || text === undefined
    ? { value: undefined }
    : read(String(text));
}

function at(field: keyof Task, { problem }: { readonly problem: string }) {
  return { problem: `${field}: ${problem}` };
}
