/** In which order things stand: by what they are, never by how they came. */
import type { Feature } from "./capability.ts";
import { remembered } from "./remembered.ts";

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
  // Written differently, and yet the same: 2020.1 and 2020.01.
  return compareText(sortKey(other), sortKey(one)) || compareText(one, other);
}

/** A text that compares as the version does: the newer the greater. */
const sortKey = remembered((version: string) =>
  version.replace(/^v(?=\d)|\d+/g, partKey),
);

/** Above all letters and what stands between. */
const numbers = 0x8000;

/** Of two numbers the one with more digits is greater. */
function partKey(written: string): string {
  if (written === "v") return "";
  const digits = written.startsWith("0") ? written.replace(/^0+/, "") : written;
  return String.fromCharCode(numbers + digits.length) + digits;
}
