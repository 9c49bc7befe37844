/** What places offer: the words in which the whole catalogue is written. */

export const operatingSystems = ["Linux", "Windows"] as const;

export type OperatingSystem = (typeof operatingSystems)[number];

export type Runenv = {
  /** In upper case: `PYTHON3`. */
  readonly name: string;
  /** A whole number from 0 on; a block asks for "this or later". */
  readonly version: number;
};

export type Feature = {
  /** In upper case, a `-` in it written as `_`: `ABAQUS`, `SOLID_EDGE`. */
  readonly name: string;
  /** In lower case, as names of images have it: `v2021.05`. Compares exactly. */
  readonly version: string;
};

/** An image, or a host; each of its runenvs can be used with each of its features. */
export type Place = {
  readonly os: OperatingSystem;
  /** One particular additional node; `null` is wherever the cluster likes. */
  readonly extensionNode: string | null;
  /** No name twice in one version; the same of features. */
  readonly runenvs: readonly Runenv[];
  readonly features: readonly Feature[];
  /** The image's reference, as the deployment wrote it. */
  readonly image?: string;
  /** Who says so: a variable's name, or a file. */
  readonly origin: string;
};

/**
 * An entry of `runenv_features()` as pCluster has it (mission.md): a runenv somewhere,
 * and all features that can be had together with it there, one at a time.
 */
export type Capability = {
  readonly os: OperatingSystem;
  readonly extension_node: string | null;
  readonly runenv: readonly [name: string, version: number];
  readonly features: readonly (readonly [name: string, version: string])[];
};

export type ProblemCode =
  | "catalogue-ambiguous"
  | "catalogue-contradiction"
  | "catalogue-duplicate"
  | "catalogue-invalid";

/** What is wrong with what a deployment or a host declares. */
export type Problem = {
  readonly code: ProblemCode;
  /** The variables, or entries of files, that it is about, named in the message. */
  readonly variables: readonly string[];
  /** One line: what is wrong. */
  readonly message: string;
  /** One line: what to do, with an example of what is right. */
  readonly hint: string;
};

export type Catalogue = {
  /** In no order that would mean anything. */
  readonly places: readonly Place[];
  readonly problems: readonly Problem[];
};
