/**
 * The list from which a user chooses what a block requires, and where (mission.md):
 *
 *     ABAQUS v42 (linux)
 *     ABAQUS v42 (linux) @mylinuxhost
 *
 * A line without a node leaves the place to the cluster; that may be an extension node,
 * too. Lines stand by the block's own preference, then by name, the newest version
 * first, then by system, then by node.
 */
import type { Feature, OperatingSystem, Place } from "./capability.ts";
import { compareFeatures, compareNodes, compareText } from "./order.ts";
import { isThere, nearestRunenv, preferenceOf, type Request } from "./request.ts";

export type Choice = {
  /** As the user sees it. */
  readonly label: string;
  /** Nothing where the block would get no feature. */
  readonly feature: Feature | null;
  readonly os: OperatingSystem;
  readonly extensionNode: string | null;
};

type Found = Omit<Choice, "label"> & { readonly preference: number };

/**
 * All that can be chosen; the first is what is chosen without the user. Where the block
 * requires nothing, that is no feature, and each feature is offered behind it.
 */
export function choicesFor(places: readonly Place[], request: Request): Choice[] {
  const found = new Map<string, Found>();
  for (const place of places) {
    if (!isThere(place, request) || !nearestRunenv(place, request.runenv)) continue;
    // The preference is that of preferenceOf, where nothing is preferred.
    if (request.required.length === 0) add(found, place, request, null, -1);
    for (const feature of place.features) {
      const preference = preferenceOf(feature, request.required);
      if (preference >= 0 || request.required.length === 0)
        add(found, place, request, feature, preference);
    }
  }
  return [...found.values()].sort(compareFound).map(({ preference: _, ...choice }) => ({
    label: labelOf(choice, request),
    ...choice,
  }));
}

/** What is alike is one, however many places have it. */
function add(
  found: Map<string, Found>,
  { os, extensionNode }: Place,
  request: Request,
  feature: Feature | null,
  preference: number,
): void {
  const what = feature ? `${feature.name} ${feature.version}` : "";
  const anywhere = `${what} ${os}`;
  // Who asks for one node gets no line that could mean another.
  if (request.extensionNode === undefined)
    found.set(anywhere, { feature, os, extensionNode: null, preference });
  if (extensionNode !== null)
    found.set(`${anywhere} ${extensionNode}`, {
      feature,
      os,
      extensionNode,
      preference,
    });
}

function compareFound(one: Found, other: Found): number {
  return (
    one.preference - other.preference ||
    compareChosen(one.feature, other.feature) ||
    compareText(one.os, other.os) ||
    compareNodes(one.extensionNode, other.extensionNode)
  );
}

function compareChosen(one: Feature | null, other: Feature | null): number {
  if (one === null || other === null)
    return Number(one !== null) - Number(other !== null);
  return compareFeatures(one, other);
}

/** The system is not said where the block knows it. */
function labelOf(choice: Omit<Choice, "label">, request: Request): string {
  const { feature, os, extensionNode } = choice;
  return [
    feature ? `${feature.name} ${feature.version}` : "none",
    ...(request.os === undefined ? [`(${os.toLowerCase()})`] : []),
    ...(extensionNode === null ? [] : [`@${extensionNode}`]),
  ].join(" ");
}
