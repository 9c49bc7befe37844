/**
 * Rules that were found for one variable at a time are held against activations in
 * which many are otherwise at once. Where a rule foretells wrongly, it is tightened: a
 * block whose variables are so is then refused, and not given something wrong.
 */
import { stateOf } from "../contract/frozen-changes.ts";
import {
  foretellAll,
  markOf,
  type Rule,
  type Rules,
  states,
  type Values,
} from "./outcomes.ts";

/** Other values for some variables; nothing means unset. */
export type Changes = ReadonlyMap<string, string | undefined>;

/** The variables, and an activation of them; nothing where it fails. */
export type Bench = {
  readonly given: Values;
  readonly attempt: (given: Values) => Values | undefined;
};

const kept: Rule = { unset: "keep", empty: "keep", filled: "keep" };

/** The rules, made so tight that none is wrong about any of the `trials`. */
export function verified(
  found: Rules,
  { given, attempt }: Bench,
  trials: readonly Changes[],
): Rules {
  const rules = new Map(found);
  const isWrong = (changes: Changes): boolean => {
    const changed = changedBy(given, changes);
    const foretold = changes.size > 0 ? foretellAll(rules, changed) : undefined;
    return foretold !== undefined && !isEqual(foretold, attempt(changed));
  };
  for (const trial of trials) {
    let changes = allowed(rules, given, trial);
    while (isWrong(changes)) {
      for (const [name, value] of least(changes, isWrong))
        rules.set(name, tightened(rules.get(name) ?? kept, given.get(name), value));
      changes = allowed(rules, given, changes);
    }
  }
  return rules;
}

/** Those of the changes that the rules do not refuse, each for itself. */
function allowed(rules: Rules, given: Values, changes: Changes): Changes {
  const isAllowed = ([name, value]: readonly [string, string | undefined]) => {
    const rule = rules.get(name) ?? kept;
    const state = stateOf(value);
    if (value === given.get(name) || rule[state] === "refuse") return false;
    return state !== "filled" || rule.same === undefined;
  };
  return new Map([...changes].filter(isAllowed));
}

/** As few changes as still do it. */
function least(changes: Changes, does: (changes: Changes) => boolean): Changes {
  const fewest = new Map(changes);
  for (const [name, value] of changes) {
    fewest.delete(name);
    if (!does(fewest)) fewest.set(name, value);
  }
  return fewest;
}

function tightened(
  rule: Rule,
  before: string | undefined,
  value: string | undefined,
): Rule {
  const state = stateOf(value);
  if (state === "filled" && before) return { ...rule, same: before };
  return { ...rule, [state]: "refuse" };
}

function changedBy(given: Values, changes: Changes): Values {
  const changed = new Map(given);
  for (const [name, value] of changes)
    if (value === undefined) changed.delete(name);
    else changed.set(name, value);
  return changed;
}

export function isEqual(one: Values, other: Values | undefined): boolean {
  if (one.size !== other?.size) return false;
  return [...one].every(([name, value]) => other.get(name) === value);
}

/**
 * Many variables at once in other states, such that of any two of the first thirteen
 * each state of the one meets each of the other (an orthogonal array: the points of the
 * projective plane over three elements, multiplied by all triples).
 */
export function statesTogether(names: readonly string[], given: Values): Changes[] {
  const valueIn = (name: string, state: number) =>
    [undefined, "", markOf(name, given.get(name), 1)][state];
  const all = (state: number) =>
    new Map(names.map((name) => [name, valueIn(name, state)] as const));
  const rows = triples.map(
    (row) =>
      new Map(
        names.map((name, index) => {
          const point = points[index % points.length]!;
          const product = row.reduce((sum, digit, at) => sum + digit * point[at]!, 0);
          return [name, valueIn(name, product % states.length)] as const;
        }),
      ),
  );
  return [...rows, all(1), all(2)];
}

const digits = [0, 1, 2];
const triples = digits.flatMap((a) =>
  digits.flatMap((b) => digits.map((c) => [a, b, c])),
);
/** Triples whose first digit that is not 0 is 1. */
const points = triples.filter((triple) => triple.find((digit) => digit !== 0) === 1);

/**
 * Values that a script may look for: words that stand where it looks at the variable
 * (`case $MODE in fast)`), or at another that may be a copy of it, and usual ones.
 */
export function wordsTogether(
  names: readonly string[],
  texts: readonly string[],
): Changes[] {
  const own = names.map((name) => wordsAbout(name, texts));
  const all = [...new Set([...usualWords, ...own.flat()])].slice(0, mostWords);
  const most = Math.min(mostWords, Math.max(0, ...own.map(({ length }) => length)));
  const row = (wordOf: (index: number) => string | undefined): Changes =>
    new Map(
      names.flatMap((name, index) => {
        const word = wordOf(index);
        return word === undefined ? [] : [[name, word] as const];
      }),
    );
  return [
    ...Array.from({ length: most }, (_, at) => row((index) => own[index]![at])),
    ...all.map((_, at) => row((index) => all[(at + index) % all.length])),
  ];
}

const usualWords = ["1", "0", "yes", "true"];
const mostWords = 24;

function wordsAbout(name: string, texts: readonly string[]): string[] {
  const words = new Set<string>();
  const mention = new RegExp(
    `(?:\\bcase\\b[^\\n]*\\$\\{?${name}\\b[^]*?\\besac\\b)|` +
      `[^\\n]*\\$\\{?${name}\\b[^\\n]*`,
    "g",
  );
  for (const text of texts)
    for (const [mentioning] of text.matchAll(mention))
      for (const [word] of mentioning.matchAll(/(?<![\w./$:{-])[\w+-]+(?![\w./:-])/g))
        words.add(word);
  return [...words];
}
