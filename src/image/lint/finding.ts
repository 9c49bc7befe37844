/** What `sidecar image lint` found. */

export type Severity = "error" | "warning" | "note";

export type Finding = {
  /** The rule's code: stable, and a heading of docs/image-rules.md. */
  readonly rule: string;
  readonly severity: Severity;
  /** One line: what is wrong, for whom. */
  readonly message: string;
  /** The file in the image that it is about, where it is about one. */
  readonly path?: string;
  /** What brought it in: the layer, and the line of the Dockerfile where it is known. */
  readonly layer?: {
    readonly index: number;
    readonly diffId: string;
    readonly createdBy?: string;
  };
  /** The line for a Dockerfile that mends it (`RUN …`, `ENV …`), or what to do. */
  readonly fix: string;
};
