/** What a mapping has when `<<: *defaults` is followed, as Helm does. */
import { type YamlMapping, YamlMistake, type YamlNode } from "./yaml.ts";

export type YamlPair = YamlMapping["pairs"][number];

/** A chain in which each mapping merges the one before grows with its square. */
const mostMerged = 1_000_000;

export class YamlMerge {
  readonly #known = new Map<YamlMapping, ReadonlyMap<string, YamlPair> | undefined>();
  #merged = 0;

  /**
   * Pairs by their keys: its own, then those it merges, of which an earlier one counts.
   * Mappings are asked for in the order of the text, so that what one merges is known.
   * @throws YamlMistake
   */
  pairsOf(mapping: YamlMapping): ReadonlyMap<string, YamlPair> {
    const known = this.#known.get(mapping);
    if (known) return known;
    if (this.#known.has(mapping))
      throw new YamlMistake(mapping.at, "a mapping merges itself with <<");
    this.#known.set(mapping, undefined);
    const pairs = new Map<string, YamlPair>();
    for (const pair of mapping.pairs)
      if (pair[0].kind === "scalar" && !isMerge(pair)) pairs.set(pair[0].text, pair);
    for (const pair of mapping.pairs)
      if (isMerge(pair))
        for (const source of sourcesOf(pair)) this.#merge(pairs, this.pairsOf(source));
    this.#known.set(mapping, pairs);
    return pairs;
  }

  #merge(pairs: Map<string, YamlPair>, others: ReadonlyMap<string, YamlPair>): void {
    for (const [key, pair] of others) {
      this.#merged += 1;
      if (this.#merged > mostMerged)
        throw new YamlMistake(pair[0].at, `<< merges more than ${mostMerged} keys`);
      if (!pairs.has(key)) pairs.set(key, pair);
    }
  }
}

export function isMerge([key]: YamlPair): boolean {
  return key.kind === "scalar" && key.isPlain && key.text === "<<";
}

/** The mappings that a pair merges. */
export function sourcesOf([key, value]: YamlPair): YamlMapping[] {
  const sources: readonly YamlNode[] = value.kind === "list" ? value.items : [value];
  return sources.map((source) => {
    if (source.kind === "mapping") return source;
    throw new YamlMistake(key.at, "<< takes a mapping, or a list of mappings");
  });
}
