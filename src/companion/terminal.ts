/**
 * The terminal, lent to a block: while it runs, its group is the one that gets what is
 * typed (tcsetpgrp(3)), as a shell does it for its jobs.
 */
import {
  giveTerminal,
  isForeground,
  signalGroup,
  stopHere,
  terminalGroup,
} from "#system/process.ts";
import { signalNumber } from "#system/signals.ts";

const { SIGCONT, SIGTTIN, SIGTTOU } = signalNumber;

/** @param terminal its descriptor */
export function lendTerminal(terminal: number, process: number): void {
  giveTerminal(terminal, process);
  // It may have asked for the terminal before it had it, and been stopped.
  signalGroup(process, SIGCONT);
}

export function takeTerminal(terminal: number, process: number): void {
  if (terminalGroup(terminal) === process) giveTerminal(terminal, 0);
}

/** Stops with the block, as the shell that reads from the same terminal expects. */
export function stopAlong(process: number, signal: number, terminal: number): void {
  const wantsTerminal = signal === SIGTTIN || signal === SIGTTOU;
  takeTerminal(terminal, process);
  if (!wantsTerminal || !isForeground(terminal)) stopHere();
  if (isForeground(terminal)) lendTerminal(terminal, process);
  else signalGroup(process, SIGCONT);
}
