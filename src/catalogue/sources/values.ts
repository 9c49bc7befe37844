/**
 * The catalogue's variables in a Helm values.yaml, wherever a chart has its own:
 *
 *     env: { DA__P7__…: registry.example.com/nx:7 }             a key
 *     env: [{ name: DA__P7__…, value: registry.example.com/… }]  as Kubernetes has it
 *     env: ["DA__P7__…=registry.example.com/nx:7"]              as Compose has it
 *
 * Values are the text that stands there. `null`, or nothing, takes a variable away.
 */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Problem } from "../capability.ts";
import { isPlaceVariable } from "../place-variables.ts";
import { problem } from "../problems.ts";
import { positionsIn } from "./positions.ts";
import { type Occurrence, occurrencesIn, pathText } from "./values-walk.ts";
import { contestedHint, exampleValue, type SourceVariables } from "./variables.ts";
import { isNull, parseYaml, YamlMistake } from "./yaml.ts";

const mostShown = 3;
const exampleName = "DA__P7__PCLUSTER__CALC_IMAGE__COBOL";

/** @param file for messages @throws Failure `catalogue-file-invalid` */
export function readValues(text: string, file: string): SourceVariables {
  const position = positionsIn(text);
  const byName = new Map<string, Occurrence[]>();
  for (const occurrence of occurrencesOrFailure(text, file, position)) {
    const others = byName.get(occurrence.name);
    if (others) others.push(occurrence);
    else byName.set(occurrence.name, [occurrence]);
  }
  const variables: (readonly [string, string])[] = [];
  const removed: string[] = [];
  const problems: Problem[] = [];
  const where = ({ place, at }: Occurrence) =>
    `${printable(pathText(place))} (${printable(file)}:${position(at)})`;
  for (const [name, occurrences] of byName) {
    // Of other variables a deployment may have several, for several programs.
    const isOurs = isPlaceVariable(name);
    const values: (readonly [value: string, occurrence: Occurrence])[] = [];
    let wrong = false;
    for (const occurrence of occurrences) {
      const read = readOccurrence(occurrence, text);
      if (typeof read === "string") values.push([read, occurrence]);
      if (read === undefined || typeof read === "string") continue;
      wrong = true;
      if (isOurs) problems.push(unknowable(name, where(occurrence), read.problem));
    }
    const last = values.at(-1);
    if (last) variables.push([name, last[0]]);
    else if (!wrong) removed.push(name);
    if (isOurs && values.some(([value]) => value !== last![0]))
      problems.push(
        contested(
          name,
          values.map(([, one]) => where(one)),
        ),
      );
  }
  return { variables, removed, problems };
}

function occurrencesOrFailure(
  text: string,
  file: string,
  position: (at: number) => string,
): Occurrence[] {
  try {
    return occurrencesIn(parseYaml(text));
  } catch (error) {
    if (!(error instanceof YamlMistake)) throw error;
    const where = `${printable(file)}:${position(error.at)}`;
    throw new Failure(
      "catalogue-file-invalid",
      `${where}: this is no YAML: ${printable(error.message)}`,
      text.includes("{{")
        ? "templates must be rendered first: helm template … prints what can be read"
        : `mend that line, for example env: { ${exampleName}: ${exampleValue(exampleName)} }`,
    );
  }
}

/** A value; nothing where the variable is taken away; or why it cannot be known. */
function readOccurrence(
  { value, isElsewhere }: Occurrence,
  text: string,
): string | undefined | { readonly problem: string } {
  if (isElsewhere) return { problem: "comes from elsewhere (valueFrom)" };
  if (typeof value === "string") return known(value);
  if (value === undefined || isNull(value)) return undefined;
  if (value.kind === "scalar") return known(value.text);
  if (text.startsWith("{{", value.at)) return { problem: "is a template" };
  return { problem: `is a ${value.kind}, where a text is needed` };
}

function known(value: string): string | { readonly problem: string } {
  return value.includes("{{") ? { problem: "is a template" } : value;
}

function unknowable(name: string, where: string, what: string): Problem {
  return problem(
    "catalogue-invalid",
    [name],
    `its value in ${where} ${what}`,
    `write the value itself, for example ${printable(name)}: ` + exampleValue(name),
  );
}

function contested(name: string, places: readonly string[]): Problem {
  const shown = places.slice(0, -1).slice(0, mostShown - 1);
  const omitted = places.length - shown.length - 1;
  const more = omitted > 0 ? ` and ${omitted} more` : "";
  return problem(
    "catalogue-duplicate",
    [name],
    `it has different values in ${shown.join(", ")}${more} and ` +
      `${places.at(-1)}, which counts`,
    contestedHint,
  );
}
