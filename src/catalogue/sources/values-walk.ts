/** Where a values.yaml names variables: a way through all of it, each node once. */

import { variablePrefix } from "./variables.ts";
import type { YamlMapping, YamlNode, YamlScalar } from "./yaml.ts";
import { isMerge, sourcesOf, YamlMerge, type YamlPair } from "./yaml-merge.ts";

export type Occurrence = {
  readonly name: string;
  /** Nothing where none is written. */
  readonly value: YamlNode | string | undefined;
  /** Kubernetes takes the value from a secret or such. */
  readonly isElsewhere?: boolean;
  readonly at: number;
  /** What has it. */
  readonly place: Path | undefined;
  /** Where it is the key of a mapping: what is written, and which mapping has it. */
  readonly pair?: YamlPair;
  readonly mapping?: YamlMapping;
  readonly isMerged?: boolean;
};

/** The way from the document to a node. */
export type Path = {
  readonly parent?: Path;
  readonly step: string | number;
};

const assignmentForm = /^(DA__P7__[^=\s]+)=(.*)$/s;

/**
 * In the order of the text. A default that is overridden where it is merged does not
 * count where it is defined: overriding is what merging is for.
 * @throws YamlMistake
 */
export function occurrencesIn(documents: readonly YamlNode[]): Occurrence[] {
  const walk = new Walk();
  for (const [index, document] of documents.entries()) {
    const step = `document ${index + 1}`;
    walk.visit(document, documents.length > 1 ? { step } : undefined);
  }
  return walk.occurrences();
}

class Walk {
  readonly #found: Occurrence[] = [];
  readonly #visited = new Set<YamlNode>();
  readonly #merge = new YamlMerge();
  readonly #sources = new Set<YamlMapping>();
  readonly #overridden = new Set<YamlPair>();

  occurrences(): Occurrence[] {
    return this.#overridden.size === 0
      ? this.#found
      : this.#found.filter((occurrence) => !this.#isDefault(occurrence));
  }

  #isDefault({ pair, mapping, isMerged }: Occurrence): boolean {
    return (
      pair !== undefined &&
      this.#overridden.has(pair) &&
      (!isMerged || this.#sources.has(mapping!))
    );
  }

  visit(node: YamlNode, path: Path | undefined): void {
    // What an alias means has been visited where its anchor is.
    if (node.kind === "scalar" || this.#visited.has(node)) return;
    this.#visited.add(node);
    if (node.kind === "mapping") this.#visitMapping(node, path);
    else
      for (const [index, item] of node.items.entries())
        if (item.kind !== "scalar") this.visit(item, below(path, index));
        else if (item.text.startsWith(variablePrefix))
          this.#noteText(item, below(path, index));
  }

  #visitMapping(mapping: YamlMapping, path: Path | undefined): void {
    const merging = mapping.pairs.filter(isMerge);
    const pairs = merging.length > 0 ? this.#merge.pairsOf(mapping) : undefined;
    this.#noteNamed(mapping, pairs, path);
    for (const pair of mapping.pairs) {
      const [key, value] = pair;
      if (key.kind !== "scalar") this.visit(key, below(path, "?"));
      else if (key.text.startsWith(variablePrefix)) this.#notePair(mapping, pair, path);
      if (value.kind !== "scalar")
        this.visit(value, below(path, key.kind === "scalar" ? key.text : "?"));
    }
    if (!pairs) return;
    const own = new Set(mapping.pairs);
    for (const [name, pair] of pairs)
      if (name.startsWith(variablePrefix) && !own.has(pair))
        this.#notePair(mapping, pair, path, true);
    for (const source of merging.flatMap(sourcesOf)) {
      this.#sources.add(source);
      for (const [name, pair] of this.#merge.pairsOf(source))
        if (name.startsWith(variablePrefix) && pairs.get(name) !== pair)
          this.#overridden.add(pair);
    }
  }

  #notePair(
    mapping: YamlMapping,
    pair: YamlPair,
    place: Path | undefined,
    isMerged = false,
  ): void {
    const [key, value] = pair;
    const { text: name, at } = key as YamlScalar;
    this.#found.push({ name, value, at, place, pair, mapping, isMerged });
  }

  /** `DA__P7__…=…` */
  #noteText({ text, at }: YamlScalar, place: Path): void {
    const assignment = assignmentForm.exec(text);
    if (!assignment) return;
    const [, name, value] = assignment as unknown as [string, string, string];
    this.#found.push({ name, value, at, place });
  }

  /** `{ name: DA__P7__…, value: … }` */
  #noteNamed(
    mapping: YamlMapping,
    merged: ReadonlyMap<string, YamlPair> | undefined,
    place: Path | undefined,
  ): void {
    const get = (key: string) => (merged ? merged.get(key) : find(mapping, key))?.[1];
    const name = get("name");
    if (name?.kind !== "scalar" || !name.text.startsWith(variablePrefix)) return;
    const value = get("value");
    this.#found.push({
      name: name.text,
      value,
      isElsewhere: value === undefined && get("valueFrom") !== undefined,
      at: mapping.at,
      place,
    });
  }
}

function below(parent: Path | undefined, step: string | number): Path {
  return parent ? { parent, step } : { step };
}

function find(mapping: YamlMapping, key: string): YamlPair | undefined {
  return mapping.pairs.find(([one]) => one.kind === "scalar" && one.text === key);
}

const plainStep = /^[\w ?-]+$/;

/** `pcluster.env[3]`; for messages. */
export function pathText(path: Path | undefined): string {
  if (!path) return "the document";
  const { parent, step } = path;
  const before = parent ? pathText(parent) : "";
  if (typeof step === "number") return `${before}[${step}]`;
  const shown = plainStep.test(step) ? step : JSON.stringify(step);
  return before === "" ? shown : `${before}.${shown}`;
}
