/**
 * HTCondor: attributes of the machine's ClassAd, called as the host's own variables are.
 *
 * A host's lines go into its configuration; `STARTD_ATTRS` puts them into the ad ("Startd
 * configuration" in the HTCondor manual). A name that is not defined makes an expression
 * undefined, and a job whose requirements are undefined matches nothing ("ClassAd
 * evaluation semantics", "Matchmaking"). `==` ignores the case of texts and `=?=` does
 * not; versions are in lower case, and names of hosts too, so that both mean the same:
 * `=?=` is used since it is never undefined itself.
 *
 * The operating system is `OpSys`, which the machine has anyway. It is always asked for:
 * where requirements do not mention it, condor_submit adds the submitter's own.
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

const title = "HTCondor";

/** As the engine calls them. */
const systemNames: Record<OperatingSystem, string> = {
  Linux: "LINUX",
  Windows: "WINDOWS",
};

/** Lines of a configuration. @throws Failure `advertise-impossible` */
function advertise(host: Host): string {
  const attributes = attributesOf(host, title);
  const lines = [...attributes].map(([name, value]) => `${name} = ${literal(value)}`);
  const names = ["STARTD_ATTRS = $(STARTD_ATTRS)", ...attributes.keys()];
  return [...lines, names.join(", \\\n  ")].join("\n");
}

/** An expression: for `requirements = …`, and for `condor_status -constraint`. */
function requirement({ os, extensionNode, runenv, feature }: Needs): string {
  const terms = [`OpSys == ${literal(systemNames[os])}`];
  if (extensionNode !== null)
    terms.push(`${nodeAttribute} =?= ${literal(extensionNode)}`);
  terms.push(`${runenvAttribute(runenv)} >= ${runenv.version}`);
  if (feature)
    terms.push(
      feature.version === null
        ? `${featureAttribute(feature)} =!= undefined`
        : `${featureAttribute(feature)} =?= ${literal(feature.version)}`,
    );
  return terms.join(" && ");
}

/** Neither versions nor names of hosts have anything in them that needs an escape. */
function literal(value: string | number): string {
  return typeof value === "number" ? String(value) : `"${value}"`;
}

export const htcondor = {
  title,
  systems: operatingSystems,
  advertise,
  requirement,
} as const satisfies Engine;
