/**
 * The form in which a variable says what a place offers, whatever the place is called:
 *
 *     registry.example.com/nx:7; runenv=(COBOL,42); feature=(NX,2020-1); os=Windows
 *
 * Clauses stand between semicolons, in any order; `runenv` and `feature` may be
 * repeated. What stands before the first clause is the head: an image's reference.
 */
import { printable } from "../system/text.ts";
import type { Feature, OperatingSystem, Runenv } from "./capability.ts";
import {
  pairText,
  type Read,
  readFeature,
  readHostName,
  readOperatingSystem,
  readRunenv,
} from "./words.ts";

export type Clauses = {
  /** Trimmed; "" where there is none. */
  readonly head: string;
  readonly os?: OperatingSystem;
  /** A host's name, in lower case. */
  readonly name?: string;
  /** Each once. */
  readonly runenvs: readonly Runenv[];
  readonly features: readonly Feature[];
  /** Written more than once: `(COBOL,42)`. */
  readonly repeated: readonly string[];
};

const words = ["os", "name", "runenv", "feature"];

export function readClauses(value: string): Read<Clauses> {
  // Nearly all variables name an image, and nothing else.
  const semicolon = value.indexOf(";");
  if (semicolon < 0 && !value.includes("="))
    return {
      value: { head: value.trim(), runenvs: [], features: [], repeated: [] },
    };
  const parts = value.split(";").map((part) => part.trim());
  const head = parts[0]!.includes("=") ? "" : parts.shift()!;
  const runenvs = new Map<string, Runenv>();
  const features = new Map<string, Feature>();
  const repeated: string[] = [];
  let os: OperatingSystem | undefined;
  let name: string | undefined;
  for (const part of parts) {
    if (part === "") continue; // a semicolon at the end
    const equals = part.indexOf("=");
    const word = part.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const text = part.slice(equals + 1).trim();
    const wrong = ({ problem }: { readonly problem: string }) => ({
      problem: `in ${printable(part)}: ${problem}`,
    });
    if (word === "runenv" || word === "feature") {
      const read = word === "runenv" ? readRunenv(text) : readFeature(text);
      if ("problem" in read) return wrong(read);
      const found: Map<string, Runenv | Feature> =
        word === "runenv" ? runenvs : features;
      const pair = pairText(read.value);
      if (found.has(pair)) repeated.push(pair);
      found.set(pair, read.value);
    } else if (word === "os") {
      const read = readOperatingSystem(text);
      if ("problem" in read) return wrong(read);
      if (os !== undefined) return wrong({ problem: "os is said twice" });
      os = read.value;
    } else if (word === "name") {
      const read = readHostName(text);
      if ("problem" in read) return wrong(read);
      if (name !== undefined) return wrong({ problem: "name is said twice" });
      name = read.value;
    } else return { problem: notClause(part, word) };
  }
  return {
    value: {
      head,
      ...(os === undefined ? {} : { os }),
      ...(name === undefined ? {} : { name }),
      runenvs: [...runenvs.values()],
      features: [...features.values()],
      repeated,
    },
  };
}

function notClause(part: string, word: string): string {
  const singular = words.find((known) => word === `${known}s`);
  if (singular)
    return `there is no ${word}=; it is ${singular}=(NAME,VERSION), once for each`;
  return `'${printable(part)}' is none of ${words.map((known) => `${known}=…`).join(", ")}`;
}
