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

/** The runenv, its version, and whatever stands behind them. */
const form = new RegExp(`^${namePrefix}-([^-]+)(?:-([^-]*)(?:-(.*))?)?$`, "s");

/** @param name without registry and tag, in any case */
export function readImageName(name: string): ReadName {
  const match = form.exec(name.toLowerCase());
  if (!match)
    return { problem: `${shown(name)} does not begin with ${namePrefix}-<runenv>` };
  const [, runenv, version, rest] = match;
  const readName = readRunenvName(runenv!);
  if ("problem" in readName) return { problem: `${shown(name)}: ${readName.problem}` };
  if (version === undefined)
    return { problem: `${shown(name)} has no version of the runenv ${readName.value}` };
  const readVersion = readRunenvVersion(version);
  if ("problem" in readVersion)
    return {
      problem: `${shown(name)}: the version of ${readName.value}, ${readVersion.problem}`,
    };
  const found: Runenv = { name: readName.value, version: readVersion.value };
  if (rest === undefined) return { readings: [{ runenv: found }] };
  if (!rest.includes("-"))
    return {
      problem: `${shown(name)} has no version of the feature ${rest.toUpperCase()}`,
    };
  const features = featureReadings(rest);
  if (features.length === 0)
    return {
      problem: `${shown(name)}: '${rest}' is no feature with its version, as nx-2020 is`,
    };
  return { readings: features.map((feature) => ({ runenv: found, feature })) };
}

/** @param text any `-` in it may be what ends the name */
function featureReadings(text: string): Feature[] {
  const readings: Feature[] = [];
  for (let end = text.indexOf("-"); end >= 0; end = text.indexOf("-", end + 1)) {
    const name = readFeatureName(text.slice(0, end));
    if ("problem" in name) continue;
    const version = readFeatureVersion(text.slice(end + 1));
    if ("value" in version) readings.push({ name: name.value, version: version.value });
  }
  return readings;
}

const shown = (name: string) => `the name ${printable(name)}`;
