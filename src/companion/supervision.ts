/**
 * Attends to a process until it and its group have ended: passes signals on, keeps the
 * time limit, copies streams, reaps orphans. It sleeps in poll(2) and wakes only when
 * something has happened; there is no other clock, thread or event loop.
 */
import { waitFor } from "#system/descriptors.ts";
import {
  type Change,
  giveTerminal,
  groupExists,
  isForeground,
  nextChange,
  signalGroup,
  stopHere,
  terminalGroup,
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
import { begin, type Event, type Life, type Limits, step } from "./lifecycle.ts";
import type { Channel } from "./relay.ts";

const { SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU } = signalNumber;
const endingSignals: readonly number[] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT];
const passedOn: readonly number[] = forwardedSignals.map((name) => signalNumber[name]);

/** Sidecar was told to end while there was nothing yet that could be ended. */
export class Cancelled extends Error {
  constructor(readonly signal: number) {
    super(`cancelled by signal ${signal}`);
  }
}

export type Attention = Limits & {
  /** Goes on in the background where its first process ends well (an activation). */
  readonly mayLeaveOthers?: boolean;
  /** The descriptor of the terminal that the process is to have while it runs. */
  readonly terminal?: number;
  readonly channels: readonly Channel[];
  /** Called once the process runs: to close what only it needs. */
  readonly started?: (process: number) => void;
};

type FinalChange = Change & {
  readonly how: Exclude<Change["how"], { kind: "stopped" }>;
};

export type Ended = FinalChange & {
  readonly life: Life;
  /** Groups that even SIGKILL did not end. */
  readonly survivors: readonly number[];
};

/** The most that a pipe can hold is one MiB (pipe(7)); a read takes 64 KiB of it. */
const mostReadsAtEnd = 16;

export class Supervisor {
  /** What sidecar was started with. */
  readonly started: Started;
  readonly #signals = openSignals();
  /** Groups that earlier processes left running. */
  readonly #left = new Set<number>();
  readonly #leftChannels: Channel[] = [];
  /** Arrived while nothing ran; the next process gets them. */
  readonly #pending: number[] = [];

  constructor(started: Started) {
    this.started = started;
  }

