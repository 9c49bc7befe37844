/**
 * Attends to a process until it and all that it started have ended: passes signals on,
 * keeps the time limit, copies streams, reaps orphans. It sleeps in poll(2) and wakes
 * only when something has happened; there is no other clock, thread or event loop.
 */
import { waitFor } from "#system/descriptors.ts";
import {
  type Change,
  isAnybodyLeft,
  nextChange,
  signalAll,
  signalGroup,
  type Usage,
  usageOf,
} from "#system/process.ts";
import {
  forwardedSignals,
  hasSignal,
  openSignals,
  readSignals,
  signalNumber,
} from "#system/signals.ts";
import { type Start, startProcess } from "#system/spawn.ts";
import type { Started } from "#system/start.ts";
import { empty } from "./emptying.ts";
import { begin, type Event, type Life, type Limits, step } from "./lifecycle.ts";
import type { Channel } from "./relay.ts";
import { stopAlong, type Terminal, takeTerminal } from "./terminal.ts";

const { SIGHUP, SIGINT, SIGQUIT, SIGTERM } = signalNumber;
const endingSignals: readonly number[] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT];
const passedOn: readonly number[] = forwardedSignals.map((name) => signalNumber[name]);
/** Who reads at all has read all by then, though the grace is over (milliseconds). */
const leastPatience = 2000;

/** Sidecar was told to end while there was nothing yet that could be ended. */
export class Cancelled extends Error {
  constructor(readonly signal: number) {
    super(`cancelled by signal ${signal}`);
  }
}

export type Attention = Limits & {
  /** Goes on in the background where its first process ends well (an activation). */
  readonly mayLeaveOthers?: boolean;
  /** What the process has, or may come to have, while it runs. */
  readonly terminal?: Terminal;
  readonly channels: readonly Channel[];
  /** Called once the process runs: to close what only it needs. */
  readonly started?: (process: number) => void;
};

type FinalChange = Change & {
  readonly how: Exclude<Change["how"], { kind: "stopped" }>;
};

export type Ended = FinalChange &
  Usage & {
    readonly life: Life;
    /** Processes of which somebody is left whom even SIGKILL did not end. */
    readonly survivors: readonly number[];
  };

export class Supervisor {
  /** What sidecar was started with. */
  readonly started: Started;
  readonly #signals = openSignals();
  /** Earlier processes that have left others running. */
  readonly #left = new Set<number>();
  readonly #leftChannels: Channel[] = [];
  /** Arrived while nothing ran; the next process gets them. */
  readonly #pending: number[] = [];

  constructor(started: Started) {
    this.started = started;
  }

