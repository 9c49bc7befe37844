/**
 * `DA__P7__PCLUSTER__CALC_IMAGE__<KEY>`: an image of this deployment. What it offers is
 * in its name, `registry.example.com/pseven-calc-cobol-42-nx-2020`; or in its tag,
 * `registry.example.com/calc:pseven-calc-cobol-42`; or it is said (clauses.ts).
 */
import { Failure } from "../contract/failure.ts";
import { parseReference, type Reference } from "../contract/image-reference.ts";
import { printable } from "../system/text.ts";
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
  if (runenvs.length > 0)
    return {
      place: {
        os,
        extensionNode: null,
        runenvs,
        features,
        image: head,
        origin: variable,
      },
      problems: repetition(variable, repeated),
    };
  if (features.length > 0)
    return wrong("it says feature=… without runenv=…; where one is said, both are");
  const readings = readingsOf(reference);
  if (typeof readings === "string") return wrong(readings);
  if (readings.length > 1)
    return ambiguous(
      variable,
      `the name of ${printable(head)} can be read in ` +
        `${readings.length === 2 ? "two" : readings.length} ways: ` +
        readings.map(readingText).join(", or "),
      `say which: ${variable}=${printable(head)}; ${clausesText(readings[0]!)}`,
    );
  const { runenv, feature } = readings[0]!;
  const place = {
    os,
    extensionNode: null,
    runenvs: [runenv],
    features: feature ? [feature] : [],
    image: head,
    origin: variable,
  };
  return { place, problems: [] };
}

/** At least one, or in words why there is none. */
function readingsOf({ path, tag }: Reference): readonly NameReading[] | string {
  const name = path.at(-1)!;
  const byName = isNamed(name) ? readImageName(name) : none;
  if ("problem" in byName) return byName.problem;
  const byTag = tag !== undefined && isNamed(tag) ? readImageName(tag) : none;
  if ("problem" in byTag) return byTag.problem;
  if (byTag === none && byName !== none) return byName.readings;
  const known = new Set(byName.readings.map(readingText));
  const others = byTag.readings.filter((one) => !known.has(readingText(one)));
  const all = [...byName.readings, ...others];
  if (all.length > 0) return all;
  return (
    `the name ${printable(name)} does not begin with ${namePrefix}-, ` +
    "and nothing says which runenv it has"
  );
}

const none: { readonly readings: readonly NameReading[] } = { readings: [] };

function isNamed(text: string): boolean {
  return text.toLowerCase().startsWith(`${namePrefix}-`);
}

function readingText({ runenv, feature }: NameReading): string {
  const runs = `${runenv.name} ${runenv.version}`;
  return feature ? `${runs} with ${feature.name} ${feature.version}` : runs;
}

function clausesText({ runenv, feature }: NameReading): string {
  const runs = `runenv=${pairText(runenv)}`;
  return feature ? `${runs}; feature=${pairText(feature)}` : runs;
}
