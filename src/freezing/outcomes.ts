/** What becomes of variables, told so that two activations can be compared. */
import { expandValue } from "../companion/frozen-format.ts";
import { type Fact, type Reference, templateOf } from "./format.ts";

/** Variables and their values. */
export type Values = ReadonlyMap<string, string>;

/** What becomes of a variable; `set` has a template behind it. */
export type Outcome = "keep" | "unset" | "refuse" | `set ${string}`;
export type Outcomes = ReadonlyMap<string, Outcome>;

export const states = ["unset", "empty", "filled"] as const;

/** @param outcomes by the order of `states` */
export function rulesOf(name: string, outcomes: readonly Outcome[]): Fact[] {
  // What is not there and is unset stays as it is.
  const [whenUnset, ...others] = outcomes;
  if (whenUnset === "keep" && others.every((outcome) => outcome === "unset"))
    return [{ word: "unset", name, detail: "any" }];
  return [...new Set(outcomes)].flatMap((outcome): Fact[] => {
    if (outcome === "keep") return [];
    const held = states.filter((_, index) => outcomes[index] === outcome);
    const detail = held.length === states.length ? "any" : held.join(",");
    if (outcome === "unset" || outcome === "refuse")
      return [{ word: outcome, name, detail }];
    return [{ word: "set", name, detail, value: outcome.slice(4) }];
  });
}

export function outcomesOf(
  given: Values,
  after: Values,
  references: readonly Reference[],
): Outcomes {
  const outcomes = new Map<string, Outcome>();
  for (const name of new Set([...given.keys(), ...after.keys()])) {
    const value = after.get(name);
    if (value === given.get(name)) outcomes.set(name, "keep");
    else if (value === undefined) outcomes.set(name, "unset");
    else outcomes.set(name, `set ${templateOf(value, references)}`);
  }
  return outcomes;
}

export function outcomeIn(outcomes: Outcomes, name: string): Outcome {
  return outcomes.get(name) ?? "keep";
}

export function differences(one: Outcomes, other: Outcomes): string[] {
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names].filter((name) => outcomeIn(one, name) !== outcomeIn(other, name));
}

/** The value that an outcome makes of a value. */
export function foretell(
  outcome: Outcome | undefined,
  before: string | undefined,
  lookup: (name: string) => string | undefined,
): string | undefined {
  if (outcome === undefined || outcome === "keep") return before;
  const expanded = expandValue(outcome.slice(4), lookup);
  return outcome.startsWith("set ") && "text" in expanded ? expanded.text : undefined;
}

/**
 * A value that is nothing else's. Programs are to be found in spite of it; so PATH is
 * only made longer, at either end.
 */
export function markOf(name: string, value: string | undefined, tag: number): string {
  const mark = `/sidecar-${tag}-${name}-${tag}`;
  if (name !== "PATH" || !value) return mark;
  return tag === 1 ? `${mark}:${value}` : `${value}:${mark}`;
}

export function referencesOf(
  values: Values,
  names: Iterable<string> = values.keys(),
): Reference[] {
  return [...new Set(names)].flatMap((name) => {
    const text = values.get(name);
    return text ? [{ text, name }] : [];
  });
}

/** What a shell prompts with: it ends otherwise for root, and no block is prompted. */
export function isPrompt(name: string): boolean {
  return ["PS1", "PS2", "PS4"].includes(name);
}