  /** Sleeps. @throws Cancelled when a signal arrives that would end a block */
  pause(milliseconds: number): void {
    const until = now() + milliseconds;
    for (;;) {
      const left = until - now();
      if (left <= 0) return;
      waitFor([{ descriptor: this.#signals, wants: "read" }], left);
      for (const signal of readSignals(this.#signals)) {
        if (this.#ends(signal)) throw new Cancelled(signal);
        this.#keep(signal);
      }
    }
  }

  /**
   * Starts a process and attends to it until its end.
   * @throws SystemError; Cancelled when a signal arrived that would end it
   */
  run(start: Start, attention: Attention): Ended {
    this.#requireGoingOn();
    const process = startProcess(start, this.started);
    attention.started?.(process);
    const ended = this.#attend(process, attention)!;
    if (attention.mayLeaveOthers) this.#requireGoingOn();
    return ended;
  }

  #requireGoingOn(): void {
    const ending = this.#pending.find((signal) => this.#ends(signal));
    if (ending !== undefined) throw new Cancelled(ending);
  }

  /** Ends what an activation left running, where no block came to be its end. */
  endOthers(grace: number): void {
    if (this.#left.size > 0) this.#attend(undefined, { grace, channels: [] });
  }

  #attend(process: number | undefined, attention: Attention): Ended | undefined {
    const { terminal, channels } = attention;
    const trees = new Set(this.#left);
    if (process !== undefined) trees.add(process);
    let life = begin(now(), attention);
    let last: FinalChange | undefined;

    const happen = (event: Event) => {
      const [next, sends] = step(life, event, now(), attention);
      life = next;
      for (const { to, signal } of sends)
        if (to !== "process")
          for (const tree of trees)
            signalAll(tree, signal, to === "others" && tree === process);
        else if (process !== undefined) signalGroup(process, signal);
    };
    const isAlone = () => {
      for (const tree of trees) if (!isAnybodyLeft(tree)) trees.delete(tree);
      return trees.size === 0;
    };
    const onChange = (change: Change) => {
      if (change.process !== process) return;
      const { how } = change;
      if (how.kind === "stopped") {
        happen({ kind: "stopped", signal: how.signal });
        if (terminal !== undefined && life.phase === "running")
          stopAlong(process, how.signal, terminal);
        return;
      }
      last = change as FinalChange;
      const leaves = attention.mayLeaveOthers === true && life.phase === "running";
      happen({ kind: "ended", alone: isAlone() || leaves });
    };
    const onSignal = (signal: number) => {
      if (passedOn.includes(signal))
        happen({ kind: "signal", signal, ends: this.#ends(signal) });
    };

    const look = () => {
      for (const change of changes()) onChange(change);
      if (!isAlone()) return;
      // The last may have ended since: then there is news by now, if anybody knows.
      for (const change of changes()) onChange(change);
      happen(life.ended ? { kind: "alone" } : { kind: "ended", alone: true });
    };

    if (process === undefined) happen({ kind: "ended", alone: isAlone() });
    for (const signal of this.#pending.splice(0)) onSignal(signal);
    look();

    while (life.phase !== "over") {
      const { ready, signalled } = this.#sleep(channels, life.deadline);
      for (const channel of ready) channel.advance();
      if (signalled) {
        for (const signal of readSignals(this.#signals)) onSignal(signal);
        look();
      }
      happen({ kind: "deadline" });
    }
    if (process === undefined) return undefined;
    if (terminal !== undefined) takeTerminal(terminal, process);
    this.#empty(channels, attention, life);
    if (attention.mayLeaveOthers) {
      for (const tree of trees) this.#left.add(tree);
      this.#leftChannels.push(...channels);
    }
    const survivors = attention.mayLeaveOthers ? [] : [...trees];
    return { ...(last ?? unseen(process)), ...usageOf(process), life, survivors };
  }

  #sleep(channels: readonly Channel[], deadline: number | undefined) {
    const open = [...channels, ...this.#leftChannels].flatMap((channel) => {
      const { interest } = channel;
      return interest ? [{ channel, interest }] : [];
    });
    const wakeAt = Math.min(
      deadline ?? Infinity,
      ...channels.map((channel) => channel.wakeAt ?? Infinity),
    );
    const limit = wakeAt === Infinity ? -1 : Math.max(0, wakeAt - now());
    const [signalled, ...flags] = waitFor(
      [{ descriptor: this.#signals, wants: "read" }, ...open.map((o) => o.interest)],
      limit,
    );
    const ready = open.filter((_, index) => flags[index]).map(({ channel }) => channel);
    return { ready, signalled: signalled === true };
  }

  /**
   * What is in the pipes now belongs to the process; what comes later does not. Whoever
   * is slow to read it is waited for; but where sidecar ended the process, or is told
   * to end, only for the grace, and not at all at a second SIGTERM, or where another
   * process is to follow.
   */
  #empty(channels: readonly Channel[], attention: Attention, life: Life): void {
    const { grace, mayLeaveOthers } = attention;
    const { graceEnd } = life;
    let { asked } = life;
    let deadline =
      graceEnd === undefined ? Infinity : Math.max(graceEnd, now() + leastPatience);
    empty(channels, this.#signals, deadline, () => {
      for (const signal of readSignals(this.#signals)) {
        if (mayLeaveOthers) this.#keep(signal);
        if (!this.#ends(signal)) continue;
        const isSecond = signal === SIGTERM && asked;
        const patience = mayLeaveOthers || isSecond ? 0 : grace;
        deadline = Math.min(deadline, now() + patience);
        asked ||= signal === SIGTERM;
      }
      return deadline;
    });
  }

  #keep(signal: number): void {
    if (passedOn.includes(signal)) this.#pending.push(signal);
  }

  /** Whether a signal means the end; one that was ignored from the start does not. */
  #ends(signal: number): boolean {
    return (
      endingSignals.includes(signal) && !hasSignal(this.started.ignoredSignals, signal)
    );
  }
}

/** Milliseconds of the monotonic clock. */
const now = () => performance.now();

/** Its end was never seen: it sleeps in the kernel, deaf even to SIGKILL. */
function unseen(process: number): FinalChange {
  const how = { kind: "signalled", signal: signalNumber.SIGKILL, core: false } as const;
  return { process, how };
}

/** What has become of children since the last call. */
function changes(): Change[] {
  const all: Change[] = [];
  for (let one = nextChange(); one; one = nextChange()) all.push(one);
  return all;
}
