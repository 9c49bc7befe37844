/** `runenv_features()` of pCluster: what can be had where (mission.md). */
import type { Capability, Place, Runenv } from "./capability.ts";
import { compareFeatures, compareNodes, compareText } from "./order.ts";

/** What can be had on a system and node. */
type There = Pick<Place, "os" | "extensionNode"> & {
  /** By a runenv's rank those of its features, some perhaps twice. */
  readonly features: Map<number, number[]>;
};

/**
 * An entry for each runenv of each version on each system and node, with the features
 * of all places that are alike in these: an image for each feature makes one entry.
 * @returns by system, node, runenv and version
 */
export function runenvFeatures(
  places: readonly Omit<Place, "image" | "origin">[],
): Capability[] {
  const runenvs = ranking(
    places.map((place) => place.runenvs),
    compareRunenvs,
  );
  const features = ranking(
    places.map((place) => place.features),
    compareFeatures,
  );
  const byWhere = new Map<string, There>();
  for (const place of places) {
    const { os, extensionNode } = place;
    const where = `${os} ${extensionNode ?? ""}`;
    const there = byWhere.get(where) ?? { os, extensionNode, features: new Map() };
    byWhere.set(where, there);
    for (const runenv of place.runenvs) {
      const rank = runenvs.ranks.get(runenv)!;
      const ranks = there.features.get(rank) ?? [];
      there.features.set(rank, ranks);
      for (const feature of place.features) ranks.push(features.ranks.get(feature)!);
    }
  }
  const pairs = features.sorted.map(({ name, version }) => [name, version] as const);
  return [...byWhere.values()].sort(compareWhere).flatMap((there) =>
    ascending(there.features.keys()).map((rank) => {
      const { name, version } = runenvs.sorted[rank]!;
      return {
        os: there.os,
        extension_node: there.extensionNode,
        runenv: [name, version] as const,
        features: ascending(there.features.get(rank)!).map((one) => pairs[one]!),
      };
    }),
  );
}

/**
 * What stands where in an order, from 0 on; what compares as equal has one rank.
 *
 * Thousands of places have the same few runenvs and features, and mostly as the same
 * objects, since what was read is remembered (remembered.ts). So each object is compared
 * once, which is slow, and from then on numbers are.
 */
function ranking<Thing>(
  groups: readonly (readonly Thing[])[],
  compare: (one: Thing, other: Thing) => number,
) {
  const objects = new Set<Thing>();
  for (const group of groups) for (const object of group) objects.add(object);
  const ranks = new Map<Thing, number>();
  /** By rank. */
  const sorted: Thing[] = [];
  for (const object of [...objects].sort(compare)) {
    const last = sorted.at(-1);
    if (last === undefined || compare(last, object) !== 0) sorted.push(object);
    ranks.set(object, sorted.length - 1);
  }
  return { sorted, ranks };
}

/** Each once. */
function ascending(ranks: Iterable<number>): number[] {
  // The order of a typed array needs no function.
  const distinct: number[] = [];
  for (const rank of new Uint32Array(ranks).sort())
    if (rank !== distinct.at(-1)) distinct.push(rank);
  return distinct;
}

function compareWhere(one: There, other: There): number {
  return (
    compareText(one.os, other.os) ||
    compareNodes(one.extensionNode, other.extensionNode)
  );
}

function compareRunenvs(one: Runenv, other: Runenv): number {
  return compareText(one.name, other.name) || one.version - other.version;
}
