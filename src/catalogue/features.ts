/** `runenv_features()` of pCluster: what can be had where (mission.md). */
import type { Capability, Feature, Place, Runenv } from "./capability.ts";
import { compareFeatures, compareNodes, compareText } from "./order.ts";

/** What can be had on a system and node. */
type There = Pick<Place, "os" | "extensionNode"> & {
  /** By the runenv's number those of its features, some perhaps twice. */
  readonly groups: Map<number, number[]>;
};

/**
 * An entry for each runenv of each version on each system and node, with the features
 * of all places that are alike in these: an image for each feature makes one entry.
 * @returns by system, node, runenv and version
 */
export function runenvFeatures(places: readonly Place[]): Capability[] {
  const allRunenvs = new Set<Runenv>();
  const allFeatures = new Set<Feature>();
  for (const place of places) {
    for (const runenv of place.runenvs) allRunenvs.add(runenv);
    for (const feature of place.features) allFeatures.add(feature);
  }
  const runenvs = numbered(allRunenvs, compareRunenvs);
  const features = numbered(allFeatures, compareFeatures);
  const byWhere = new Map<string, There>();
  for (const place of places) {
    const { os, extensionNode } = place;
    const where = `${os} ${extensionNode ?? ""}`;
    let there = byWhere.get(where);
    if (!there) {
      there = { os, extensionNode, groups: new Map() };
      byWhere.set(where, there);
    }
    for (const runenv of place.runenvs) {
      const number = runenvs.numbers.get(runenv)!;
      let group = there.groups.get(number);
      if (!group) {
        group = [];
        there.groups.set(number, group);
      }
      for (const feature of place.features) group.push(features.numbers.get(feature)!);
    }
  }
  const pairs = features.sorted.map(({ name, version }) => [name, version] as const);
  const capabilities: Capability[] = [];
  for (const { os, extensionNode, groups } of [...byWhere.values()].sort(compareWhere))
    for (const number of ascending([...groups.keys()])) {
      const { name, version } = runenvs.sorted[number]!;
      const all = ascending(groups.get(number)!);
      capabilities.push({
        os,
        extension_node: extensionNode,
        runenv: [name, version],
        features: all.map((feature) => pairs[feature]!),
      });
    }
  return capabilities;
}

function compareWhere(one: There, other: There): number {
  return (
    compareText(one.os, other.os) ||
    compareNodes(one.extensionNode, other.extensionNode)
  );
}

/** Each once. */
function ascending(numbers: readonly number[]): number[] {
  // The order of a typed array needs no function.
  const distinct: number[] = [];
  for (const number of new Uint32Array(numbers).sort())
    if (number !== distinct.at(-1)) distinct.push(number);
  return distinct;
}

function compareRunenvs(one: Runenv, other: Runenv): number {
  return compareText(one.name, other.name) || one.version - other.version;
}

/**
 * Things by their place in an order. The same few stand in thousands of places, mostly
 * as the same objects: these are compared once, and known from then on.
 */
function numbered<Thing>(
  things: ReadonlySet<Thing>,
  compare: (one: Thing, other: Thing) => number,
) {
  const numbers = new Map<Thing, number>();
  /** Each once, where those that compare as equal are one. */
  const sorted: Thing[] = [];
  for (const thing of [...things].sort(compare)) {
    const last = sorted.at(-1);
    if (last === undefined || compare(last, thing) !== 0) sorted.push(thing);
    numbers.set(thing, sorted.length - 1);
  }
  return { sorted, numbers };
}
