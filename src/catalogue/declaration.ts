/**
 * What an image or a host declares of itself, in variables of its own:
 *
 *     DA__P7__RUNENV__COBOL__VERSION=42  a whole number from 0 on
 *     DA__P7__FEATURE__NX__VERSION=2020  letters and digits; . _ __ or - between them
 */
import { isRunenvName } from "../contract/runenv-variables.ts";
import { printable } from "../system/text.ts";
import type { Feature, Problem, Runenv } from "./capability.ts";
import { compareText } from "./order.ts";
import { readFeatureVersion, readRunenvVersion } from "./words.ts";

export type Declaration = {
  /** By name, each once. */
  readonly runenvs: readonly Runenv[];
  readonly features: readonly Feature[];
  /** All of `catalogue-invalid`. */
  readonly problems: readonly Problem[];
};

type Kind = "RUNENV" | "FEATURE";

const variableForm = /^DA__P7__(RUNENV|FEATURE)__(.*)__(ACTIVATE|EXECUTE|VERSION)$/s;

/**
 * @param lines `NAME=VALUE`, as configurations have them; of two of one name the last
 *   counts, as for engines
 */
export function readDeclaration(lines: readonly string[]): Declaration {
  const variables = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf("=");
    if (equals > 0) variables.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const runenvs = new Map<string, Runenv>();
  const features = new Map<string, Feature>();
  const problems = new Map<string, Problem>();
  const report = (variable: string, what: string, hint: string) =>
    problems.set(variable, {
      code: "catalogue-invalid",
      variables: [variable],
      message: `${printable(variable)}${printable(what)}`,
      hint,
    });
  for (const found of variables.keys()) {
    const match = variableForm.exec(found);
    if (!match) continue;
    const [, kind, name] = match as unknown as [string, Kind, string];
    if (!isRunenvName(name)) {
      const what = ` names the ${kind.toLowerCase()} '${name}', which cannot be asked for`;
      report(found, what, "a name has A…Z and 0…9, with single _ between them");
      continue;
    }
    const variable = `DA__P7__${kind}__${name}__VERSION`;
    const value = variables.get(variable)?.trim();
    if (!value) {
      const what = value === undefined ? " is not set" : " is empty";
      const example = `${variable}=${kind === "RUNENV" ? "42" : "2020"}`;
      report(
        variable,
        what,
        `set it, for example ${example}: ` +
          `without a version nobody can ask for the ${kind.toLowerCase()} ${name}`,
      );
    } else if (kind === "RUNENV") {
      const version = readRunenvVersion(value);
      if ("value" in version) runenvs.set(name, { name, version: version.value });
      else
        report(
          variable,
          `: ${version.problem}`,
          `tasks ask for a whole number or a later one: ${variable}=42`,
        );
    } else {
      const version = readFeatureVersion(value);
      if ("value" in version) features.set(name, { name, version: version.value });
      else report(variable, `: ${version.problem}`, `for example ${variable}=v2021.05`);
    }
  }
  return {
    runenvs: byName(runenvs),
    features: byName(features),
    problems: [...problems.values()],
  };
}

function byName<Named extends { readonly name: string }>(
  found: ReadonlyMap<string, Named>,
): Named[] {
  return [...found.values()].sort((one, other) => compareText(one.name, other.name));
}
