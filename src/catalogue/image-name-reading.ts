/**
 * What an image's name says it offers, the inverse of image-names.ts:
 *
 *     pseven-calc-cobol-42-nx-2020   COBOL 42 with NX 2020
 *
 * A runenv has no `-`, but a feature's version may have one, and so may its name. Such
 * a name can be read in more than one way; none of them is guessed.
 */
import { printable } from "../system/text.ts";
import type { Feature, Runenv } from "./capability.ts";
import { namePrefix } from "./image-names.ts";
import {
  readFeatureName,
  readFeatureVersion,
  readRunenvName,
  readRunenvVersion,
} from "./words.ts";

export type NameReading = {
  readonly runenv: Runenv;
  readonly feature?: Feature;
};

export type ReadName =
  /** More than one: the name is ambiguous. Never none. */
  { readonly readings: readonly NameReading[] } | { readonly problem: string };

/** @param name without registry and tag, in any case */
export function readImageName(name: string): ReadName {
  const [first, second, runenv, version, ...rest] = name.toLowerCase().split("-");
  if (`${first}-${second}` !== namePrefix || runenv === undefined)
    return { problem: `${shown(name)} does not begin with ${namePrefix}-<runenv>` };
  const readName = readRunenvName(runenv);
  if ("problem" in readName) return { problem: `${shown(name)}: ${readName.problem}` };
  if (version === undefined)
    return { problem: `${shown(name)} has no version of the runenv ${readName.value}` };
  const readVersion = readRunenvVersion(version);
  if ("problem" in readVersion)
    return {
      problem: `${shown(name)}: the version of ${readName.value}, ${readVersion.problem}`,
    };
  const found: Runenv = { name: readName.value, version: readVersion.value };
  if (rest.length === 0) return { readings: [{ runenv: found }] };
  if (rest.length === 1)
    return {
      problem: `${shown(name)} has no version of the feature ${rest[0]!.toUpperCase()}`,
    };
  const features = featureReadings(rest);
  if (features.length === 0)
    return {
      problem:
        `${shown(name)}: '${rest.join("-")}' is no feature with its version, ` +
        "as nx-2020 is",
    };
  return { readings: features.map((feature) => ({ runenv: found, feature })) };
}

/** @param parts at least two; any `-` between them may be what ends the name */
function featureReadings(parts: readonly string[]): Feature[] {
  const readings: Feature[] = [];
  for (let end = 1; end < parts.length; end += 1) {
    const name = readFeatureName(parts.slice(0, end).join("-"));
    const version = readFeatureVersion(parts.slice(end).join("-"));
    if ("value" in name && "value" in version)
      readings.push({ name: name.value, version: version.value });
  }
  return readings;
}

const shown = (name: string) => `the name ${printable(name)}`;
