/** Signals that end a command wait until it has cleaned up. */

import { ptr } from "../foreign.ts";
import { commonLibc, moreLibc } from "./libc.ts";
import {
  hasSignal,
  restoreSignals,
  type SignalSet,
  signalNumber,
  signalSet,
} from "./signals.ts";

const ending = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;
const SIG_BLOCK = 0;

export type Interruption = {
  /** The signal that waits to end this process, by its number. */
  readonly arrived: () => number | undefined;
  /** Lets it: sidecar ends here, unless it is process 1, which no signal ends. */
  readonly release: () => void;
};

/** @param ignored what sidecar was started to ignore (nohup), and goes on ignoring */
export function deferInterruption(ignored: SignalSet): Interruption {
  const deferred = ending.filter((name) => !hasSignal(ignored, signalNumber[name]));
  const previous = new Uint8Array(128);
  moreLibc().sigprocmask(SIG_BLOCK, signalSet(deferred), previous);
  return {
    arrived: () => {
      const SYS_rt_sigpending = 127;
      const pending = new Uint8Array(128);
      commonLibc().syscall(SYS_rt_sigpending, ptr(pending), 8, 0);
      const name = deferred.find((name) => hasSignal(pending, signalNumber[name]));
      return name && signalNumber[name];
    },
    release: () => restoreSignals(previous),
  };
}
