/**
 * What a place is to an execution engine: how a host tells the engine what it has, and
 * how a job tells the engine what it needs. For every engine the two go together: what
 * `requirement` gives is fulfilled by exactly the hosts that fit, as `advertise` has
 * described them.
 */
import { Failure } from "../../contract/failure.ts";
import { runenvVariable } from "../../contract/runenv-variables.ts";
import type { OperatingSystem, Place, Runenv } from "../capability.ts";
import type { WantedFeature } from "../words.ts";

/** A host, as it describes itself. */
export type Host = Pick<Place, "os" | "extensionNode" | "runenvs" | "features">;

/** What a job needs of a host. */
export type Needs = {
  readonly os: OperatingSystem;
  /** `null`: any host that fits, be it somebody's particular node or not. */
  readonly extensionNode: string | null;
  /** In this version or later. */
  readonly runenv: Runenv;
  /** Of exactly this version, or of any where that is `null`. */
  readonly feature: WantedFeature | null;
  /**
   * Which versions of the runenv and of the feature hosts of this cluster have. Engines
   * that compare nothing (Slurm) have them enumerated; to the others they mean nothing.
   */
  readonly known: {
    readonly runenvVersions: readonly number[];
    readonly featureVersions: readonly string[];
  };
};

/**
 * An expression; or words of a command line, one each; or what goes into a document of
 * JSON as it is.
 */
export type Requirement = string | readonly string[] | object;

export type Engine = {
  /** As people write it: "HTCondor". */
  readonly title: string;
  /** Those of the hosts that it can run jobs on. */
  readonly systems: readonly OperatingSystem[];
  /** In the form in which the engine takes it, without a line's end behind it. */
  readonly advertise: (host: Host) => string;
  /** What a job is submitted with. */
  readonly requirement: (needs: Needs) => Requirement;
};

/** The variable of a host that says on which particular node one is. */
export const nodeAttribute = "DA__P7__PCLUSTER__EXTENSION_NODE";

export function runenvAttribute({ name }: { readonly name: string }): string {
  return runenvVariable(name, "VERSION");
}

export function featureAttribute({ name }: { readonly name: string }): string {
  return `DA__P7__FEATURE__${name}__VERSION`;
}

/** What cannot be said to an engine, and what to do. */
export function impossible(message: string, hint: string): Failure {
  return new Failure("advertise-impossible", message, hint);
}

/**
 * Attributes and labels have one value: where a host has one thing in two versions there
 * is no saying so.
 * @throws Failure `advertise-impossible`
 */
export function requireOneVersionEach(host: Host, title: string): void {
  const attributes = [
    ...host.runenvs.map(runenvAttribute),
    ...host.features.map(featureAttribute),
  ];
  const twice = attributes.find((name, at) => attributes.indexOf(name) < at);
  if (twice === undefined) return;
  throw impossible(
    `${twice} has two versions, and ${title} takes one for each host`,
    "declare one of them, or make two hosts of it",
  );
}

/** The attributes of a host by name, as HTCondor and Nomad have them. */
export function attributesOf(host: Host, title: string): Map<string, string | number> {
  requireOneVersionEach(host, title);
  const attributes = new Map<string, string | number>();
  for (const runenv of host.runenvs)
    attributes.set(runenvAttribute(runenv), runenv.version);
  for (const feature of host.features)
    attributes.set(featureAttribute(feature), feature.version);
  if (host.extensionNode !== null) attributes.set(nodeAttribute, host.extensionNode);
  return attributes;
}
