/** What sidecar was started with: its arguments and environment, to the last unit. */
import type { Pointer } from "../foreign.ts";
import { read } from "../foreign.ts";
import { SystemError } from "./errors.ts";
import { kernel, shellLibrary } from "./kernel.ts";
import type { SignalSet } from "./signals.ts";
import { textAt, textsAt } from "./wide.ts";

export type Started = {
  /** Without the program's own name. */
  readonly arguments: readonly string[];
  /** `NAME=VALUE` entries, as they came; also Windows' own, as `=C:=C:\folder`. */
  readonly environment: readonly string[];
  readonly signalMask: SignalSet;
  readonly ignoredSignals: SignalSet;
  /** There is none for Windows that could be missing. */
  readonly launcher: undefined;
};

export function readStart(): Started {
  return {
    arguments: readArguments(),
    environment: textsAt(Number(kernel().GetEnvironmentStringsW())),
    signalMask: [],
    ignoredSignals: [],
    launcher: undefined,
  };
}

function readArguments(): string[] {
  const count = new Int32Array(1);
  const line = kernel().GetCommandLineW();
  const table = shellLibrary().CommandLineToArgvW(line, count);
  if (table === null) throw new SystemError("CommandLineToArgvW", 0);
  const words: string[] = [];
  for (let index = 1; index < count[0]!; index += 1)
    words.push(textAt(Number(read.u64(table as Pointer, index * 8))));
  return words;
}
