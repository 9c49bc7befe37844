/**
 * Nomad: metadata of the client, called as the host's own variables are.
 *
 * A host's text is a file of the agent's configuration, in JSON ("client" block, `meta`);
 * `nomad node meta apply` takes the same names and values. A job's is the value of
 * `Constraints` in a job of Nomad's HTTP API.
 *
 * "42 or later" is the operand `version`, and not `>=`: that compared texts in earlier
 * versions of Nomad, for which 100 came before 42 (scheduler/feasible.go,
 * checkLexicalOrder; later ones have checkOrder and try numbers first), while `version`
 * has always compared numbers. Whatever is not there fulfils no operand that is used
 * here (checkConstraint). The name of the system is the fingerprint `kernel.name`.
 */
import { type OperatingSystem, operatingSystems } from "../capability.ts";
import {
  attributesOf,
  type Engine,
  featureAttribute,
  type Host,
  type Needs,
  nodeAttribute,
  runenvAttribute,
} from "./engine.ts";

const title = "Nomad";

/** As the engine calls them. */
const systemNames: Record<OperatingSystem, string> = {
  Linux: "linux",
  Windows: "windows",
};

/** As Nomad's HTTP API has it. */
export type NomadConstraint = {
  readonly LTarget: string;
  readonly RTarget: string;
  readonly Operand: "=" | "version" | "is_set";
};

/** A file of the agent's configuration. @throws Failure `advertise-impossible` */
function advertise(host: Host): string {
  const entries = [...attributesOf(host, title)];
  const meta = Object.fromEntries(entries.map(([name, value]) => [name, `${value}`]));
  return JSON.stringify({ client: { meta } }, null, 2);
}

function requirement(needs: Needs): readonly NomadConstraint[] {
  const { os, extensionNode, runenv, feature } = needs;
  const constraints = [constraint("attr.kernel.name", "=", systemNames[os])];
  if (extensionNode !== null)
    constraints.push(constraint(`meta.${nodeAttribute}`, "=", extensionNode));
  constraints.push(
    constraint(`meta.${runenvAttribute(runenv)}`, "version", `>= ${runenv.version}`),
  );
  if (feature) {
    const name = `meta.${featureAttribute(feature)}`;
    constraints.push(
      feature.version === null
        ? constraint(name, "is_set", "")
        : constraint(name, "=", feature.version),
    );
  }
  return constraints;
}

function constraint(
  name: string,
  operand: NomadConstraint["Operand"],
  value: string,
): NomadConstraint {
  return { LTarget: `\${${name}}`, RTarget: value, Operand: operand };
}

export const nomad = {
  title,
  systems: operatingSystems,
  advertise,
  requirement,
} as const satisfies Engine;
