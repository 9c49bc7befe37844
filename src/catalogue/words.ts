/** Names, versions and pairs, as deployments, hosts and blocks write them. */
import { readPair } from "../contract/pair.ts";
import { isRunenvName, parseVersion } from "../contract/runenv-variables.ts";
import {
  type Feature,
  type OperatingSystem,
  operatingSystems,
  type Runenv,
} from "./capability.ts";
import { shown } from "./problems.ts";
import { remembered } from "./remembered.ts";

/** Something that was read, or in words why it is none. */
export type Read<Value> = { readonly value: Value } | { readonly problem: string };

/** Letters of other alphabets are left: the sign of Kelvin would become a k. */
function inCase(text: string, how: "toLowerCase" | "toUpperCase"): string {
  return /^[ -~]*$/.test(text) ? text[how]() : text;
}

/** What may stand in a component of a repository (distribution's regexp.go). */
const versionForm = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** A runenv's name in upper case. */
export const readRunenvName = remembered((text: string): Read<string> => {
  const name = inCase(text.trim(), "toUpperCase");
  if (isRunenvName(name)) return { value: name };
  const problem = `'${shown(text)}' is no name: it has letters, digits and single _`;
  return { problem };
});

/** A feature's name in upper case; `-` and `_` are one. */
export const readFeatureName = remembered(
  (text: string): Read<string> => readRunenvName(text.replaceAll("-", "_")),
);

export const readRunenvVersion = remembered((text: string): Read<number> => {
  const written = text.trim();
  const value = parseVersion(written);
  if (value !== undefined) return { value };
  const isLarge = /^\d+$/.test(written);
  const most = isLarge ? ` to ${Number.MAX_SAFE_INTEGER}` : " on";
  return { problem: `'${shown(text)}' is not a whole number from 0${most}` };
});

/** A feature's version in lower case: what can be part of an image's name. */
export const readFeatureVersion = remembered((text: string): Read<string> => {
  const value = inCase(text.trim(), "toLowerCase");
  if (versionForm.test(value)) return { value };
  const problem =
    `'${shown(text)}' is no version: ` +
    "it has letters and digits, with single . or _, or with -, between them";
  return { problem };
});

/** `(PYTHON3,42)`. */
export const readRunenv = remembered((text: string): Read<Runenv> => {
  const pair = readPair(text);
  return typeof pair === "string" ? { problem: pair } : runenvOf(...pair);
});

/** A runenv whose name and version stand apart. */
export function runenvOf(name: string, version: string | undefined): Read<Runenv> {
  const read = readRunenvName(name);
  if ("problem" in read) return read;
  if (!version) return { problem: "the version is missing" };
  const number = readRunenvVersion(version);
  if ("problem" in number) return number;
  return { value: { name: read.value, version: number.value } };
}

/** `(ABAQUS,v2021.05)`. */
export const readFeature = remembered((text: string): Read<Feature> => {
  const wanted = readWantedFeature(text);
  if ("problem" in wanted) return wanted;
  const { name, version } = wanted.value;
  if (version === null) return { problem: "the version is missing" };
  return { value: { name, version } };
});

/** A feature that is asked for: `null` is any version. */
export type WantedFeature = {
  readonly name: string;
  readonly version: string | null;
};

/** `(ABAQUS,v42)`; or any version: `ABAQUS`, `(ABAQUS,null)`. */
export function readWantedFeature(text: string): Read<WantedFeature> {
  const pair = readPair(text);
  if (typeof pair === "string") return { problem: pair };
  const [name, version = "null"] = pair;
  return wantedFeatureOf(name, version);
}

/** As JSON and YAML write it, and as Python does. */
const anyForm = /^(?:null|None)$/;

/** A feature that is asked for, whose name and version stand apart. */
export function wantedFeatureOf(
  name: string,
  version: string | null,
): Read<WantedFeature> {
  const read = readFeatureName(name);
  if ("problem" in read) return read;
  if (version === null || anyForm.test(version))
    return { value: { name: read.value, version: null } };
  const exact = readFeatureVersion(version);
  if ("problem" in exact) return exact;
  return { value: { name: read.value, version: exact.value } };
}

/** `Linux`, in any case. */
export function readOperatingSystem(text: string): Read<OperatingSystem> {
  const written = text.trim().toLowerCase();
  const value = operatingSystems.find((one) => one.toLowerCase() === written);
  if (value) return { value };
  return {
    problem: `'${shown(text)}' is not one of ${operatingSystems.join(", ")}`,
  };
}

/** RFC 1123 has no `_`, but Windows does. */
const labelForm = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;
const longestHost = 253;

/** The name of a host in lower case, with its domain or without. */
export function readHostName(text: string): Read<string> {
  const value = inCase(text.trim(), "toLowerCase");
  const isName =
    value.length <= longestHost &&
    value.split(".").every((label) => labelForm.test(label));
  if (isName) return { value };
  return {
    problem: `'${shown(text)}' is no host's name: it has letters, digits, - _ and .`,
  };
}

/** `(ABAQUS,v2021.05)`, as it is read. */
export function pairText({ name, version }: Runenv | WantedFeature): string {
  return `(${name},${version})`;
}
