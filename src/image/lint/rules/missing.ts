/** Programs that are not there, and what is said of each. */

import type { Fault } from "../finding.ts";
import type { Subject } from "../subject.ts";
import { fileOf, type Part, type Use } from "../uses.ts";

export const lineOf = (line: string | undefined) =>
  line === undefined ? {} : { line };

/** Programs of a kind that are not there; each once. */
export function* missing({ uses }: Subject, ...parts: readonly Part[]): Generator<Use> {
  const told = new Set<string>();
  for (const use of uses) {
    if (!parts.includes(use.part) || fileOf(use)) continue;
    if (use.part === "searched" && use.isOpen) continue;
    const key = `${use.path} ${use.neededBy?.path}`;
    if (!told.has(key)) yield use;
    told.add(key);
  }
}

/** Of a name that PATH does not have nobody knows where it would be. */
export const pathOf = ({ path }: Use) => (path.startsWith("/") ? { path } : {});

export const needed = (
  { purpose, neededBy, line }: Use,
  what: string,
): Omit<Fault, "fix"> => ({
  message: `${purpose}: ${what}`,
  ...(neededBy ? { node: neededBy } : lineOf(line)),
});
