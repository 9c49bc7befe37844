/** Processes: learn how one ended, and end it. */
import { handleOf } from "./descriptors.ts";
import { lastError, SystemError } from "./errors.ts";
import {
  allJobs,
  hasEnded,
  isInhabited,
  jobOf,
  terminate,
  type Usage,
  usageOf,
} from "./jobs.ts";
import { kernel, moreKernel } from "./kernel.ts";
import { signalNumber } from "./signals.ts";

export { type Usage, usageOf };

/** How a process that sidecar started has changed. */
export type Change = {
  readonly process: number;
  readonly how:
    | { readonly kind: "exited"; readonly code: number }
    | { readonly kind: "signalled"; readonly signal: number; readonly core: boolean }
    | { readonly kind: "stopped"; readonly signal: number };
};

/** A child that ended; nothing where none has. Nobody is ever stopped on Windows. */
export function nextChange(): Change | undefined {
  for (const job of allJobs()) {
    if (job.told || !hasEnded(job.process)) continue;
    job.told = true;
    const code = new Uint32Array(1);
    kernel().GetExitCodeProcess(job.process, code);
    return {
      process: job.leader,
      how: job.terminated
        ? { kind: "signalled", signal: signalNumber.SIGKILL, core: false }
        : { kind: "exited", code: code[0]! },
    };
  }
  return undefined;
}

const CTRL_BREAK_EVENT = 1;

/**
 * Asks every member of a group to end, by Ctrl-Break; ends its job for SIGKILL, and
 * where it cannot be asked because it shares no console with sidecar.
 * @returns whether there was anybody
 */
export function signalGroup(group: number, signal: number): boolean {
  const job = jobOf(group);
  if (!job || !isInhabited(job)) return false;
  // Nobody can be stopped, and Ctrl-Break says something else.
  if (signal === signalNumber.SIGCONT) return true;
  if (
    signal === signalNumber.SIGKILL ||
    moreKernel().GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group) === 0
  )
    terminate(job, 128 + signalNumber.SIGKILL);
  return true;
}

/** The same: a group is a job, and nobody leaves it. @param outsiders so: nobody */
export function signalAll(group: number, signal: number, outsiders = false): void {
  if (!outsiders) signalGroup(group, signal);
}

/** Whether the process, or anybody whom it started, is there. */
export function isAnybodyLeft(process: number): boolean {
  const job = jobOf(process);
  return job !== undefined && isInhabited(job);
}

/** What ends sidecar's job takes everybody along: there are no orphans to adopt. */
export function adoptOrphans(): void {}

/** A console listens to all who are attached to it: it has no group of its own. */
export function terminalGroup(_descriptor: number): number {
  return -1;
}

/**
 * No: what is typed reaches sidecar and the block alike, and nothing has to be lent.
 */
export function isForeground(_descriptor: number): boolean {
  return false;
}

export function groupExists(_group: number): boolean {
  return true;
}

export function giveTerminal(_descriptor: number, _group: number): void {}

export function lendTerminal(_descriptor: number, _process: number): void {}

/** Nobody can be stopped, and so nobody has to stop along. */
export function stopHere(): void {}

export function isTerminal(descriptor: number): boolean {
  return kernel().GetConsoleMode(handleOf(descriptor), new Uint32Array(1)) !== 0;
}

/** Ends this process at once; everything sidecar writes is written by then. */
export function exitNow(code: number): never {
  kernel().TerminateProcess(-1, code);
  throw new SystemError("TerminateProcess", lastError());
}
