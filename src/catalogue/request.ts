/** What a block asks for, and whether a place has it. */
import type { Feature, OperatingSystem, Place, Runenv } from "./capability.ts";
import type { WantedFeature } from "./words.ts";

export type Request = {
  /** Of this version or later. */
  readonly runenv: Runenv;
  /** One of these, the first that can be had; none: no feature is needed. */
  readonly required: readonly WantedFeature[];
  readonly os?: OperatingSystem;
  /** Only there; else wherever there is what the block needs. */
  readonly extensionNode?: string;
};

/** The runenv of a place that comes nearest: the least that is not too old. */
export function nearestRunenv(
  { runenvs }: Pick<Place, "runenvs">,
  { name, version }: Runenv,
): Runenv | undefined {
  let nearest: Runenv | undefined;
  for (const runenv of runenvs)
    if (
      runenv.name === name &&
      runenv.version >= version &&
      (!nearest || runenv.version < nearest.version)
    )
      nearest = runenv;
  return nearest;
}

export function isWanted(feature: Feature, wanted: WantedFeature): boolean {
  return (
    feature.name === wanted.name &&
    (wanted.version === null || feature.version === wanted.version)
  );
}

/** Which of those required a feature is: the first, or -1. */
export function preferenceOf(
  feature: Feature,
  required: readonly WantedFeature[],
): number {
  return required.findIndex((wanted) => isWanted(feature, wanted));
}

/** Whether it is of the system that is asked for, and the node. */
export function isThere(place: Place, { os, extensionNode }: Request): boolean {
  return (
    (os === undefined || place.os === os) &&
    (extensionNode === undefined || place.extensionNode === extensionNode)
  );
}

/** Whether a block could run there. */
export function satisfies(place: Place, request: Request): boolean {
  const { required, runenv } = request;
  return (
    isThere(place, request) &&
    nearestRunenv(place, runenv) !== undefined &&
    (required.length === 0 ||
      place.features.some((feature) => preferenceOf(feature, required) >= 0))
  );
}

/** `PYTHON3 42 or later, with ABAQUS v42, on Linux`. */
export function requestText(request: Request): string {
  const { runenv, required, os, extensionNode } = request;
  return [
    `${runenv.name} ${runenv.version} or later`,
    ...(required.length === 0
      ? []
      : [`with ${required.map(wantedText).join(", else ")}`]),
    ...(os === undefined ? [] : [`on ${os}`]),
    ...(extensionNode === undefined ? [] : [`at ${extensionNode}`]),
  ].join(", ");
}

export function wantedText({ name, version }: WantedFeature): string {
  return version === null ? `${name} of any version` : `${name} ${version}`;
}
