/** Ctrl-C and Ctrl-Break wait until the command that they end has cleaned up. */
import { openSignals, readSignals, type SignalSet } from "./signals.ts";

export type Interruption = {
  /** The signal that waits to end this process, by its number. */
  readonly arrived: () => number | undefined;
  /**
   * There is nothing to let go: sidecar ends by itself, with an exit code that tells.
   */
  readonly release: () => void;
};

/** @param _ignored nothing on Windows is started to ignore a control event for good */
export function deferInterruption(_ignored: SignalSet): Interruption {
  const signals = openSignals();
  let first: number | undefined;
  return {
    arrived: () => {
      first ??= readSignals(signals)[0];
      return first;
    },
    release: () => {},
  };
}
