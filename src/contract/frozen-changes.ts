/** What a frozen activation makes of the variables that it finds. */
import { encode, printable } from "../system/text.ts";
import {
  expandValue,
  type Frozen,
  fingerprint,
  type Line,
  type State,
} from "./frozen-format.ts";
import type { Lookup } from "./references.ts";

/** Where a frozen activation is that no variable names: a file for each runenv. */
export const frozenDirectory = "/usr/local/share/sidecar/frozen";

/**
 * Whether an activation is one by a shell: of all others there is nothing to freeze.
 */
export function needsShell(activate: string): boolean {
  const value = activate.trim();
  return value !== "" && !value.endsWith(".env");
}

type Changes = Record<string, string | undefined>;

/**
 * @param fileProblem whether a file is not what it was, by its SHA-256; and in words, how
 * @returns the variables to set or, with `undefined`, to remove; or in words what is not
 *   as it was when it was frozen
 */
export function frozenChanges(
  { lines }: Frozen,
  lookup: Lookup,
  fileProblem: (path: string, digest: string) => string | undefined,
): Changes | string {
  // Without a prototype, so that a variable may have any name.
  const changes: Changes = Object.create(null);
  for (const line of lines) {
    const problem =
      line.word === "file"
        ? fileProblem(line.name, line.detail)
        : applyRule(line, lookup, changes);
    if (problem !== undefined) return problem;
  }
  return changes;
}

function applyRule(
  { word, name, detail, value }: Line,
  lookup: Lookup,
  changes: Changes,
): string | undefined {
  const before = lookup(name);
  const state = stateOf(before);
  if (word === "same") {
    const isOther = state === "filled" && fingerprint(encode(before!)) !== detail;
    return isOther ? `the variable ${printable(name)} has another value` : undefined;
  }
  if (detail !== "any" && !detail.split(",").includes(state)) return undefined;
  if (word === "refuse") return `the variable ${printable(name)} is ${state}`;
  if (word === "unset") {
    changes[name] = undefined;
    return undefined;
  }
  const expanded = expandValue(value, lookup);
  if ("missing" in expanded)
    return `the variable ${printable(expanded.missing)} is not set`;
  changes[name] = expanded.text;
  return undefined;
}

export function stateOf(value: string | undefined): State {
  if (value === undefined) return "unset";
  return value === "" ? "empty" : "filled";
}
