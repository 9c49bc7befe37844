/**
 * Where the catalogue comes from: files that are named, or else the environment. Of two
 * that have one variable the later counts, and `.env` files come after values.
 */
import { entriesFrom, variableKey } from "#system/variables.ts";
import type { Place, Problem } from "../../catalogue/capability.ts";
import { readCapabilities } from "../../catalogue/sources/capabilities.ts";
import { readEnvVariables } from "../../catalogue/sources/env-file.ts";
import { type Manifest, readManifest } from "../../catalogue/sources/manifest.ts";
import { readValues } from "../../catalogue/sources/values.ts";
import {
  type SourceVariables,
  variablePrefix,
} from "../../catalogue/sources/variables.ts";
import { type Environment, nameOf } from "../../contract/environment.ts";
import type { CommandOption, CommandWords } from "../arguments.ts";
import { readText, shownName } from "./texts.ts";

export const sourceOptions = {
  values: {
    kind: "file",
    value: "FILE",
    repeatable: true,
    description: "Take the variables from a Helm values.yaml, - for standard input",
  },
  "env-file": {
    kind: "file",
    value: "FILE",
    repeatable: true,
    description: "Take the variables from lines NAME=VALUE",
  },
  capabilities: {
    kind: "file",
    value: "FILE",
    repeatable: true,
    description: "Take capabilities from JSON that features or advertise printed",
  },
} as const satisfies Record<string, CommandOption>;

export type Sources = {
  readonly variables: ReadonlyMap<string, string>;
  readonly places: readonly Place[];
  readonly problems: readonly Problem[];
};

/** @throws Failure `catalogue-file-…`, `option-conflict` */
export async function readSources(
  words: CommandWords,
  environment: Environment,
): Promise<Sources> {
  const names = Object.keys(sourceOptions);
  if (names.every((option) => words.values(option).length === 0))
    return { variables: variablesOf(environment), places: [], problems: [] };
  const variables = new Map<string, string>();
  const places: Place[] = [];
  const problems: Problem[] = [];
  const take = (source: SourceVariables) => {
    for (const name of source.removed) variables.delete(name);
    for (const [name, value] of source.variables) variables.set(name, value);
    for (const problem of source.problems) problems.push(problem);
  };
  for (const file of words.values("values"))
    take(readValues(await readText(file), shownName(file)));
  const lookup = (name: string) => variables.get(name) ?? environment.get(name);
  for (const file of words.values("env-file"))
    take(readEnvVariables(await readText(file), shownName(file), lookup));
  for (const file of words.values("capabilities")) {
    const found = readCapabilities(await readText(file), shownName(file));
    for (const place of found.places) places.push(place);
    for (const problem of found.problems) problems.push(problem);
  }
  return { variables, places, problems };
}

/** @throws Failure `catalogue-file-unreadable`, `manifest-invalid` */
export async function readManifestFile(file: string): Promise<Manifest> {
  return readManifest(await readText(file), shownName(file));
}

/** Of a name that occurs twice the first counts, as in getenv(3). */
function variablesOf({ entries }: Environment): Map<string, string> {
  const variables = new Map<string, string>();
  for (const entry of entriesFrom(entries, variablePrefix)) {
    const name = nameOf(entry);
    const key = name === undefined ? "" : variableKey(name);
    if (name !== undefined && !variables.has(key))
      variables.set(key, entry.slice(name.length + 1));
  }
  return variables;
}
