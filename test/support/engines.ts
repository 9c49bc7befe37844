/**
 * What engines make of what hosts advertise and of what jobs require, as far as sidecar
 * uses it, written down once more from their documentation. Slurm and HTCondor are asked
 * themselves as well; Kubernetes and Nomad cannot be had here.
 */
import type { Host, Needs } from "../../src/catalogue/engines/engines.ts";
import type {
  MatchExpression,
  NodeAffinity,
} from "../../src/catalogue/engines/kubernetes.ts";
import type { NomadConstraint } from "../../src/catalogue/engines/nomad.ts";

/** Whether a host is one that such a job is for: what all engines must agree with. */
export function fits(host: Host, needs: Needs): boolean {
  const { os, extensionNode, runenv, feature } = needs;
  return (
    host.os === os &&
    (extensionNode === null || host.extensionNode === extensionNode) &&
    host.runenvs.some(
      ({ name, version }) => name === runenv.name && version >= runenv.version,
    ) &&
    (feature === null ||
      host.features.some(
        ({ name, version }) =>
          name === feature.name &&
          (feature.version === null || version === feature.version),
      ))
  );
}

const label = /^(?:[a-z0-9.-]{1,253}\/)?([A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)$/;
const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** Lines of labels, as the API server takes them ("Labels and Selectors"). */
export function readLabels(text: string): Map<string, string> {
  const labels = new Map<string, string>();
  for (const line of text === "" ? [] : text.split("\n")) {
    const [key, value] = line.split("=") as [string, string];
    const name = label.exec(key)?.[1];
    if (name === undefined || name.length > 63) throw new Error(`no label: ${key}`);
    if (!labelValue.test(value) || value.length > 63)
      throw new Error(`no value of a label: ${value}`);
    if (labels.has(key)) throw new Error(`a label twice: ${key}`);
    labels.set(key, value);
  }
  return labels;
}

/** The terms of an affinity are alternatives, the expressions of one go together. */
export function kubernetesTakes(
  labels: ReadonlyMap<string, string>,
  affinity: NodeAffinity,
): boolean {
  const { nodeSelectorTerms } =
    affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  return nodeSelectorTerms.some(({ matchExpressions }) =>
    matchExpressions.every((expression) => matches(labels, expression)),
  );
}

function matches(
  labels: ReadonlyMap<string, string>,
  { key, operator, values = [] }: MatchExpression,
): boolean {
  const value = labels.get(key);
  if (!values.every((one) => labelValue.test(one) && one.length <= 63))
    throw new Error(`values that the API server refuses: ${values}`);
  switch (operator) {
    case "Exists":
      if (values.length > 0) throw new Error("Exists takes no values");
      return value !== undefined;
    case "In":
      if (values.length === 0) throw new Error("In needs values");
      return value !== undefined && values.includes(value);
    case "Gt":
      if (values.length !== 1) throw new Error("Gt takes one value");
      return value !== undefined && integer(value) > integer(values[0]!);
  }
}

/** A whole number of 64 bits, as Go's ParseInt reads it. */
function integer(text: string): bigint {
  if (!/^-?\d+$/.test(text)) throw new Error(`no whole number: ${text}`);
  const value = BigInt(text);
  if (BigInt.asIntN(64, value) !== value) throw new Error(`too large: ${text}`);
  return value;
}

/** All constraints hold; of what is not there none does (checkConstraint in Nomad). */
export function nomadTakes(
  attributes: ReadonlyMap<string, string>,
  constraints: readonly NomadConstraint[],
): boolean {
  return constraints.every(({ LTarget, Operand, RTarget }) => {
    const name = /^\$\{(.+)\}$/.exec(LTarget)![1]!;
    const value = attributes.get(name);
    if (value === undefined) return false;
    if (Operand === "is_set") return true;
    if (Operand === "=") return value === RTarget;
    return integer(value) >= integer(/^>= (\d+)$/.exec(RTarget)![1]!);
  });
}

/** The attributes of a client, of which `text` is the configuration. */
export function readNomad(text: string, os: Host["os"]): Map<string, string> {
  const { client } = JSON.parse(text) as { client: { meta: Record<string, string> } };
  return new Map([
    ["attr.kernel.name", os.toLowerCase()],
    ...Object.entries(client.meta).map(([name, value]): [string, string] => {
      if (typeof value !== "string") throw new Error("metadata are texts");
      return [`meta.${name}`, value];
    }),
  ]);
}

/** The options of sbatch on a node of that name with these features. */
export function slurmTakes(
  features: readonly string[],
  node: string | null,
  options: readonly string[],
): boolean {
  return options.every((option) => {
    const [, name, value] = /^--(constraint|nodelist)=(.*)$/s.exec(option)!;
    if (name === "nodelist") return value === node;
    return value!.split("&").every((term) =>
      term
        .replace(/^\((.*)\)$/, "$1")
        .split("|")
        .some((word) => features.includes(word)),
    );
  });
}
