/** Copies of streams by threads: not on Windows, where sidecar makes them itself. */
import type { Interest } from "./descriptors.ts";
import type { SystemError } from "./errors.ts";

export const relaysInThreads = false;

export type RelayedFile = {
  readonly error: SystemError | undefined;
  readonly taken: number;
  readonly leftOut: number;
};

export type ThreadRelay = {
  readonly bytes: number;
  readonly isDone: boolean;
  readonly interest: Interest | undefined;
  readonly consoleError: SystemError | undefined;
  readonly consoleWritten: number;
  advance(): void;
  finish(): void;
  abandon(): void;
};

export function openRelayedFile(
  _descriptor: number,
  _isRegular: boolean,
  _before: number,
  _limit: number,
): RelayedFile | undefined {
  return undefined;
}

export function beginRelay(
  _source: number,
  _file: RelayedFile,
  _console: number | undefined,
): ThreadRelay | undefined {
  return undefined;
}
