/**
 * Activation by a shell.
 *
 * What a shell does can be anything, so it is taken as little part of as can be: its
 * input is empty, its output goes to sidecar's stderr, and its last act is to run
 * sidecar itself, which writes the environment that it was given, exactly, into a pipe
 * (#system/handover.ts). Nothing else of the shell is carried over: neither its
 * directory nor its limits, umask or functions.
 */
import { explainStart, findProgram } from "#companion/program.ts";
import { carriedOver, complaint, shellStart } from "#companion/shell.ts";
import { closeDescriptor, emptyInput, makePipe } from "#system/descriptors.ts";
import { SystemError } from "#system/errors.ts";
import { openAnswer, readAnswer } from "#system/handover.ts";
import { signalName } from "#system/signals.ts";
import type { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { decode, printable } from "../system/text.ts";
import type { ShellPlan } from "./activation-file.ts";
import { formatDuration } from "./duration.ts";
import { Collector, Relay, type Sink } from "./relay.ts";
import { Cancelled, type Ended, type Supervisor } from "./supervision.ts";

/** In milliseconds. */
export type ActivationLimits = { readonly timeout: number; readonly grace: number };

/** How many bytes of an activation's last output go into a message. */
const tailSize = 4096;

export type Activated = {
  readonly environment: Environment;
  /** The last bytes that it printed. */
  readonly printed: Uint8Array;
  /** The shell's process id. */
  readonly process: number;
};

/** Where what an activation prints goes. */
export const standardError: readonly Sink[] = [
  { descriptor: 2, name: "stderr", isConsole: true },
];

/**
 * The environment that a plan's shell makes of `environment`.
 * @throws Failure `activation-…`; Cancelled
 */
export function activateByShell(
  runenv: string,
  plan: ShellPlan,
  environment: Environment,
  supervisor: Supervisor,
  limits: ActivationLimits,
  sinks: readonly Sink[] = standardError,
): Activated {
  const [shell] = plan.shell as [string];
  const path = findShell(shell, environment);
  const input = emptyInput();
  const output = makePipe();
  const answer = openAnswer(supervisor.started);
  const relay = new Relay(output.readEnd, sinks, tailSize);
  const collector = new Collector(answer.readEnd);
  let ended: Ended;
  let shellProcess = 0;
  try {
    ended = supervisor.run(
      {
        path,
        ...shellStart(plan, runenv, environment, answer.address),
        descriptors: {
          0: input,
          1: output.writeEnd,
          2: output.writeEnd,
          ...answer.descriptors,
        },
      },
      {
        ...limits,
        mayLeaveOthers: true,
        channels: [relay, collector],
        started: (process) => {
          shellProcess = process;
          for (const end of [input, output.writeEnd]) closeDescriptor(end);
          for (const end of Object.values(answer.descriptors)) closeDescriptor(end);
        },
      },
    );
  } catch (error) {
    if (error instanceof SystemError)
      throw shellMissing(shell, explainStart(shell, error).message);
    throw error;
  }
  collector.close();
  requireSuccess(runenv, ended, relay.tail, limits);
  const entries = readAnswer(collector.content);
  if (!entries)
    throw new Failure(
      "activation-incomplete",
      `the activation of ${runenv} ended its shell before its own end`,
      "a file that is sourced must not call exit or exec; leave it with return",
    );
  return {
    environment: carriedOver(environment, entries),
    printed: relay.tail,
    process: shellProcess,
  };
}

function findShell(shell: string, environment: Environment): string {
  try {
    return findProgram(shell, (name) => environment.get(name));
  } catch (error) {
    throw shellMissing(shell, (error as Failure).message);
  }
}

function shellMissing(shell: string, why: string): Failure {
  return new Failure(
    "activation-shell-missing",
    `the activation needs the shell ${printable(shell)}: ${why}`,
    "install it in the image, or set the variables in a .env file, which needs none",
  );
}

function requireSuccess(
  runenv: string,
  { how, life }: Ended,
  tail: Uint8Array,
  { timeout }: ActivationLimits,
): void {
  if (life.reason?.kind === "cancelled") throw new Cancelled(life.reason.signal);
  const lines = decode(tail)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const said = lines.slice(-3).map((line) => printable(line).slice(0, 300));
  const output = said.length > 0 ? `; it said: ${said.join(" / ")}` : "";
  const hint = "its whole output is on sidecar's standard error; try it in a shell";
  if (life.reason?.kind === "timeout")
    throw new Failure(
      "activation-timeout",
      `the activation of ${runenv} lasted longer than ` +
        `${formatDuration(timeout)}${output}`,
      "mend what it waits for, or allow more time with --activate-timeout",
    );
  if (how.kind === "signalled")
    throw new Failure(
      "activation-failed",
      `the activation of ${runenv} was ended by ${signalName(how.signal)}${output}`,
      hint,
    );
  if (how.kind === "exited" && how.code !== 0)
    throw new Failure(
      "activation-failed",
      `the activation of ${runenv} failed with exit status ${how.code}` +
        `${complaint(lines)}${output}`,
      hint,
    );
}
