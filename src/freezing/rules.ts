/**
 * What an activation does, found out by trying: as rules that hold for any environment.
 *
 * A shell script cannot be understood, but it can be run again. Every variable that it
 * might look at is given a mark as its value; where the mark comes out, the script has
 * passed the value on. It is unset, and emptied. What comes out otherwise than the
 * rules found so far foretell is not frozen: such a variable must be as it was.
 */

import { stateOf } from "../contract/frozen-changes.ts";
import type { State } from "../contract/frozen-format.ts";
import {
  differences,
  foretell,
  isPrompt,
  markOf,
  type Outcome,
  type Outcomes,
  outcomeIn,
  outcomesOf,
  type Rule,
  type Rules,
  referencesOf,
  states,
  type Values,
} from "./outcomes.ts";

export type Subject = {
  /** What the image gives, without the variables of a user. */
  readonly image: Values;
  /** HOME, USER and LOGNAME of users who have nothing in common. */
  readonly users: readonly [Values, ...Values[]];
  /** The names of variables that the activation might look at. */
  readonly candidates: readonly string[];
  /** The variables after the activation for the user of this number. @throws Failure */
  readonly activate: (user: number, given: Values) => Values;
  /** The same for the first, or nothing where it fails. */
  readonly attempt: (given: Values) => Values | undefined;
};

/** The variables that come out otherwise for another user, host, or time. */
export class Differing extends Error {
  constructor(readonly names: readonly string[]) {
    super("an activation differs");
  }
}

/** Variables before and after an activation by the shell. */
export type Example = { readonly given: Values; readonly after: Values };

export type Found = {
  readonly rules: Rules;
  /** One for each user. */
  readonly examples: readonly Example[];
};

/** @throws Differing; Failure as the activation itself */
export function findRules(subject: Subject): Found {
  const search = new Search(subject);
  return { rules: search.rules(), examples: search.examples };
}

class Search {
  readonly examples: readonly Example[];
  readonly #subject: Subject;
  readonly #given: Values;
  readonly #after: Values;
  /** Variables of the image whose value may be any other. */
  readonly #free: readonly string[];
  /** What becomes of each variable, told by the marks of the free ones. */
  readonly #outcomes: Outcomes;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.examples = subject.users.map((user, index) => {
      const given = new Map([...subject.image, ...user]);
      return { given, after: subject.activate(index, given) };
    });
    const [first, ...others] = this.examples.map(({ given, after }, index) =>
      outcomesOf(given, after, referencesOf(subject.users[index]!)),
    ) as [Outcomes, ...Outcomes[]];
    const differing = others.flatMap((outcomes) => differences(first, outcomes));
    const serious = differing.filter((name) => !isPrompt(name));
    if (serious.length > 0) throw new Differing(serious);
    ({ given: this.#given, after: this.#after } = this.examples[0]!);
    const filled = subject.candidates.filter((name) => this.#state(name) === "filled");
    let free = filled;
    let found = this.#marked(free);
    if (!found) {
      free = filled.filter((name) => this.#marked([name]));
      found = this.#marked(free);
    }
    this.#free = found ? free : [];
    this.#outcomes = found ?? first;
  }

  rules(): Rules {
    const { candidates, users } = this.#subject;
    const touched = [...this.#outcomes].flatMap(([name, outcome]) =>
      outcome === "keep" ? [] : [name],
    );
    const names = [...new Set([...candidates, ...touched])];
    const ofUser = touched.filter((name) => users[0].has(name));
    const others = names.filter((name) => !users[0].has(name));
    const indifferent = others.filter(
      (name) => !touched.includes(name) && !this.#isFixed(name),
    );
    const without = new Set(indifferent);
    for (const name of this.#thatMatter(indifferent)) without.delete(name);
    const alone = others.filter((name) => !without.has(name));
    return new Map([
      ...alone.map((name) => [name, this.#ruleOf(name)] as const),
      ...ofUser.map((name) => [name, this.#ruleOfUser(name)] as const),
    ]);
  }

  #isFixed(name: string): boolean {
    return this.#state(name) === "filled" && !this.#free.includes(name);
  }

  #state(name: string): State {
    return stateOf(this.#given.get(name));
  }

  /**
   * The outcomes where each of `names` has a mark as its value; nothing where they are
   * not the same for every mark and for the value that the image gives.
   */
  #marked(names: readonly string[]): Outcomes | undefined {
    const [first, second] = [1, 2].map((tag) => this.#probe(names, new Map(), tag));
    if (!first || !second || differences(first, second).length > 0) return undefined;
    const lookup = (name: string) => this.#given.get(name);
    for (const name of new Set([...this.#given.keys(), ...this.#after.keys()])) {
      const foretold = foretell(first.get(name), lookup(name), lookup);
      if (foretold !== this.#after.get(name)) return undefined;
    }
    return first;
  }

  /** The outcomes with other values for some variables; nothing where it fails. */
  #probe(
    marked: readonly string[],
    changes: ReadonlyMap<string, string | undefined>,
    tag: number,
  ): Outcomes | undefined {
    const given = new Map(this.#given);
    for (const name of marked) given.set(name, markOf(name, given.get(name), tag));
    for (const [name, value] of changes)
      if (value === undefined) given.delete(name);
      else given.set(name, value);
    const after = this.#subject.attempt(given);
    const [user] = this.#subject.users;
    const known = [...user.keys(), ...marked, ...changes.keys()];
    return after && outcomesOf(given, after, referencesOf(given, known));
  }

  /**
   * What becomes of `names` in a state of them all, if of all others it is the same.
   */
  #inState(names: readonly string[], state: State): Outcomes | undefined {
    const tries = (state === "filled" ? [1, 2] : [1]).map((tag) => {
      const value = (name: string) =>
        ({ unset: undefined, empty: "", filled: markOf(name, undefined, tag) })[state];
      const changes = new Map(names.map((name) => [name, value(name)] as const));
      const found = this.#probe(this.#free, changes, tag);
      if (!found) return undefined;
      const differing = differences(found, this.#outcomes);
      return differing.every((name) => names.includes(name)) ? found : undefined;
    });
    const [first, second = first] = tries;
    if (!first || !second || differences(first, second).length > 0) return undefined;
    return first;
  }

  /** Those of `names` with whose states something changes. */
  #thatMatter(names: readonly string[]): readonly string[] {
    if (this.#isIndifferentTo(names)) return [];
    if (names.length === 1) return names;
    const half = names.length >> 1;
    const halves = [names.slice(0, half), names.slice(half)];
    return halves.flatMap((some) => this.#thatMatter(some));
  }

  /** Whether nothing changes with the states of `names`. */
  #isIndifferentTo(names: readonly string[]): boolean {
    return states.every((state) => {
      const others = names.filter((name) => this.#state(name) !== state);
      if (others.length === 0) return true;
      const outcomes = this.#inState(others, state);
      return outcomes && others.every((name) => outcomeIn(outcomes, name) === "keep");
    });
  }

  #ruleOf(name: string): Rule {
    const [unset, empty, filled] = states.map((state): Outcome => {
      if (state === this.#state(name)) return outcomeIn(this.#outcomes, name);
      const found = this.#inState([name], state);
      return found ? outcomeIn(found, name) : "refuse";
    }) as [Outcome, Outcome, Outcome];
    const same = this.#isFixed(name) ? this.#given.get(name) : undefined;
    return { unset, empty, filled, ...(same === undefined ? {} : { same }) };
  }

  /** Every user has these. */
  #ruleOfUser(name: string): Rule {
    const filled = outcomeIn(this.#outcomes, name);
    return { unset: "refuse", empty: "refuse", filled };
  }
}
