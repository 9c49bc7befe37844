/** What a source of variables has. */
import type { Problem } from "../capability.ts";

export type SourceVariables = {
  /** Each name once. */
  readonly variables: readonly (readonly [name: string, value: string])[];
  /** Names that it takes away, should a source before it have them. */
  readonly removed: readonly string[];
  readonly problems: readonly Problem[];
};

export const variablePrefix = "DA__P7__";

/** Something that is right there. */
export function exampleValue(name: string): string {
  return name.includes("EXTENSION_NODE")
    ? "os=Linux; runenv=(COBOL,42)"
    : "registry.example.com/pseven-calc-cobol-42:1";
}

export const contestedHint =
  "leave one of them, or give one another name: …__A for one, …__B for the other";
