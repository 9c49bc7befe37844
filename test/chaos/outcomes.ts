/**
 * Which outcomes a scenario may have, from what its processes and the stage noted.
 *
 * Where two things happen at the same time (a signal arrives as the block ends), more
 * than one outcome is right. Which ones follows from evidence, never from how long
 * something took: nothing may be killed too early, but everything may be slow.
 */
import { signalNumber } from "../../src/system/posix/signals.ts";
import type { Note } from "./board.ts";
import type { Evidence } from "./performance.ts";
import {
  endingSignals,
  type Scenario,
  SIGKILL,
  SIGTERM,
  SIGUSR1,
  SIGUSR2,
} from "./scenario.ts";

export type Cause =
  | "exited"
  | "signalled"
  | "timeout"
  | "cancelled"
  | "activation-failed"
  | "not-found"
  | "not-executable";

/** As in the record. `code` or `signal` are absent where no block ran. */
export type Exit = {
  readonly code?: number;
  readonly signal?: string;
  readonly cause: Cause;
};

type End = { readonly code: number } | { readonly signal: number };

const millisecond = 1_000_000;

function nameOf(signal: number): string {
  const found = Object.entries(signalNumber).find(([, number]) => number === signal);
  return found![0];
}

/**
 * Of the block's first process; others that it forked may have its number of a node.
 */
function notesOfBlock({ board: { notes } }: Evidence): Note[] {
  const start = notes.find(({ node, kind }) => node === 0 && kind === "start");
  return start ? notes.filter(({ process }) => process === start.process) : [];
}

/** What the evidence says about the time in which the block ran. */
class Course {
  readonly #scenario: Scenario;
  readonly #evidence: Evidence;
  /** Signals that may have reached sidecar. */
  readonly sent: readonly number[];
  /** Those of them that end a block. */
  readonly endings: readonly number[];
  /** Its guardian was killed: the kernel kills the block then. */
  readonly lostGuardian: boolean;
  readonly mayTimeOut: boolean;
  readonly mayBeKilled: boolean;

  constructor(scenario: Scenario, evidence: Evidence) {
    this.#scenario = scenario;
    this.#evidence = evidence;
    const { report } = evidence;
    const arrived = report.sent.filter(
      ({ kept, toGuardian }) => kept !== "lost" && !toGuardian,
    );
    this.lostGuardian = report.sent.some(({ toGuardian }) => toGuardian);
    this.sent = arrived.map(({ signal }) => signal);
    this.endings = this.sent.filter((signal) => endingSignals.includes(signal));
    const { timeout = Infinity, grace = 10_000 } = scenario;
    const timesOut = report.begun + timeout * millisecond;
    this.mayTimeOut = report.ended >= timesOut;
    const beginnings = arrived
      .filter(({ signal }) => endingSignals.includes(signal))
      .map(({ time }) => time);
    if (this.mayTimeOut) beginnings.push(timesOut);
    const first = Math.min(...beginnings);
    const isOutOfGrace = report.ended >= first + grace * millisecond;
    const isHurried = this.endings.filter((signal) => signal === SIGTERM).length > 1;
    this.mayBeKilled = isOutOfGrace || isHurried;
  }

  /** The wait statuses that the block may have had. */
  get ends(): End[] {
    const notes = notesOfBlock(this.#evidence);
    const ends: End[] =
      this.mayBeKilled || this.lostGuardian ? [{ signal: SIGKILL }] : [];
    const exit = notes.find(({ kind }) => kind === "exit");
    // Signals are blocked by then.
    if (exit) return [...ends, { code: exit.a }];
    const dies = notes.find(({ kind }) => kind === "die");
    if (dies) ends.push({ signal: dies.a });
    // What it has said that it does about signals. A new program has the default for
    // what was caught, not for what was ignored.
    const armed = new Set(
      notes.flatMap(({ kind, a }) => (kind === "armed" ? [a] : [])),
    );
    const forgets = this.#scenario.script.some(({ does }) => does === "anew");
    const isDeadly = !(armed.has(1) || armed.has(2) || (armed.has(3) && !forgets));
    const listens = armed.has(4) && !forgets;
    const deadly = new Set(this.mayTimeOut && isDeadly ? [SIGTERM] : []);
    for (const signal of this.sent) {
      if (endingSignals.includes(signal) && isDeadly) deadly.add(signal);
      if ((signal === SIGUSR1 || signal === SIGUSR2) && !listens) deadly.add(signal);
    }
    return [...ends, ...[...deadly].map((signal) => ({ signal }))];
  }

  /** Why the block may have ended so. */
  causesOf(end: End): Cause[] {
    const causes: Cause[] = [];
    if (this.endings.length > 0) causes.push("cancelled");
    if (this.mayTimeOut) causes.push("timeout");
    const notes = notesOfBlock(this.#evidence);
    // Nobody else sends the block a signal that it could catch.
    const wasTold = notes.some(
      ({ kind, a }) => kind === "signal" && endingSignals.includes(a),
    );
    if ("code" in end) return wasTold ? causes : [...causes, "exited"];
    const isOwn = notes.some(({ kind, a }) => kind === "die" && a === end.signal);
    const isForwarded = end.signal === SIGUSR1 || end.signal === SIGUSR2;
    const isByGuardian = end.signal === SIGKILL && this.lostGuardian;
    return isOwn || isForwarded || isByGuardian ? [...causes, "signalled"] : causes;
  }
}

/** All outcomes that are right. */
export function allowedOutcomes(scenario: Scenario, evidence: Evidence): Exit[] {
  const course = new Course(scenario, evidence);
  const { notes } = evidence.board;
  const hasBegun = notes.some(({ node, kind }) => node === 0 && kind === "start");
  const exits: Exit[] = [];
  if (!hasBegun) {
    for (const signal of course.endings)
      exits.push({ cause: "cancelled", signal: nameOf(signal) });
    const forwarded =
      course.lostGuardian || course.sent.some((s) => s === SIGUSR1 || s === SIGUSR2);
    const hasShell = ["command", "file", "fails"].includes(scenario.activation);
    if (scenario.activation === "fails" || (forwarded && hasShell))
      exits.push({ cause: "activation-failed" });
    if (scenario.activation !== "fails" && scenario.program === "missing")
      exits.push({ cause: "not-found" });
    // Its guardian was killed before it could start it.
    if (course.lostGuardian) exits.push({ cause: "not-executable" });
    if (scenario.activation !== "fails" && scenario.program === "not executable")
      exits.push({ cause: "not-executable" });
  }
  const mayRun = scenario.program === "tree" && scenario.activation !== "fails";
  if (mayRun)
    for (const end of course.ends)
      for (const cause of course.causesOf(end))
        exits.push(
          "code" in end ? { cause, ...end } : { cause, signal: nameOf(end.signal) },
        );
  return exits;
}

/** Sidecar's own exit code for an outcome. */
export function exitCodeOf({ cause, code, signal }: Exit): number {
  const fixed: Partial<Record<Cause, number>> = {
    timeout: 124,
    "activation-failed": 123,
    "not-executable": 126,
    "not-found": 127,
  };
  const number = signalNumber[signal as keyof typeof signalNumber];
  return fixed[cause] ?? code ?? 128 + number;
}
