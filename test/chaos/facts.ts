/** What an oracle asks of the evidence more than once. */
import { allowedOutcomes, type Exit } from "./outcomes.ts";
import type { Evidence } from "./performance.ts";
import { type Scenario, SIGKILL } from "./scenario.ts";

/** Whether sidecar itself was killed, so that it could not tidy up. */
export function wasKilled({ report }: Evidence): boolean {
  return (
    report.signal === SIGKILL &&
    report.sent.some(({ signal, toGuardian }) => signal === SIGKILL && !toGuardian)
  );
}

/**
 * Whether the block has begun, and nothing but sidecar's own death can have ended it.
 */
export function blockRan(scenario: Scenario, evidence: Evidence): boolean {
  const hasBegun = evidence.board.notes.some(({ node }) => node === 0);
  return hasBegun && allowedOutcomes(scenario, evidence).length === 0;
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
