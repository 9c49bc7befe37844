/** What becomes of variables, told so that two activations can be compared. */
import { stateOf } from "../contract/frozen-changes.ts";
import { expandValue, fingerprint, type State } from "../contract/frozen-format.ts";
import { encode } from "../system/text.ts";
import { type Fact, type Reference, templateOf } from "./format.ts";

/** Variables and their values. */
export type Values = ReadonlyMap<string, string>;

/** What becomes of a variable; `set` has a template behind it. */
export type Outcome = "keep" | "unset" | "refuse" | `set ${string}`;
export type Outcomes = ReadonlyMap<string, Outcome>;

export const states = ["unset", "empty", "filled"] as const;

/** What becomes of a variable by the state in which it is before. */
export type Rule = Readonly<Record<State, Outcome>> & {
  /** The only value that it may have where it is filled. */
  readonly same?: string;
};

/** By the names of variables; those that have none are kept. */
export type Rules = ReadonlyMap<string, Rule>;

/** The lines that say the same. */
export function factsOf(rules: Rules): Fact[] {
  const names = [...rules.keys()].sort((a, b) => (a < b ? -1 : 1));
  return names.flatMap((name) => factsOfRule(name, rules.get(name)!));
}

function factsOfRule(name: string, rule: Rule): Fact[] {
  const { same, empty, filled } = rule;
  const facts: Fact[] =
    same === undefined
      ? []
      : [{ word: "same", name, detail: fingerprint(encode(same)) }];
  // What is not there and is unset stays as it is.
  if (rule.unset === "keep" && empty === "unset" && filled === "unset")
    return [...facts, { word: "unset", name, detail: "any" }];
  for (const outcome of new Set(states.map((state) => rule[state]))) {
    if (outcome === "keep") continue;
    const held = states.filter((state) => rule[state] === outcome);
    const detail = held.length === states.length ? "any" : held.join(",");
    if (outcome === "unset" || outcome === "refuse")
      facts.push({ word: outcome, name, detail });
    else facts.push({ word: "set", name, detail, value: outcome.slice(4) });
  }
  return facts;
}

/** What the rules make of variables, or nothing where they refuse. */
export function foretellAll(rules: Rules, given: Values): Values | undefined {
  const after = new Map(given);
  const lookup = (name: string) => given.get(name);
  for (const [name, rule] of rules) {
    const before = given.get(name);
    const state = stateOf(before);
    const outcome = rule[state];
    if (outcome === "refuse") return undefined;
    if (state === "filled" && rule.same !== undefined && before !== rule.same)
      return undefined;
    const value = foretell(outcome, before, lookup);
    if (value !== undefined) after.set(name, value);
    else if (outcome.startsWith("set ")) return undefined;
    else after.delete(name);
  }
  return after;
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
