/**
 * The life of a process that is supervised, as a pure function: what happened, and
 * what is to be done about it. supervision.ts does it.
 *
 *     running ──timeout, TERM, INT, HUP, QUIT──▶ ending ──grace──▶ killed
 *        └───────── it ended, others remain ───────▲
 *
 * It is over when the process has ended and nobody is left of all that it has started;
 * or when even SIGKILL did not help (a process in an uninterruptible sleep).
 */

export type Reason =
  | { readonly kind: "timeout" }
  | { readonly kind: "cancelled"; readonly signal: number };

export type Life = {
  readonly phase: "running" | "ending" | "killed" | "over";
  /** Why sidecar ended it; absent where it ended by itself. */
  readonly reason?: Reason;
  /** The process itself has ended; others whom it started may remain. */
  readonly ended: boolean;
  /** Sidecar has received SIGTERM: the next one means at once. */
  readonly asked: boolean;
  /** When to act next, in milliseconds of the monotonic clock. */
  readonly deadline?: number;
  /** When the grace is over, once sidecar ends it or has been told to. */
  readonly graceEnd?: number;
};

export type Event =
  | { readonly kind: "signal"; readonly signal: number; readonly ends: boolean }
  /** The process ended; `alone`: nobody is left of those whom it started. */
  | { readonly kind: "ended"; readonly alone: boolean }
  /** The last of those who were left has ended. */
  | { readonly kind: "alone" }
  | { readonly kind: "stopped"; readonly signal: number }
  | { readonly kind: "deadline" };

/**
 * `process`: to its own group; `everybody`: to it and all that it or an earlier one has
 * started; `others`: to them, but not to its own group.
 */
export type Send = {
  readonly to: "process" | "others" | "everybody";
  readonly signal: number;
};

export type Limits = { readonly timeout?: number; readonly grace: number };

const SIGTERM = 15;
const SIGKILL = 9;
const SIGCONT = 18;
const SIGTTIN = 21;
const SIGTTOU = 22;
/** How long the kernel gets to carry out a SIGKILL, in milliseconds. */
export const killLimit = 10_000;

export function begin(now: number, { timeout }: Limits): Life {
  return {
    phase: "running",
    ended: false,
    asked: false,
    ...(timeout === undefined ? {} : { deadline: now + timeout }),
  };
}

/** One step: the life after `event`, and the signals to send now. */
export function step(
  life: Life,
  event: Event,
  now: number,
  limits: Limits,
): readonly [Life, readonly Send[]] {
  switch (event.kind) {
    case "signal":
      return onSignal(life, event, now, limits);
    case "ended":
      return onEnded({ ...life, ended: true }, event.alone, now, limits);
    case "alone":
      return life.ended ? [over(life), []] : [life, []];
    case "stopped":
      return [life, life.phase === "running" || isByTerminal(event) ? [] : [wake]];
    case "deadline":
      return onDeadline(life, now, limits);
  }
}

/**
 * Whoever is stopped (SIGSTOP, Ctrl-Z) is deaf to everything but SIGKILL. Who is to end
 * has to run for it: the process, and others of its group, of whose stops nobody tells.
 */
const wake: Send = { to: "process", signal: SIGCONT };

/**
 * Who is stopped because he uses a terminal that is not his would be at once again, and
 * has had the signal that asked for the end.
 */
function isByTerminal({ signal }: { readonly signal: number }): boolean {
  return signal === SIGTTIN || signal === SIGTTOU;
}

function onSignal(
  given: Life,
  { signal, ends }: { signal: number; ends: boolean },
  now: number,
  limits: Limits,
): readonly [Life, readonly Send[]] {
  const send: Send = { to: given.ended ? "everybody" : "process", signal };
  if (!ends) return [given, [send]];
  // A second SIGTERM means: do not wait any longer.
  const isTerm = signal === SIGTERM;
  if (given.phase === "ending" && isTerm && given.asked)
    return kill({ ...given, graceEnd: now }, now);
  const life = {
    ...given,
    asked: given.asked || isTerm,
    graceEnd: given.graceEnd ?? now + limits.grace,
  };
  if (life.phase !== "running") return [life, [send]];
  const reason: Reason = { kind: "cancelled", signal };
  const deadline = now + limits.grace;
  return [{ ...life, phase: "ending", reason, deadline }, [send, wake]];
}

function onEnded(
  life: Life,
  alone: boolean,
  now: number,
  limits: Limits,
): readonly [Life, readonly Send[]] {
  if (alone) return [over(life), []];
  // Its group was asked to end already; who has left it was not.
  if (life.phase === "ending") return [life, [{ to: "others", signal: SIGTERM }]];
  if (life.phase !== "running") return [life, []];
  const rest: Send[] = [{ to: "everybody", signal: SIGTERM }];
  return [{ ...life, phase: "ending", deadline: now + limits.grace }, rest];
}

function onDeadline(
  life: Life,
  now: number,
  limits: Limits,
): readonly [Life, readonly Send[]] {
  if (life.deadline === undefined || now < life.deadline) return [life, []];
  switch (life.phase) {
    case "running": {
      const reason: Reason = { kind: "timeout" };
      const deadline = now + limits.grace;
      const send: Send = { to: "process", signal: SIGTERM };
      const ending = { ...life, phase: "ending", reason, deadline } as const;
      return [{ ...ending, graceEnd: deadline }, [send, wake]];
    }
    case "ending":
      return kill(life, now);
    default:
      return [over(life), []];
  }
}

function kill(life: Life, now: number): readonly [Life, readonly Send[]] {
  const deadline = now + killLimit;
  return [
    { ...life, phase: "killed", deadline },
    [{ to: "everybody", signal: SIGKILL }],
  ];
}

function over({ deadline: _, ...life }: Life): Life {
  return { ...life, phase: "over" };
}
