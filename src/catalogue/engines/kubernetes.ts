/**
 * Kubernetes: labels of nodes.
 *
 *     runenv.p7.da/python3=42
 *     feature.p7.da/abaqus=v2021.05
 *     pcluster.p7.da/extension-node=mylinuxhost
 *
 * What stands behind the slash, and every value, has at most 63 characters: letters,
 * digits, and - _ . between them ("Labels and Selectors", "Syntax and character set";
 * k8s.io/apimachinery/pkg/util/validation, IsQualifiedName, IsValidLabelValue). Names in
 * lower case and versions are that, as far as they are short enough.
 *
 * "42 or later" is `Gt` 41, which compares whole numbers of 64 bits and is fulfilled by
 * no node without the label (k8s.io/apimachinery/pkg/labels, Requirement.Matches). Of
 * "0 or later" nothing is left but that the label exists: -1 is no value of a label. The
 * operating system is the label that every kubelet gives to its node.
 */
import { type OperatingSystem, operatingSystems } from "../capability.ts";
import {
  type Engine,
  featureAttribute,
  type Host,
  impossible,
  type Needs,
  nodeAttribute,
  requireOneVersionEach,
  runenvAttribute,
} from "./engine.ts";

const title = "Kubernetes";

const longest = 63;
const nodeLabel = "pcluster.p7.da/extension-node";
/** As the engine calls them. */
const systemNames: Record<OperatingSystem, string> = {
  Linux: "linux",
  Windows: "windows",
};

/** As in `nodeSelectorTerms`. */
export type MatchExpression = {
  readonly key: string;
  readonly operator: "In" | "Gt" | "Exists";
  readonly values?: readonly string[];
};

/** What goes into `spec.affinity` of a pod. */
export type NodeAffinity = {
  readonly nodeAffinity: {
    readonly requiredDuringSchedulingIgnoredDuringExecution: {
      readonly nodeSelectorTerms: readonly [
        { readonly matchExpressions: readonly MatchExpression[] },
      ];
    };
  };
};

/** One label a line. @throws Failure `advertise-impossible` */
function advertise(host: Host): string {
  requireOneVersionEach(host, title);
  const lines = [
    ...host.runenvs.map((one) => `${runenvLabel(one)}=${one.version}`),
    ...host.features.map(
      (one) => `${featureLabel(one)}=${fitting(one.version, featureAttribute(one))}`,
    ),
  ];
  if (host.extensionNode !== null)
    lines.push(`${nodeLabel}=${fitting(host.extensionNode, nodeAttribute)}`);
  return lines.join("\n");
}

/** @throws Failure `advertise-impossible` */
function requirement({ os, extensionNode, runenv, feature }: Needs): NodeAffinity {
  const matchExpressions = [oneOf("kubernetes.io/os", systemNames[os])];
  if (extensionNode !== null)
    matchExpressions.push(oneOf(nodeLabel, fitting(extensionNode, nodeAttribute)));
  matchExpressions.push(
    runenv.version === 0
      ? { key: runenvLabel(runenv), operator: "Exists" }
      : {
          key: runenvLabel(runenv),
          operator: "Gt",
          values: [String(runenv.version - 1)],
        },
  );
  if (feature)
    matchExpressions.push(
      feature.version === null
        ? { key: featureLabel(feature), operator: "Exists" }
        : oneOf(
            featureLabel(feature),
            fitting(feature.version, featureAttribute(feature)),
          ),
    );
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions }],
      },
    },
  };
}

function oneOf(key: string, value: string): MatchExpression {
  return { key, operator: "In", values: [value] };
}

type Named = { readonly name: string };

function runenvLabel(runenv: Named): string {
  return `runenv.p7.da/${fitting(runenv.name.toLowerCase(), runenvAttribute(runenv))}`;
}

function featureLabel(feature: Named): string {
  const name = feature.name.toLowerCase();
  return `feature.p7.da/${fitting(name, featureAttribute(feature))}`;
}

/** @throws Failure `advertise-impossible`, which names the variable */
function fitting(text: string, variable: string): string {
  if (text.length <= longest) return text;
  throw impossible(
    `${variable} makes a label of ${text.length} characters, ` +
      `and Kubernetes takes ${longest}`,
    `shorten '${text}'`,
  );
}

export const kubernetes = {
  title,
  systems: operatingSystems,
  advertise,
  requirement,
} as const satisfies Engine;
