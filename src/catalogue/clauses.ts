/**
 * The form in which a variable says what a place offers, whatever the place is called:
 *
 *     registry.example.com/nx:7; runenv=(COBOL,42); feature=(NX,2020-1); os=Windows
 *
 * Clauses stand between semicolons, in any order; `runenv` and `feature` may be
 * repeated. What stands before the first clause is the head: an image's reference.
 */
import type { Feature, OperatingSystem, Runenv } from "./capability.ts";
import { shown } from "./problems.ts";
import { remembered } from "./remembered.ts";
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

const none: readonly never[] = [];

/** Each of both is an entry of its own in what can be had: a few KB could make GB. */
const mostTogether = 10_000;

export function readClauses(value: string): Read<Clauses> {
  // Nearly all variables name an image, and nothing else.
  if (!value.includes("=") && !value.includes(";")) {
    const head = value.trim();
    return { value: { head, runenvs: none, features: none, repeated: none } };
  }
  const parts = value.split(";");
  const head = parts[0]!.includes("=") ? "" : parts.shift()!.trim();
  const pairs = new Set<string>();
  const repeated: string[] = [];
  const runenvs: Runenv[] = [];
  const features: Feature[] = [];
  let os: OperatingSystem | undefined;
  let name: string | undefined;
  for (const part of parts) {
    const clause = readClause(part);
    if (clause === undefined) continue; // a semicolon at the end
    if ("problem" in clause) return clause;
    if (clause.word === "runenv" || clause.word === "feature") {
      const pair = `${clause.word}=${clause.pair}`;
      if (pairs.has(pair)) repeated.push(clause.pair);
      else if (clause.word === "runenv") runenvs.push(clause.value);
      else features.push(clause.value);
      pairs.add(pair);
    } else {
      if ((clause.word === "os" ? os : name) !== undefined)
        return { problem: `${clause.word} is said twice` };
      if (clause.word === "os") os = clause.value;
      else name = clause.value;
    }
  }
  const together = runenvs.length * features.length;
  if (together > mostTogether)
    return {
      problem:
        `it says ${runenvs.length} runenvs with ${features.length} features each: ` +
        `more than ${mostTogether} together`,
    };
  return {
    value: {
      head,
      ...(os === undefined ? {} : { os }),
      ...(name === undefined ? {} : { name }),
      runenvs,
      features,
      repeated,
    },
  };
}

type Clause =
  | { readonly word: "os"; readonly value: OperatingSystem }
  | { readonly word: "name"; readonly value: string }
  /** And as it is read: `(COBOL,42)`. */
  | { readonly word: "runenv"; readonly value: Runenv; readonly pair: string }
  | { readonly word: "feature"; readonly value: Feature; readonly pair: string };

/** Nothing, where there is nothing. */
const readClause = remembered(
  (written: string): Clause | { readonly problem: string } | undefined => {
    const part = written.trim();
    if (part === "") return undefined;
    const equals = part.indexOf("=");
    const word = part.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const text = part.slice(equals + 1).trim();
    const as = <Value, Found>(read: Read<Value>, clause: (value: Value) => Found) =>
      "value" in read
        ? clause(read.value)
        : { problem: `in ${shown(part)}: ${read.problem}` };
    switch (word) {
      case "os":
        return as(readOperatingSystem(text), (value) => ({ word, value }));
      case "name":
        return as(readHostName(text), (value) => ({ word, value }));
      case "runenv":
        return as(readRunenv(text), (value) => ({
          word,
          value,
          pair: pairText(value),
        }));
      case "feature":
        return as(readFeature(text), (value) => ({
          word,
          value,
          pair: pairText(value),
        }));
      default:
        return { problem: notClause(part, word) };
    }
  },
);

const words = ["os", "name", "runenv", "feature"];

function notClause(part: string, word: string): string {
  const singular = words.find((known) => word === `${known}s`);
  if (singular)
    return `there is no ${word}=; it is ${singular}=(NAME,VERSION), once for each`;
  return `'${shown(part)}' is none of ${words.map((known) => `${known}=…`).join(", ")}`;
}
