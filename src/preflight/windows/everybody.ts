/**
 * Rights on Windows are lists, not bits: what this user may do is all that is known.
 */
import type { Problem } from "../finding.ts";

/** Of whom it is told what he may do. */
export const who = "this user";

export type Wish = "read" | "execute" | "start" | "write";

export function everybodyProblem(_path: string, _wish: Wish): Problem | undefined {
  return undefined;
}
