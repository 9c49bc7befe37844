/** Tells sidecar's own messages from what blocks and activations print. */

export type Printed = {
  /** `internal-error` and the like, in order. */
  readonly codes: readonly string[];
  /** Everything else. */
  readonly rest: Uint8Array;
};

const message = /sidecar: (?:error|warning)\[([a-z-]+)\]: [^\n]*\n(?: {2}[^\n]*\n)?/g;

export function messagesIn(bytes: Uint8Array): Printed {
  const codes: string[] = [];
  const rest = Buffer.from(bytes)
    .toString("latin1")
    .replaceAll(message, (_, code: string) => {
      codes.push(code);
      return "";
    })
    // What activations of scenarios print (performance.ts).
    .replaceAll("activating\n", "");
  return { codes, rest: Buffer.from(rest, "latin1") };
}
