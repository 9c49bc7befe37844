/** What an oracle asks of the evidence more than once. */
import type { Exit } from "./outcomes.ts";
import type { Evidence } from "./performance.ts";
import { SIGKILL } from "./scenario.ts";

/** Whether sidecar itself was killed, so that it could not tidy up. */
export function wasKilled({ report }: Evidence): boolean {
  return (
    report.signal === SIGKILL &&
    report.sent.some(({ signal, toGuardian }) => signal === SIGKILL && !toGuardian)
  );
}

/** Whether the block still ran when the last of its processes was heard of. */
export function blockRan({ board: { notes } }: Evidence): boolean {
  const has = (...kinds: string[]) =>
    notes.some(({ node, kind }) => node === 0 && kinds.includes(kind));
  return has("start") && !has("exit", "die");
}

export type ResultRecord = {
  readonly schema: string;
  readonly state: string;
  readonly directory: string;
  readonly exit?: Exit;
  readonly streams?: {
    readonly [name: string]: { readonly path: string; readonly bytes?: number };
  };
};

export function recordOf({ files }: Evidence): ResultRecord | undefined {
  const bytes = files.get("r.json");
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as ResultRecord);
}
