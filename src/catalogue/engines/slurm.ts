/**
 * Slurm: features of nodes, which are words that are there or not.
 *
 *     runenv__python3__42,feature__abaqus__v2021.05
 *
 * Names have no double underscore, so that a word reads in one way: up to the second `__`
 * it is kind and name, and all behind it is the version, in which `.`, `_`, `__` and `-`
 * may stand. None of these means anything in `--constraint`, whose operators are
 * `& | ( ) [ ] * ,` (sbatch(1)); test/catalogue-slurm.test.ts asks a real Slurm.
 *
 * Slurm compares nothing: "42 or later" is an enumeration of the versions that nodes
 * have. It has to be of those: a word that no node has makes Slurm refuse the job
 * ("Invalid feature specification"), also where another one would have done. Where
 * nothing is known that fits, the word that was asked for is left, and the job is
 * refused when it is submitted.
 *
 * A particular node is asked for by its NodeName, which slurm.conf gives it; nothing is
 * advertised for that. Slurm has no nodes of Windows.
 */
import {
  type Engine,
  featureAttribute,
  type Host,
  impossible,
  type Needs,
  runenvAttribute,
} from "./engine.ts";

const title = "Slurm";

/** Characters of `--constraint`; a longer one is "too long" for slurmctld. */
const longest = 1024;

/** Words for `Feature=` and `scontrol update`. @throws Failure `advertise-impossible` */
function advertise(host: Host): string {
  requireLinux(host.os);
  return [
    ...host.runenvs.map(({ name, version }) => word("runenv", name, version)),
    ...host.features.map(({ name, version }) => word("feature", name, version)),
  ].join(",");
}

/** Options of sbatch, srun and salloc. @throws Failure `advertise-impossible` */
function requirement(needs: Needs): readonly string[] {
  const { os, extensionNode, runenv, feature, known } = needs;
  requireLinux(os);
  const later = [...new Set(known.runenvVersions)]
    .filter((version) => version >= runenv.version)
    .toSorted((one, other) => one - other);
  const terms = [anyOf("runenv", runenv.name, later, runenv.version)];
  if (feature) {
    const { name, version } = feature;
    const versions =
      version === null ? [...new Set(known.featureVersions)].toSorted() : [version];
    terms.push(anyOf("feature", name, versions, "any"));
  }
  const constraint = terms.join("&");
  if (constraint.length > longest)
    throw impossible(
      `${later.length > 1 ? runenvAttribute(runenv) : featureAttribute(feature!)} has ` +
        `so many versions that a constraint has ${constraint.length} characters, ` +
        `and Slurm takes ${longest}`,
      "ask for a later version of the runenv, or for one version of the feature",
    );
  return [
    `--constraint=${constraint}`,
    ...(extensionNode === null ? [] : [`--nodelist=${extensionNode}`]),
  ];
}

type Version = number | string;

/** @param otherwise the version to ask for where there is none */
function anyOf(
  kind: string,
  name: string,
  versions: readonly Version[],
  otherwise: Version,
): string {
  const [first, ...others] = versions.length > 0 ? versions : [otherwise];
  const words = [first!, ...others].map((version) => word(kind, name, version));
  return others.length > 0 ? `(${words.join("|")})` : words[0]!;
}

function word(kind: string, name: string, version: Version): string {
  return `${kind}__${name.toLowerCase()}__${version}`;
}

/** @throws Failure `advertise-impossible` */
function requireLinux(os: Host["os"]): void {
  if (os === "Linux") return;
  throw impossible(
    `Slurm has no nodes of ${os}`,
    "use HTCondor or Nomad for this host, or make it an extension node: --format=env",
  );
}

export const slurm = {
  title,
  systems: ["Linux"],
  advertise,
  requirement,
} as const satisfies Engine;
