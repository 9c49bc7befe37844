/** Many scenarios, several at a time: what failed, and what was tried how often. */
import { classesOf } from "./classes.ts";
import { recordOf } from "./facts.ts";
import { type Ground, generate } from "./generator.ts";
import { judge } from "./oracle.ts";
import { cleanUp, type Evidence, perform, type Theatre } from "./performance.ts";
import type { Scenario } from "./scenario.ts";

export type Failed = {
  readonly index: number;
  readonly scenario: Scenario;
  readonly problems: readonly string[];
  readonly evidence: Evidence;
};

export type Tally = {
  scenarios: number;
  /** How many scenarios belonged to a class, and how many of those failed. */
  readonly classes: Map<string, { count: number; failed: number }>;
  /** How often two classes met, by `pairOf`. */
  readonly pairs: Map<string, number>;
  /** How sidecar ended: the causes of records, and deaths by signals. */
  readonly ends: Map<string, number>;
  /** Processes that were made, signals that were sent, bytes that were written. */
  forks: number;
  signals: number;
  bytes: number;
  /** The longest time from sidecar's death by SIGKILL to the last descendant's (ms). */
  slowestFall: number;
};

export type Campaign = {
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  readonly ground: Ground;
  readonly theatre: Theatre;
  /** How many at the same time; most of their time they sleep. */
  readonly width?: number;
  /** After so many failures it is enough. */
  readonly mostFailures?: number;
  readonly onFailure?: (failed: Failed) => void | Promise<void>;
  readonly onProgress?: (done: number) => void;
};

export async function conduct(campaign: Campaign): Promise<Tally> {
  const {
    seed,
    first,
    count,
    ground,
    theatre,
    width = 12,
    mostFailures = 50,
  } = campaign;
  const tally: Tally = {
    scenarios: 0,
    classes: new Map(),
    pairs: new Map(),
    ends: new Map(),
    forks: 0,
    signals: 0,
    bytes: 0,
    slowestFall: 0,
  };
  let next = first;
  let failures = 0;
  const work = async () => {
    while (next < first + count && failures < mostFailures) {
      const index = next;
      next += 1;
      const scenario = generate(seed, index, ground);
      const { problems, evidence } = await tryOut(scenario, theatre);
      add(tally, scenario, evidence, problems.length > 0);
      if (problems.length > 0) failures += 1;
      if (problems.length > 0)
        await campaign.onFailure?.({ index, scenario, problems, evidence });
      campaign.onProgress?.(tally.scenarios);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return tally;
}

/** One scenario; nothing of it is left behind. */
export async function tryOut(scenario: Scenario, theatre: Theatre) {
  const evidence = await perform(scenario, theatre);
  try {
    return { problems: judge(scenario, evidence), evidence };
  } finally {
    cleanUp(evidence);
  }
}

function add(
  tally: Tally,
  scenario: Scenario,
  evidence: Evidence,
  hasFailed: boolean,
): void {
  const { board, report } = evidence;
  tally.scenarios += 1;
  tally.forks += board.forks;
  tally.signals += report.sent.length;
  for (const { kind, b } of board.notes)
    if (kind === "written" && b > 0) tally.bytes += b;
  if (report.signal === 9)
    tally.slowestFall = Math.max(
      tally.slowestFall,
      (report.empty - report.ended) / 1_000_000,
    );
  const names = classesOf(scenario);
  for (const one of names)
    for (const other of names) increment(tally.pairs, pairOf(one, other));
  increment(tally.ends, endOf(evidence));
  for (const name of names) {
    const entry = tally.classes.get(name) ?? { count: 0, failed: 0 };
    tally.classes.set(name, entry);
    entry.count += 1;
    if (hasFailed) entry.failed += 1;
  }
}

export function pairOf(one: string, other: string): string {
  return `${one} ${other}`;
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function endOf(evidence: Evidence): string {
  const { signal, code } = evidence.report;
  let state: string;
  try {
    const record = recordOf(evidence);
    state = record?.exit?.cause ?? record?.state ?? "no record";
  } catch {
    state = "no valid record";
  }
  return signal === undefined
    ? `${state}${state === "no record" ? `, code ${code}` : ""}`
    : `signal ${signal}, ${state}`;
}
