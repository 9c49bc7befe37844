/**
 * Activation by a shell.
 *
 * What a shell does can be anything, so it is taken as little part of as can be: its
 * input is empty, its output goes to sidecar's stderr, and its last act is to exec
 * sidecar itself, which writes the environment that it was given, byte for byte, into
 * a pipe (src/launcher/entry.c). Nothing else of the shell is carried over: neither its
 * directory nor its limits, umask or functions.
 */
import { closeDescriptor, makePipe } from "#system/descriptors.ts";
import { SystemError } from "#system/libc.ts";
import { signalName } from "#system/signals.ts";
import { decode, printable } from "../system/text.ts";
import { formatDuration } from "./duration.ts";
import { Environment, nameOf } from "./environment.ts";
import { Failure } from "./failure.ts";
import { explainStart, findProgram } from "./program.ts";
import { Collector, Relay } from "./relay.ts";
import { Cancelled, type Ended, type Supervisor } from "./supervision.ts";

/** In milliseconds. */
export type ActivationLimits = { readonly timeout: number; readonly grace: number };

export type ShellActivation = {
  readonly runenv: string;
  /** The words that start the shell. */
  readonly shell: readonly string[];
  /** What it does, in its own language. */
  readonly script: string;
  /** What it calls itself in its messages. */
  readonly name: string;
};

/** How many bytes of an activation's last output go into a message. */
const tailSize = 4096;

/**
 * The environment that the shell's script makes of `environment`.
 * @throws Failure `activation-…`; Cancelled
 */
export function activateByShell(
  { runenv, shell, script, name }: ShellActivation,
  environment: Environment,
  supervisor: Supervisor,
  limits: ActivationLimits,
): Environment {
  const input = makePipe();
  const output = makePipe();
  const answer = makePipe();
  closeDescriptor(input.writeEnd);
  const answerNumber = supervisor.highDescriptor;
  const relay = new Relay(
    output.readEnd,
    [{ descriptor: 2, name: "stderr" }],
    tailSize,
  );
  const collector = new Collector(answer.readEnd);
  const last = `--internal-environment ${answerNumber} "$?"`;
  let ended: Ended;
  try {
    ended = supervisor.run(
      {
        path: findShell(shell[0]!, environment),
        words: [
          ...shell,
          "-c",
          `${script}\nexec ${quoted(process.execPath)} ${last}`,
          name,
        ],
        environment: environment.entries,
        descriptors: {
          0: input.readEnd,
          1: output.writeEnd,
          2: output.writeEnd,
          [answerNumber]: answer.writeEnd,
        },
      },
      {
        ...limits,
        mayLeaveOthers: true,
        channels: [relay, collector],
        started: () => {
          for (const end of [input.readEnd, output.writeEnd, answer.writeEnd])
            closeDescriptor(end);
        },
      },
    );
  } catch (error) {
    if (error instanceof SystemError)
      throw shellMissing(shell[0]!, explainStart(shell[0]!, error).message);
    throw error;
  }
  collector.close();
  requireSuccess(runenv, ended, relay.tail, limits);
  return carriedOver(environment, answerOf(runenv, collector.content));
}

function findShell(shell: string, environment: Environment): string {
  try {
    return findProgram(shell, environment.get("PATH"));
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
    .split("\n")
    .filter((line) => line.trim() !== "");
  const said = lines.slice(-3).map((line) => printable(line).slice(0, 300));
  const output = said.length > 0 ? `; it said: ${said.join(" / ")}` : "";
  const hint = "its whole output is on sidecar's standard error; try it in a shell";
  if (life.reason?.kind === "timeout")
    throw new Failure(
      "activation-timeout",
      `the activation of ${runenv} lasted longer than ${formatDuration(timeout)}${output}`,
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

/** Where the shell says it was: `FILE: 3: …` (dash), `FILE: line 3: …` (bash). */
function complaint(lines: readonly string[]): string {
  for (const line of lines.toReversed()) {
    const match =
      /^(.+?): (?:line )?(\d+): /.exec(line) ?? /^(.+?)\[(\d+)\]: /.exec(line);
    if (match)
      return `; the shell complains about line ${match[2]} of ${printable(match[1]!)}`;
  }
  return "";
}

/** The entries that were written to the pipe; each ends with NUL, all with another. */
function answerOf(runenv: string, content: Uint8Array): string[] {
  const text = decode(content);
  if (!text.endsWith("\0"))
    throw new Failure(
      "activation-incomplete",
      `the activation of ${runenv} ended its shell before its own end`,
      "a file that is sourced must not call exit or exec; leave it with return",
    );
  return text.split("\0").slice(0, -2);
}

/** Variables that a shell sets for itself. */
const shellsOwn = ["SHLVL", "PWD", "OLDPWD", "_"];

/** The image's environment with what an activation made of it. */
function carriedOver(before: Environment, answer: readonly string[]): Environment {
  const entries: string[] = [];
  const unusual = new Set<string>();
  for (const entry of answer) {
    const name = nameOf(entry);
    if (name === undefined || isShellsOwn(name)) continue;
    entries.push(entry);
    if (!isShellName(name)) unusual.add(name);
  }
  for (const entry of before.entries) {
    const name = nameOf(entry);
    // Most shells drop what they could not have set; the image meant it.
    const isDropped = name === undefined || !(isShellName(name) || unusual.has(name));
    if (isDropped || isShellsOwn(name)) entries.push(entry);
  }
  return new Environment(entries);
}

/** What a shell sets for itself, and functions that it exports. */
function isShellsOwn(name: string): boolean {
  return shellsOwn.includes(name) || name.startsWith("BASH_FUNC_");
}

function isShellName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** `text` as one word of a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
