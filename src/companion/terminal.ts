/**
 * The terminal, lent to a block: while it runs, its group is the one that gets what is
 * typed (tcsetpgrp(3)), as a shell does it for its jobs.
 */
import { SystemError } from "#system/errors.ts";
import { descriptorStatus } from "#system/files.ts";
import {
  giveTerminal,
  groupExists,
  isForeground,
  isTerminal,
  lendTerminal,
  signalGroup,
  stopHere,
  terminalGroup,
} from "#system/process.ts";
import { hasSignal, signalNumber } from "#system/signals.ts";
import type { Started } from "#system/start.ts";

const { SIGCONT, SIGTTIN, SIGTTOU } = signalNumber;

export type Terminal = {
  readonly descriptor: number;
  /** The block has it from the start on; else once it wants it. */
  readonly atOnce: boolean;
};

/**
 * The terminal that sidecar was started at. In a pipeline others read from it too
 * (`sidecar … | less`): there the block gets it once it is stopped for want of it. Where
 * it would not be stopped (in a shell's `$(sidecar …)`), it has to have it before.
 */
export function findTerminal({ ignoredSignals }: Started): Terminal | undefined {
  for (const descriptor of [0, 1, 2]) {
    if (!isTerminal(descriptor) || terminalGroup(descriptor) < 0) continue;
    const mayAsk = isPipe(1) && !hasSignal(ignoredSignals, SIGTTIN);
    return { descriptor, atOnce: descriptor === 0 && isForeground(0) && !mayAsk };
  }
  return undefined;
}

function isPipe(descriptor: number): boolean {
  const found = descriptorStatus(descriptor);
  const kind: string | undefined =
    found instanceof SystemError ? undefined : found.kind;
  return kind === "fifo";
}

/**
 * Takes it from the process, or from a group of which nobody is left: the job of a
 * shell that was killed.
 * @returns whether the block had it
 */
export function takeTerminal({ descriptor }: Terminal, process: number): boolean {
  const group = terminalGroup(descriptor);
  const isOurs = group === process || (group > 0 && !groupExists(group));
  if (isOurs) giveTerminal(descriptor, 0);
  return isOurs;
}

/** Stops with the block, as the shell that reads from the same terminal expects. */
export function stopAlong(process: number, signal: number, terminal: Terminal): void {
  const { descriptor } = terminal;
  const wantsTerminal = signal === SIGTTIN || signal === SIGTTOU;
  const lend = takeTerminal(terminal, process) || wantsTerminal;
  if (!wantsTerminal || !isForeground(descriptor)) stopHere();
  if (lend && isForeground(descriptor)) lendTerminal(descriptor, process);
  else signalGroup(process, SIGCONT);
}
