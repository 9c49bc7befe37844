/** In which order things stand: by what they are, never by how they came. */
import type { Feature } from "./capability.ts";

export function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Whatever the cluster likes first, then the particular ones by name. */
export function compareNodes(one: string | null, other: string | null): number {
  if (one === null || other === null)
    return Number(one !== null) - Number(other !== null);
  return compareText(one, other);
}

/** By name, of one name the newest first: EXCEL 2020, EXCEL 2000, EXCEL 97. */
export function compareFeatures(one: Feature, other: Feature): number {
  return compareText(one.name, other.name) || compareNewest(one.version, other.version);
}

/**
 * Negative where `one` is newer. Numbers in a version count as numbers, whatever
 * stands between: v2021.10 is newer than v2021.9 and than 2020; a `v` in front says
 * nothing. What goes on is newer than what ends there: 2020.1 than 2020.
 */
export function compareNewest(one: string, other: string): number {
  if (one === other) return 0;
  const [parts, others] = [partsOf(one), partsOf(other)];
  for (let at = 0; at < Math.max(parts.length, others.length); at += 1) {
    const [part, another] = [parts[at], others[at]];
    if (part === undefined) return 1;
    if (another === undefined) return -1;
    const order = comparePart(part, another);
    if (order !== 0) return -order;
  }
  // Written differently, and yet the same: 2020.1 and 2020.01.
  return compareText(one, other);
}

type Part = string | bigint;

const known = new Map<string, readonly Part[]>();
/** Enough for any catalogue, and no leak in a program that runs for months. */
const mostKnown = 10_000;

function partsOf(version: string): readonly Part[] {
  let parts = known.get(version);
  if (!parts) {
    const found = version.replace(/^v(?=\d)/, "").match(/\d+|[a-z]+/g) ?? [];
    parts = found.map((part) => (/^\d/.test(part) ? BigInt(part) : part));
    if (known.size >= mostKnown) known.clear();
    known.set(version, parts);
  }
  return parts;
}

function comparePart(part: Part, another: Part): number {
  if (typeof part === "string" && typeof another === "string")
    return compareText(part, another);
  // A number is newer than a word: 2020.1 than 2020.beta.
  if (typeof part === "string") return -1;
  if (typeof another === "string") return 1;
  if (part === another) return 0;
  return part < another ? -1 : 1;
}
