/** `runenv_features()` of pCluster: what can be had where (mission.md). */
import type { Capability, Feature, Place, Runenv } from "./capability.ts";
import { compareFeatures, compareNodes, compareText } from "./order.ts";

type Group = Pick<Place, "os" | "extensionNode"> & {
  readonly runenv: Runenv;
  readonly features: Map<string, Feature>;
};

/**
 * An entry for each runenv of each version on each system and node, with the features
 * of all places that are alike in these: an image for each feature makes one entry.
 * @returns by system, node, runenv and version
 */
export function runenvFeatures(places: readonly Place[]): Capability[] {
  const groups = new Map<string, Group>();
  for (const { os, extensionNode, runenvs, features } of places)
    for (const runenv of runenvs) {
      const key = `${os} ${extensionNode ?? ""} ${runenv.name} ${runenv.version}`;
      let group = groups.get(key);
      if (!group) {
        group = { os, extensionNode, runenv, features: new Map() };
        groups.set(key, group);
      }
      for (const feature of features)
        group.features.set(`${feature.name} ${feature.version}`, feature);
    }
  return [...groups.values()].sort(compareGroups).map(asCapability);
}

function compareGroups(one: Group, other: Group): number {
  return (
    compareText(one.os, other.os) ||
    compareNodes(one.extensionNode, other.extensionNode) ||
    compareText(one.runenv.name, other.runenv.name) ||
    one.runenv.version - other.runenv.version
  );
}

function asCapability({ os, extensionNode, runenv, features }: Group): Capability {
  return {
    os,
    extension_node: extensionNode,
    runenv: [runenv.name, runenv.version],
    features: [...features.values()]
      .sort(compareFeatures)
      .map(({ name, version }) => [name, version] as const),
  };
}
