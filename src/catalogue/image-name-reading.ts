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
import { shown } from "./problems.ts";
import { remembered } from "./remembered.ts";
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

const start = `${namePrefix}-`;

/** @param name without registry and tag, in any case */
export function readImageName(name: string): ReadName {
  const lower = name.toLowerCase();
  // pseven-calc-<runenv>-<version>, then perhaps a feature.
  const version = lower.indexOf("-", start.length);
  const feature = version < 0 ? -1 : lower.indexOf("-", version + 1);
  const runenv = readNamedRunenv(feature < 0 ? lower : lower.slice(0, feature));
  if ("problem" in runenv) return { problem: `${named(name)} ${runenv.problem}` };
  if (feature < 0) return { readings: [{ runenv: runenv.value }] };
  const features = readNamedFeature(lower.slice(feature + 1));
  if ("problem" in features) return { problem: `${named(name)} ${features.problem}` };
  const readings: NameReading[] = [];
  for (const feature of features.value)
    readings.push({ runenv: runenv.value, feature });
  return { readings };
}

/** `pseven-calc-cobol-42`. */
const readNamedRunenv = remembered((text: string): Read<Runenv> => {
  const hyphen = text.indexOf("-", start.length);
  const name = text.slice(start.length, hyphen < 0 ? undefined : hyphen);
  if (!text.startsWith(start) || name === "")
    return { problem: `does not begin with ${start}<runenv>` };
  const readName = readRunenvName(name);
  if ("problem" in readName) return { problem: `names a runenv, ${readName.problem}` };
  if (hyphen < 0) return { problem: `has no version of the runenv ${readName.value}` };
  const version = readRunenvVersion(text.slice(hyphen + 1));
  if ("problem" in version)
    return { problem: `has a version of ${readName.value}, ${version.problem}` };
  return { value: { name: readName.value, version: version.value } };
});

/** `nx-2020`: any `-` in it may be what ends the name. Never none. */
const readNamedFeature = remembered((text: string): Read<readonly Feature[]> => {
  if (!text.includes("-") && "value" in readFeatureName(text))
    return { problem: `has no version of the feature ${text.toUpperCase()}` };
  const readings: Feature[] = [];
  for (let end = text.indexOf("-"); end >= 0; end = text.indexOf("-", end + 1)) {
    const name = readFeatureName(text.slice(0, end));
    if ("problem" in name) continue;
    const version = readFeatureVersion(text.slice(end + 1));
    if ("value" in version) readings.push({ name: name.value, version: version.value });
  }
  if (readings.length > 0) return { value: readings };
  return {
    problem: `has '${shown(text)}', which is no feature with its version, as nx-2020 is`,
  };
});

const named = (name: string) => `the name ${printable(name)}`;
