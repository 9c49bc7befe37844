/** What became of a block, as plain facts: exit code, cause, and words for people. */
import { signalName } from "#system/signals.ts";
import type { Failure, Notice } from "../contract/failure.ts";
import { formatDuration } from "./duration.ts";
import type { Ended } from "./supervision.ts";

export type Cause =
  | "exited"
  | "signalled"
  | "timeout"
  | "cancelled"
  | "out-of-memory"
  | "activation-failed"
  | "refused"
  | "not-found"
  | "not-executable";

/** As in the result record: a code or the name of a signal, where there is one. */
export type Exit = {
  readonly code?: number;
  readonly signal?: string;
  /** The kernel wrote a core dump. */
  readonly core?: true;
  readonly cause: Cause;
};

export type Outcome = {
  /** Sidecar's own exit code. */
  readonly exitCode: number;
  readonly exit: Exit;
  readonly notice?: Notice;
};

const timeoutCode = 124;

/**
 * @param limits in milliseconds
 * @param kills how many processes of sidecar's cgroup the kernel ended, while the block
 *   ran, for want of memory
 */
export function outcomeOf(
  { how, life }: Pick<Ended, "how" | "life">,
  limits: { readonly timeout?: number; readonly grace: number },
  kills: number,
): Outcome {
  const core = how.kind === "signalled" && how.core ? { core: true as const } : {};
  const end =
    how.kind === "exited"
      ? { code: how.code }
      : { signal: signalName(how.signal), ...core };
  const exitCode = how.kind === "exited" ? how.code : 128 + how.signal;
  if (life.reason?.kind === "timeout")
    return {
      exitCode: timeoutCode,
      exit: { ...end, cause: "timeout" },
      notice: timeoutNotice(limits.timeout ?? 0),
    };
  if (life.reason?.kind === "cancelled")
    return {
      exitCode,
      exit: { ...end, cause: "cancelled" },
      notice: cancelledNotice(life.reason.signal),
    };
  if (how.kind === "exited") {
    const notice = kills > 0 ? { notice: killsNotice(kills) } : {};
    return { exitCode, exit: { ...end, cause: "exited" }, ...notice };
  }
  if (kills > 0 && how.signal === SIGKILL)
    return { exitCode, exit: { ...end, cause: "out-of-memory" }, notice: memoryNotice };
  return {
    exitCode,
    exit: { ...end, cause: "signalled" },
    notice: signalledNotice(how.signal, how.core),
  };
}

/** The outcome of a run that never came to its block. */
export function outcomeOfFailure(failure: Failure): Outcome {
  const { exitCode } = failure;
  const causes: Record<number, Cause> = {
    123: "activation-failed",
    126: "not-executable",
    127: "not-found",
  };
  return { exitCode, exit: { cause: causes[exitCode] ?? "refused" } };
}

/** Sidecar was told to end before the block had begun. */
export function outcomeOfCancellation(signal: number): Outcome {
  return {
    exitCode: 128 + signal,
    exit: { signal: signalName(signal), cause: "cancelled" },
    notice: cancelledNotice(signal),
  };
}

function timeoutNotice(timeout: number): Notice {
  return {
    level: "error",
    code: "block-timeout",
    message: `the block ran longer than ${formatDuration(timeout)} and was ended`,
    hint: "allow more time with --timeout, or find out what the block waits for",
  };
}

function cancelledNotice(signal: number): Notice {
  return {
    level: "warning",
    code: "block-cancelled",
    message: `the block was ended because sidecar received ${signalName(signal)}`,
    hint: "whoever started sidecar, or the system, asked for it",
  };
}

/** As in `… | head`: nobody's mistake, mostly. */
const pipeNotice: Notice = {
  level: "warning",
  code: "block-signalled",
  message: "the block was ended by SIGPIPE: it wrote to a reader that had gone away",
  hint: "this is no trouble where the reader had read enough (head, say)",
};

const memoryNotice: Notice = {
  level: "error",
  code: "block-out-of-memory",
  message: "the block was ended by the kernel: it used more memory than it may",
  hint: "ask for more memory for the task, or let the block use less",
};

/** It was not the block itself, and the block may have made the best of it. */
function killsNotice(kills: number): Notice {
  const processes = kills === 1 ? "a process" : `${kills} processes`;
  return {
    level: "warning",
    code: "process-out-of-memory",
    message: `the kernel ended ${processes} beside the block for want of memory`,
    hint: "if the block failed, that may be why: ask for more memory for the task",
  };
}

const SIGKILL = 9;
const SIGPIPE = 13;

function signalledNotice(signal: number, core: boolean): Notice {
  if (signal === SIGPIPE) return pipeNotice;
  return {
    level: "error",
    code: "block-signalled",
    message:
      `the block was ended by ${signalName(signal)}` +
      (core ? ", with a core dump" : ""),
    hint: "it was not sidecar's: the block crashed, or somebody else ended it",
  };
}

export const survivorsNotice: Notice = {
  level: "error",
  code: "block-survivors",
  message: "processes of the block did not end, even by SIGKILL",
  hint: "they wait in the kernel, mostly for a file system that does not answer",
};
