/**
 * `DA__P7__PCLUSTER__CALC_IMAGE__<KEY>`: an image of this deployment. What it offers is
 * in its name, `registry.example.com/pseven-calc-cobol-42-nx-2020`; or in its tag,
 * `registry.example.com/calc:pseven-calc-cobol-42`; or it is said (clauses.ts).
 */
import { Failure } from "../contract/failure.ts";
import { parseReference, type Reference } from "../contract/image-reference.ts";
import { printable } from "../system/text.ts";
import type { Place } from "./capability.ts";
import { readClauses } from "./clauses.ts";
import { type NameReading, readImageName } from "./image-name-reading.ts";
import { namePrefix } from "./image-names.ts";
import { ambiguous, type Entry, invalid, repetition } from "./problems.ts";
import { pairText } from "./words.ts";

export const imagePrefix = "DA__P7__PCLUSTER__CALC_IMAGE__";

const example = (variable: string) =>
  `for example ${variable}=registry.example.com/${namePrefix}-cobol-42-nx-2020`;

/** @returns the place, and what is wrong; without a place nothing can be said of it */
export function readImageVariable(variable: string, value: string): Entry {
  const wrong = (what: string) => invalid(variable, what, example(variable));
  const clauses = readClauses(value);
  if ("problem" in clauses) return wrong(clauses.problem);
  const { head, runenvs, features, name, os = "Linux", repeated } = clauses.value;
  if (head === "") return wrong("it names no image");
  if (name !== undefined) return wrong("an image has no name=…; a node has");
  let reference: Reference;
  try {
    reference = parseReference(head);
  } catch (error) {
    if (error instanceof Failure) return wrong(error.message);
    throw error;
  }
  const place = { os, extensionNode: null, image: head, origin: variable } as const;
  if (runenvs.length > 0)
    return {
      place: { ...place, runenvs, features },
      problems: repetition(variable, repeated),
    };
  if (features.length > 0)
    return wrong("it says feature=… without runenv=…; where one is said, both are");
  const readings = readingsOf(reference);
  if (typeof readings === "string") return wrong(readings);
  const [reading, another] = readings;
  if (another !== undefined)
    return ambiguous(
      variable,
      `the name of ${printable(head)} can be read in ` +
        `${readings.length === 2 ? "two" : readings.length} ways: ` +
        readings.map(readingText).join(", or "),
      `say which: ${variable}=${printable(head)}; ${clausesText(readings[0]!)}`,
    );
  const { runenv, feature } = reading!;
  return { place: asPlace(place, runenv, feature), problems: [] };
}

function asPlace(
  place: Pick<Place, "os" | "extensionNode" | "image" | "origin">,
  runenv: NameReading["runenv"],
  feature: NameReading["feature"],
): Place {
  return { ...place, runenvs: [runenv], features: feature ? [feature] : [] };
}

/** At least one, or in words why there is none. */
function readingsOf({ path, tag }: Reference): readonly NameReading[] | string {
  const named = [path.at(-1)!, ...(tag === undefined ? [] : [tag])].filter((name) =>
    name.toLowerCase().startsWith(`${namePrefix}-`),
  );
  if (named.length === 0)
    return (
      `the name ${printable(path.at(-1)!)} does not begin with ${namePrefix}-, ` +
      "and nothing says which runenv it has"
    );
  const all: NameReading[] = [];
  for (const name of named) {
    const read = readImageName(name);
    if ("problem" in read) return read.problem;
    for (const reading of read.readings)
      if (!all.some((other) => readingText(other) === readingText(reading)))
        all.push(reading);
  }
  return all;
}

function readingText({ runenv, feature }: NameReading): string {
  const runs = `${runenv.name} ${runenv.version}`;
  return feature ? `${runs} with ${feature.name} ${feature.version}` : runs;
}

function clausesText({ runenv, feature }: NameReading): string {
  const runs = `runenv=${pairText(runenv)}`;
  return feature ? `${runs}; feature=${pairText(feature)}` : runs;
}
