/**
 * The names that an image must carry so that container engines find it (mission.md):
 *
 *     pseven-calc-<runenv>-<version>                      for each runenv
 *     pseven-calc-<runenv>-<version>-<feature>-<version>  for each of both
 *
 * Two features in one name are not emitted: a task requires at most one, and 2ⁿ names
 * of n features would be of use to nobody. Variables declare what the image has:
 *
 *     DA__P7__RUNENV__COBOL__VERSION=42  a whole number from 0 on
 *     DA__P7__FEATURE__NX__VERSION=2020  letters and digits; . _ __ or - between them
 *
 * Names are written in lower case, as repositories have to be. Since neither names of
 * runenvs and features nor versions of runenvs have a `-`, two declarations never give
 * the same name; but a version of a feature may have one, so names are made from
 * variables and never read back into them.
 */
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

export type Declared = {
  /** As in the variable: `COBOL`. */
  readonly name: string;
  /** As in names of images. */
  readonly version: string;
};

export type ImageName = {
  /** Without registry and tag: `pseven-calc-cobol-42-nx-2020`. */
  readonly name: string;
  readonly runenv: Declared;
  readonly feature?: Declared;
};

const prefix = "pseven-calc";
const variableForm = /^DA__P7__(RUNENV|FEATURE)__(.*)__(ACTIVATE|EXECUTE|VERSION)$/s;
const nameForm = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/;
/** What may stand in a component of a repository (distribution's regexp.go). */
const versionForm = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
/** Characters of a repository, as every registry has it. */
const longest = 255;

/**
 * @param lines `NAME=VALUE`, as configurations have them; of two of one name the last
 *   counts, as for engines
 * @returns by runenv, each first without a feature; never none
 * @throws Failure `image-name-impossible`, `image-names-none`
 */
export function imageNames(lines: readonly string[]): ImageName[] {
  const { runenvs, features } = declared(lines);
  if (runenvs.length === 0)
    throw new Failure(
      "image-names-none",
      "the image declares no runenv, so that no task would ever look for it",
      "set DA__P7__RUNENV__<NAME>__VERSION and …__EXECUTE (ENV in a Dockerfile)",
    );
  return runenvs.flatMap((runenv) => [
    named([runenv]),
    ...features.map((feature) => named([runenv, feature])),
  ]);
}

function named([runenv, feature]: readonly [Declared, Declared?]): ImageName {
  const parts = [runenv, ...(feature ? [feature] : [])];
  const name = [
    prefix,
    ...parts.flatMap((part) => [part.name.toLowerCase(), part.version]),
  ].join("-");
  if (name.length > longest) {
    const last = parts.at(-1)!;
    throw impossible(
      `DA__P7__${feature ? "FEATURE" : "RUNENV"}__${last.name}__VERSION`,
      `makes a name of ${name.length} characters, and registries take ${longest}`,
      "shorten it",
    );
  }
  return { name, runenv, ...(feature ? { feature } : {}) };
}

function declared(lines: readonly string[]) {
  const variables = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf("=");
    if (equals > 0) variables.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const found = {
    RUNENV: new Map<string, Declared>(),
    FEATURE: new Map<string, Declared>(),
  };
  for (const variable of variables.keys()) {
    const match = variableForm.exec(variable);
    if (!match) continue;
    const [, kind, name] = match as unknown as [string, "RUNENV" | "FEATURE", string];
    if (!nameForm.test(name))
      throw impossible(
        variable,
        `names the ${kind.toLowerCase()} '${name}', which cannot be asked for`,
        "a name has A…Z and 0…9, with single _ between them",
      );
    const version = versionOf(kind, name, variables);
    found[kind].set(name, { name, version });
  }
  const sorted = (all: ReadonlyMap<string, Declared>) =>
    [...all.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return { runenvs: sorted(found.RUNENV), features: sorted(found.FEATURE) };
}

function versionOf(
  kind: "RUNENV" | "FEATURE",
  name: string,
  variables: ReadonlyMap<string, string>,
): string {
  const variable = `DA__P7__${kind}__${name}__VERSION`;
  const value = variables.get(variable)?.trim();
  if (value === undefined || value === "")
    throw impossible(
      variable,
      value === undefined ? "is not set" : "is empty",
      `set it: without a version the ${kind.toLowerCase()} ${name} makes no name`,
    );
  if (kind === "FEATURE") {
    const version = value.toLowerCase();
    if (versionForm.test(version)) return version;
    throw impossible(
      variable,
      `is '${value}', which cannot be part of a name`,
      "write letters and digits, with single . or _, or with -, between them",
    );
  }
  if (/^\d+$/.test(value) && Number.isSafeInteger(Number(value)))
    return String(Number(value));
  throw impossible(
    variable,
    `is '${value}', which is not a whole number from 0 on`,
    "tasks ask for a whole number or a later one",
  );
}

function impossible(variable: string, what: string, hint: string): Failure {
  return new Failure(
    "image-name-impossible",
    `${printable(variable)} ${printable(what)}`,
    hint,
  );
}
