/**
 * The one place for a block. Of those that fit, what decides, in this order:
 *
 * 1. the block's own preference among the features that it names;
 * 2. of a feature in any version, the newest;
 * 3. the system: Linux before Windows, where the block does not say;
 * 4. the runenv: the nearest version that is not too old;
 * 5. the cluster itself before an extension node;
 * 6. the fewest features, so that what is scarce stays free;
 * 7. the name of the variable that declares it.
 *
 * So the place is always one of the first line that choices.ts gives.
 */
import type { Feature, Place, Runenv } from "./capability.ts";
import { compareFeatures, compareText } from "./order.ts";
import {
  isThere,
  nearestRunenv,
  preferenceOf,
  type Request,
  wantedText,
} from "./request.ts";

export type Resolution = {
  readonly place: Place;
  /** The one of the place that the block gets. */
  readonly runenv: Runenv;
  /** The one of the place for which it was taken, if any is required. */
  readonly feature: Feature | null;
};

export type Rule = {
  /** Negative, where `one` is the better by this rule alone. */
  readonly compare: (one: Resolution, other: Resolution) => number;
  /** What is taken by it, in words. */
  readonly text: (taken: Resolution) => string;
};

/** What decides between places that fit, first things first. */
export function rulesFor({ required }: Request): readonly Rule[] {
  return [
    {
      compare: ({ feature }, { feature: other }) =>
        feature && other
          ? preferenceOf(feature, required) - preferenceOf(other, required)
          : 0,
      text: ({ feature }) =>
        `preferred: ${wantedText(required[preferenceOf(feature!, required)]!)}`,
    },
    {
      compare: ({ feature }, { feature: other }) =>
        feature && other ? compareFeatures(feature, other) : 0,
      text: ({ feature }) => `the newest ${feature!.name}: ${feature!.version}`,
    },
    {
      compare: ({ place }, { place: other }) => compareText(place.os, other.os),
      text: ({ place }) => `the system: ${place.os}`,
    },
    {
      compare: ({ runenv }, { runenv: other }) => runenv.version - other.version,
      text: ({ runenv }) => `the nearest ${runenv.name}: ${runenv.version}`,
    },
    {
      compare: ({ place }, { place: other }) =>
        Number(place.extensionNode !== null) - Number(other.extensionNode !== null),
      text: () => "the cluster before its extension nodes",
    },
    {
      compare: ({ place }, { place: other }) =>
        place.features.length - other.features.length,
      text: ({ place }) => `the fewest features: ${place.features.length}`,
    },
    {
      compare: ({ place }, { place: other }) => compareText(place.origin, other.origin),
      text: () => "the first by the names of variables",
    },
  ];
}

/** @returns nothing where no place fits */
export function resolvePlace(
  places: readonly Place[],
  request: Request,
): Resolution | undefined {
  const rules = rulesFor(request);
  let best: Resolution | undefined;
  for (const place of places) {
    const candidate = candidateAt(place, request);
    if (candidate && (!best || isBetter(candidate, best, rules))) best = candidate;
  }
  return best;
}

/** What a block would get at a place, if that fits. */
export function candidateAt(place: Place, request: Request): Resolution | undefined {
  if (!isThere(place, request)) return undefined;
  const runenv = nearestRunenv(place, request.runenv);
  if (!runenv) return undefined;
  if (request.required.length === 0) return { place, runenv, feature: null };
  const feature = bestFeature(place, request);
  return feature && { place, runenv, feature };
}

function bestFeature({ features }: Place, { required }: Request): Feature | undefined {
  let best: Feature | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const feature of features) {
    const preference = preferenceOf(feature, required);
    if (preference < 0 || preference > least) continue;
    if (preference < least || compareFeatures(feature, best!) < 0) best = feature;
    least = preference;
  }
  return best;
}

function isBetter(one: Resolution, other: Resolution, rules: readonly Rule[]): boolean {
  for (const { compare } of rules) {
    const order = compare(one, other);
    if (order !== 0) return order < 0;
  }
  return false;
}
