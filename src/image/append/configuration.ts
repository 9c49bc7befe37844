/**
 * What becomes of an image's configuration: what is not changed stays as it is, fields
 * that nobody here knows included.
 */
import type { Digest, ImageConfiguration, JsonObject } from "../model.ts";

export type ConfigurationWishes = {
  /** Variables to set, each with its value; they replace those that are there. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** Sidecar's path, where it is to be what is started; what was given goes with it. */
  readonly entrypoint?: string;
};

/** Tells which layer is ours, so that it is replaced and not heaped on. */
export const layerLabel = "sidecar.layer";
const createdBy = "sidecar image append";

type History = JsonObject & { readonly empty_layer?: boolean };

/** Whether the topmost layer is one that was appended. */
export function hasOwnLayer({ labels, json }: ImageConfiguration): boolean {
  const own = labels[layerLabel];
  return own !== undefined && diffIdsOf(json).at(-1) === own;
}

/** The configuration as it was before a layer of ours was appended, as to its layers. */
export function withoutTopLayer(json: JsonObject): JsonObject {
  const diffIds = diffIdsOf(json).slice(0, -1);
  const history = historyOf(json);
  const at = history?.findLastIndex((line) => !line.empty_layer) ?? -1;
  return {
    ...json,
    rootfs: { ...objectOf(json["rootfs"]), diff_ids: diffIds },
    ...(history && isComplete(history, json)
      ? { history: history.toSpliced(at, 1) }
      : {}),
  };
}

/** @param diffId of the new layer */
export function withLayer(
  json: JsonObject,
  diffId: Digest,
  wishes: ConfigurationWishes,
): JsonObject {
  const { environment, entrypoint } = wishes;
  const { Cmd, ...config } = objectOf(json["config"]);
  const history = historyOf(json) ?? [];
  const unknown = history.length === 0 ? diffIdsOf(json).map(() => ({})) : [];
  // The time is the image's: no other would be the same again.
  const created = json["created"];
  const line = { ...(created ? { created } : {}), created_by: createdBy };
  return {
    ...json,
    config: {
      ...config,
      ...(environment.length > 0
        ? { Env: withVariables(textsOf(config["Env"]), environment) }
        : {}),
      ...(entrypoint !== undefined
        ? { Entrypoint: [entrypoint] }
        : { ...(Cmd === undefined ? {} : { Cmd }) }),
      Labels: { ...objectOf(config["Labels"]), [layerLabel]: diffId },
    },
    rootfs: { ...objectOf(json["rootfs"]), diff_ids: [...diffIdsOf(json), diffId] },
    history: [...history, ...unknown, line],
  };
}

/** In their places, so that what refers to earlier ones still does; new ones follow. */
export function withVariables(
  lines: readonly string[],
  variables: ConfigurationWishes["environment"],
): string[] {
  const wanted = new Map(variables);
  const set = new Set<string>();
  const kept: string[] = [];
  for (const line of lines) {
    const name = line.split("=", 1)[0]!;
    const value = wanted.get(name);
    if (value === undefined) kept.push(line);
    else if (!set.has(name)) kept.push(`${name}=${value}`);
    if (value !== undefined) set.add(name);
  }
  for (const [name, value] of wanted) if (!set.has(name)) kept.push(`${name}=${value}`);
  return kept;
}

function isComplete(history: readonly History[], json: JsonObject): boolean {
  return history.filter((line) => !line.empty_layer).length === diffIdsOf(json).length;
}

/** They were verified when the configuration was read. */
function diffIdsOf(json: JsonObject): readonly Digest[] {
  return objectOf(json["rootfs"])["diff_ids"] as Digest[];
}

function historyOf(json: JsonObject): readonly History[] | undefined {
  return (json["history"] as History[] | null | undefined) ?? undefined;
}

/** What may be missing, or null. */
function objectOf(value: unknown): JsonObject {
  return (value ?? {}) as JsonObject;
}

function textsOf(value: unknown): readonly string[] {
  return (value ?? []) as string[];
}
