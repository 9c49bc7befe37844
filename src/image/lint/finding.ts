/** What `sidecar image lint` found. */
import type { Layer } from "../model.ts";
import type { TreeNode } from "../tree/tree.ts";

export const severities = ["error", "warning", "note"] as const;

/** `error`: some user's block would not work, or there is a danger. */
export type Severity = (typeof severities)[number];

export type Finding = {
  /** The rule's code: stable, and a heading of docs/image-rules.md. */
  readonly rule: string;
  readonly severity: Severity;
  /** One line: what is wrong, for whom. */
  readonly message: string;
  /** The file in the image that it is about, where it is about one. */
  readonly path?: string;
  /** The layer that brought it in. */
  readonly layer?: {
    readonly index: number;
    readonly diffId: string;
    /** As the image's history has it. */
    readonly createdBy?: string;
  };
  /** The line of the Dockerfile that caused it, where the history tells that. */
  readonly line?: string;
  /** The line for a Dockerfile that mends it (`RUN …`, `ENV …`), or what to do. */
  readonly fix: string;
};

/** What a rule says of an image; the table of rules has the rest. */
export type Fault = {
  readonly message: string;
  readonly fix: string;
  /** The file that it is about: its layer caused it. */
  readonly node?: TreeNode;
  /** Where there is no such file. */
  readonly path?: string;
  /** Where no file's layer is meant. */
  readonly layer?: Layer;
  /** The line that caused it, where no layer did (`ENV`, `USER` …). */
  readonly line?: string;
};
