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

/** As it was meant to be: with clauses, or without. */
const example = (variable: string, value: string) =>
  `for example ${variable}=registry.example.com/` +
  (/[;=]/.test(value)
    ? "nx:7; runenv=(COBOL,42); feature=(NX,2020-1)"
    : `${namePrefix}-cobol-42-nx-2020`);

/** Of a name with many `-`, how many of the ways to read it are told. */
const mostReadings = 3;

/** @returns the place, and what is wrong; without a place nothing can be said of it */
export function readImageVariable(variable: string, value: string): Entry {
  return readPlainly(variable, value) ?? readThoroughly(variable, value);
}

const word = "[a-z0-9]+(?:-[a-z0-9]+)*";
const plainForm = new RegExp(
  `^(?:${word}(?:\\.${word})*(?::[1-9][0-9]{0,3})?/)?(?:${word}/)*` +
    `(${namePrefix}(?:[._-][a-z0-9]+)+)` +
    `(?::(?!${namePrefix}-)[a-z0-9][a-z0-9._-]{0,60})?(?:@sha256:[a-f0-9]{64})?$`,
);
const longestPlain = 255;

/**
 * Nearly all images are written plainly, and a deployment may have thousands of them:
 * one expression is far faster than many. What it takes is no more than what
 * {@link readThoroughly} takes, and means the same. With a `;` at its end no value is
 * plain, and means what it means without: so a test holds the two together.
 */
function readPlainly(variable: string, value: string): Entry | undefined {
  const name = value.length <= longestPlain ? plainForm.exec(value)?.[1] : undefined;
  const read = name === undefined ? undefined : readImageName(name);
  if (!read || "problem" in read || read.readings.length > 1) return undefined;
  const { runenv, feature } = read.readings[0]!;
  return {
    place: {
      os: "Linux",
      extensionNode: null,
      runenvs: [runenv],
      features: feature ? [feature] : [],
      image: value,
      origin: variable,
    },
    problems: [],
  };
}

/** Whatever a variable says, and all that can be wrong with it. */
function readThoroughly(variable: string, value: string): Entry {
  const wrong = (what: string) => invalid(variable, what, example(variable, value));
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
  const placeWith = (runenvs: Place["runenvs"], features: Place["features"]) => ({
    os,
    extensionNode: null,
    runenvs,
    features,
    image: head,
    origin: variable,
  });
  if (runenvs.length > 0)
    return {
      place: placeWith(runenvs, features),
      problems: repetition(variable, repeated),
    };
  if (features.length > 0)
    return wrong("it says feature=… without runenv=…, which goes with it");
  const readings = readingsOf(reference);
  if (typeof readings === "string") return wrong(readings);
  const [reading, another] = readings;
  if (another !== undefined) {
    const said = clauses.value.os === undefined ? "" : `; os=${os}`;
    return ambiguous(
      variable,
      `the name of ${printable(head)} can be read in ` +
        `${readings.length === 2 ? "two" : readings.length} ways: ` +
        readings.slice(0, mostReadings).map(readingText).join(", or ") +
        (readings.length > mostReadings ? ", …" : ""),
      `say which: ${variable}=${printable(head)}; ${clausesText(readings[0]!)}${said}`,
    );
  }
  const { runenv, feature } = reading!;
  return { place: placeWith([runenv], feature ? [feature] : []), problems: [] };
}

/** At least one, or in words why there is none. */
function readingsOf({ path, tag }: Reference): readonly NameReading[] | string {
  const name = path.at(-1)!;
  const isNamed = isName(name);
  if (tag === undefined || !isName(tag)) {
    if (isNamed) return readingsOfName(name);
    return (
      `the name ${printable(name)} does not begin with ${namePrefix}-, ` +
      "and nothing says which runenv it has"
    );
  }
  const tagged = readingsOfName(tag);
  if (!isNamed || typeof tagged === "string") return tagged;
  const named = readingsOfName(name);
  if (typeof named === "string") return named;
  const known = new Set(named.map(readingText));
  return [...named, ...tagged.filter((reading) => !known.has(readingText(reading)))];
}

const nameForm = new RegExp(`^${namePrefix}-`, "i");

const isName = (text: string) => nameForm.test(text);

function readingsOfName(name: string): readonly NameReading[] | string {
  const read = readImageName(name);
  return "problem" in read ? read.problem : read.readings;
}

function readingText({ runenv, feature }: NameReading): string {
  const runs = `${runenv.name} ${runenv.version}`;
  return feature ? `${runs} with ${feature.name} ${feature.version}` : runs;
}

function clausesText({ runenv, feature }: NameReading): string {
  const runs = `runenv=${pairText(runenv)}`;
  return feature ? `${runs}; feature=${pairText(feature)}` : runs;
}
