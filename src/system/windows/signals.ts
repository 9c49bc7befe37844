/**
 * Signals on Windows: there are none, but there are control events, and there is the
 * end of a job. They have the names and numbers that the same things have elsewhere, so
 * that exit codes and records mean the same on every system.
 */
import {
  arrivedControlEvents,
  type ControlEvent,
  receiveControlEvents,
} from "./console.ts";
import { signalsDescriptor } from "./descriptors.ts";

export const signalNumber = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGTERM: 15,
  SIGCONT: 18,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
} as const;

export type SignalName = keyof typeof signalNumber;

/** What can arrive here; each is passed on to the block as Ctrl-Break. */
export const forwardedSignals = [
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
] as const satisfies readonly SignalName[];

const meanings: Readonly<Record<ControlEvent, SignalName>> = {
  interrupt: "SIGINT",
  break: "SIGTERM",
  close: "SIGHUP",
};

/** "SIGTERM" for 15; "signal 40" for what has no name of its own. */
export function signalName(number: number): string {
  for (const [name, value] of Object.entries(signalNumber))
    if (value === number) return name;
  return `signal ${number}`;
}

/** Numbers of signals. */
export type SignalSet = readonly number[];

export function hasSignal(set: SignalSet, number: number): boolean {
  return set.includes(number);
}

/** Commands that run no block end by Ctrl-C as any program does, until openSignals. */
export function restoreSignals(_mask: SignalSet): void {}

/** From now on control events arrive, and can be waited for by this descriptor. */
export function openSignals(): number {
  receiveControlEvents();
  return signalsDescriptor;
}

/**
 * What a control event means. Whoever asks `again`, by Ctrl-C too, means what a second
 * SIGTERM does: at once.
 */
export function meaningOf(event: ControlEvent, again: boolean): SignalName {
  return again ? "SIGTERM" : meanings[event];
}

let wasAsked = false;

/** The signals that have arrived since the last call. */
export function readSignals(_descriptor: number): number[] {
  return arrivedControlEvents().map((event) => {
    const meaning = meaningOf(event, wasAsked);
    wasAsked = true;
    return signalNumber[meaning];
  });
}