  /** Sleeps. @throws Cancelled when a signal arrives that would end a block */
  pause(milliseconds: number): void {
    const until = performance.now() + milliseconds;
    for (;;) {
      const left = until - performance.now();
      if (left <= 0) return;
      waitFor([{ descriptor: this.#signals, wants: "read" }], left);
      for (const signal of readSignals(this.#signals)) {
        if (this.#ends(signal)) throw new Cancelled(signal);
        if (passedOn.includes(signal)) this.#pending.push(signal);
      }
    }
  }

  /** Starts a process and attends to it until its end. @throws SystemError */
  run(start: Start, attention: Attention): Ended {
    const process = startProcess(start, this.started);
    attention.started?.(process);
    return this.#attend(process, attention)!;
  }

  /** Ends what an activation left running, where no block came to be its end. */
  endOthers(grace: number): void {
    if (this.#left.size > 0) this.#attend(undefined, { grace, channels: [] });
  }

  #attend(process: number | undefined, attention: Attention): Ended | undefined {
    const { terminal, channels } = attention;
    const groups = new Set(this.#left);
    if (process !== undefined) groups.add(process);
    let life = begin(performance.now(), attention);
    let last: FinalChange | undefined;

    const happen = (event: Event) => {
      const [next, sends] = step(life, event, performance.now(), attention);
      life = next;
      for (const { to, signal } of sends)
        for (const group of groups)
          if (to === "everybody" || group === process) signalGroup(group, signal);
    };
    const isAlone = () => {
      for (const group of groups) if (!groupExists(group)) groups.delete(group);
      return groups.size === 0;
    };
    const onChange = (change: Change) => {
      if (change.process !== process) return;
      const { how } = change;
      if (how.kind === "stopped") {
        happen({ kind: "stopped" });
        if (terminal !== undefined && life.phase === "running")
          this.#stopAlong(process, how.signal, terminal);
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

    if (process === undefined) happen({ kind: "ended", alone: isAlone() });
    if (process !== undefined && terminal !== undefined)
      this.#lendTerminal(terminal, process);
    for (const signal of this.#pending.splice(0)) onSignal(signal);
    for (const change of changes()) onChange(change);

    while (life.phase !== "over") {
      const { ready, signalled } = this.#sleep(channels, life.deadline);
      for (const channel of ready) channel.advance();
      if (signalled) {
        for (const signal of readSignals(this.#signals)) onSignal(signal);
        for (const change of changes()) onChange(change);
        // Also while the process runs: the number of a group that is gone may be
        // given to another.
        if (isAlone() && life.ended) happen({ kind: "alone" });
      }
      happen({ kind: "deadline" });
    }
    if (process === undefined) return undefined;
    if (terminal !== undefined) this.#takeTerminal(terminal, process);
    this.#empty(channels);
    if (attention.mayLeaveOthers) {
      for (const group of groups) this.#left.add(group);
      this.#leftChannels.push(...channels);
    }
    const survivors = attention.mayLeaveOthers ? [] : [...groups];
    return { ...(last ?? unseen(process)), life, survivors };
  }

  #sleep(channels: readonly Channel[], deadline: number | undefined) {
    const open = [...channels, ...this.#leftChannels].flatMap((channel) => {
      const { interest } = channel;
      return interest ? [{ channel, interest }] : [];
    });
    const wakeAt = Math.min(
      deadline ?? Number.POSITIVE_INFINITY,
      ...channels.map((channel) => channel.wakeAt ?? Number.POSITIVE_INFINITY),
    );
    const limit =
      wakeAt === Number.POSITIVE_INFINITY
        ? -1
        : Math.max(0, wakeAt - performance.now());
    const [signalled, ...flags] = waitFor(
      [{ descriptor: this.#signals, wants: "read" }, ...open.map((o) => o.interest)],
      limit,
    );
    const ready = open.filter((_, index) => flags[index]).map(({ channel }) => channel);
    return { ready, signalled: signalled === true };
  }

  /** What is in the pipes now belongs to the process; what comes later does not. */
  #empty(channels: readonly Channel[]): void {
    const reads = new Map<Channel, number>();
    for (;;) {
      const open = channels.flatMap((channel) => {
        const { interest } = channel;
        const done = (reads.get(channel) ?? 0) >= mostReadsAtEnd;
        return !interest || (done && interest.wants !== "write")
          ? []
          : [{ channel, interest }];
      });
      if (open.length === 0) return;
      // A pipe to read is ready now or empty; a slow reader of ours is waited for.
      const patient = open.some(({ interest }) => interest.wants === "write");
      const [signalled, ...flags] = waitFor(
        [{ descriptor: this.#signals, wants: "read" }, ...open.map((o) => o.interest)],
        patient ? -1 : 0,
      );
      for (const [index, { channel, interest }] of open.entries()) {
        if (flags[index]) channel.advance();
        if (interest.wants === "write") continue;
        reads.set(
          channel,
          flags[index] ? (reads.get(channel) ?? 0) + 1 : mostReadsAtEnd,
        );
      }
      if (signalled && readSignals(this.#signals).some((s) => this.#ends(s))) return;
    }
  }

  /** Stops with the block, as the shell that reads from the same terminal expects. */
  #stopAlong(process: number, signal: number, terminal: number): void {
    const wantsTerminal = signal === SIGTTIN || signal === SIGTTOU;
    this.#takeTerminal(terminal, process);
    if (!wantsTerminal || !isForeground(terminal)) stopHere();
    if (isForeground(terminal)) this.#lendTerminal(terminal, process);
    else signalGroup(process, SIGCONT);
  }

  #lendTerminal(terminal: number, process: number): void {
    giveTerminal(terminal, process);
    // It may have asked for the terminal before it had it, and been stopped.
    signalGroup(process, SIGCONT);
  }

  #takeTerminal(terminal: number, process: number): void {
    if (terminalGroup(terminal) === process) giveTerminal(terminal, 0);
  }

  /** Whether a signal means the end; one that was ignored from the start does not. */
  #ends(signal: number): boolean {
    return (
      endingSignals.includes(signal) && !hasSignal(this.started.ignoredSignals, signal)
    );
  }
}

/** Its end was never seen: it sleeps in the kernel, deaf even to SIGKILL. */
function unseen(process: number): FinalChange {
  const how = { kind: "signalled", signal: signalNumber.SIGKILL, core: false } as const;
  return { process, how, processorSeconds: 0, peakMemory: 0 };
}

/** What has become of children since the last call. */
function changes(): Change[] {
  const all: Change[] = [];
  for (;;) {
    const change = nextChange();
    if (change === undefined) return all;
    all.push(change);
  }
}
