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
import { isThere, nearestRunenv, preferenceOf, type Request } from "./request.ts";

export type Resolution = {
  readonly place: Place;
  /** The one of the place that the block gets. */
  readonly runenv: Runenv;
  /** The one of the place for which it was taken, if any is required. */
  readonly feature: Feature | null;
};

/** Negative, where `one` is the better by this alone. */
export type Criterion = (one: Resolution, other: Resolution) => number;

/** What decides between places that fit, first things first. */
export function criteriaFor({ required }: Request): readonly Criterion[] {
  return [
    (one, other) =>
      one.feature && other.feature
        ? preferenceOf(one.feature, required) - preferenceOf(other.feature, required)
        : 0,
    (one, other) =>
      one.feature && other.feature ? compareFeatures(one.feature, other.feature) : 0,
    (one, other) => compareText(one.place.os, other.place.os),
    (one, other) => one.runenv.version - other.runenv.version,
    ({ place }, { place: other }) =>
      Number(place.extensionNode !== null) - Number(other.extensionNode !== null),
    ({ place }, { place: other }) => place.features.length - other.features.length,
    ({ place }, { place: other }) => compareText(place.origin, other.origin),
  ];
}

export function resolvePlace(
  places: readonly Place[],
  request: Request,
): Resolution | undefined {
  const criteria = criteriaFor(request);
  let best: Resolution | undefined;
  for (const place of places) {
    const candidate = candidateAt(place, request);
    if (candidate && (!best || isBetter(candidate, best, criteria))) best = candidate;
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

function isBetter(
  one: Resolution,
  other: Resolution,
  criteria: readonly Criterion[],
): boolean {
  for (const criterion of criteria) {
    const order = criterion(one, other);
    if (order !== 0) return order < 0;
  }
  return false;
}
