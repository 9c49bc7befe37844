/** Rights on Windows are lists, not bits: what this user may do is all that is known. */
import type { Problem } from "../finding.ts";

export type Wish = "read" | "execute" | "start" | "write";

export function everybodyProblem(_path: string, _wish: Wish): Problem | undefined {
  return undefined;
}
