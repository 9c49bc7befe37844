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
import { remembering } from "./remembering.ts";
import {
  type Read,
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

/** The runenv with its version, and whatever stands behind them. */
const form = new RegExp(`^${namePrefix}-([^-]+(?:-[^-]*)?)(?:-(.*))?$`, "s");

/** @param name without registry and tag, in any case */
export function readImageName(name: string): ReadName {
  const match = form.exec(name.toLowerCase());
  if (!match)
    return { problem: `${shown(name)} does not begin with ${namePrefix}-<runenv>` };
  const runenv = readRunenvPart(match[1]!);
  if ("problem" in runenv) return { problem: shown(name) + runenv.problem };
  const rest = match[2];
  if (rest === undefined) return { readings: [{ runenv: runenv.value }] };
  const features = featureReadings(rest);
  if (features.length > 0)
    return {
      readings: features.map((feature) => ({ runenv: runenv.value, feature })),
    };
  return {
    problem: rest.includes("-")
      ? `${shown(name)}: '${rest}' is no feature with its version, as nx-2020 is`
      : `${shown(name)} has no version of the feature ${rest.toUpperCase()}`,
  };
}

/** @param text `cobol-42` @returns a problem goes behind the whole name */
const readRunenvPart = remembering((text: string): Read<Runenv> => {
  const [runenv, version] = text.split("-");
  const name = readRunenvName(runenv!);
  if ("problem" in name) return { problem: `: ${name.problem}` };
  if (version === undefined)
    return { problem: ` has no version of the runenv ${name.value}` };
  const read = readRunenvVersion(version);
  if ("problem" in read)
    return { problem: `: the version of ${name.value}, ${read.problem}` };
  return { value: { name: name.value, version: read.value } };
});

/** @param text `nx-2020`; any `-` in it may be what ends the name */
const featureReadings = remembering((text: string): readonly Feature[] => {
  const readings: Feature[] = [];
  for (let end = text.indexOf("-"); end >= 0; end = text.indexOf("-", end + 1)) {
    const name = readFeatureName(text.slice(0, end));
    if ("problem" in name) continue;
    const version = readFeatureVersion(text.slice(end + 1));
    if ("value" in version) readings.push({ name: name.value, version: version.value });
  }
  return readings;
});

const shown = (name: string) => `the name ${printable(name)}`;
