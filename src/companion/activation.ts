/**
 * Activation: from the value of `…__ACTIVATE` to the environment of the block.
 *
 * What a shell does in it can be anything, so it is taken as little part of as can be:
 * its input is empty, its output goes to sidecar's stderr, and its last act is to exec
 * sidecar itself, which writes the environment that it was given, byte for byte, into
 * a pipe (src/launcher/entry.c). Nothing else of the shell is carried over: neither its
 * directory nor its limits, umask or functions.
 */
import {
  closeDescriptor,
  makePipe,
  mayAccess,
  readFile,
  status,
} from "../system/posix/files.ts";
import { errorNumber, SystemError } from "../system/posix/libc.ts";
import { signalName } from "../system/posix/signals.ts";
import { decode, printable } from "../system/text.ts";
import { formatDuration } from "./duration.ts";
import { readEnvFile } from "./envfile.ts";
import { Environment, nameOf } from "./environment.ts";
import { Failure } from "./failure.ts";
import { explainStart, findProgram, interpreterOf } from "./program.ts";
import { Collector, Relay } from "./relay.ts";
import type { Runenv } from "./runenv.ts";
import { Cancelled, type Ended, type Supervisor } from "./supervision.ts";

export type ActivationPlan =
  | { readonly kind: "nothing" }
  | { readonly kind: "variables"; readonly path: string }
  | {
      readonly kind: "script";
      readonly path: string;
      readonly shell: readonly string[];
    }
  | { readonly kind: "command"; readonly text: string };

const defaultShell = "/bin/sh";
const shells = /^(sh|bash|dash|ash|ksh|ksh93|mksh|yash|zsh|busybox)$/;
const forDeveloper = "this is for the image's developer to mend";

/**
 * What a value of `…__ACTIVATE` means. With a slash in it, or `.env` at its end, it can
 * be a file (relative to the block's directory); a bare word is a command.
 * @throws Failure `activation-file-missing`, `-unreadable`, `activation-shell-unknown`
 */
export function planActivation(value: string): ActivationPlan {
  const path = value.trim();
  if (path === "") return { kind: "nothing" };
  const isVariables = path.endsWith(".env");
  if (!isVariables && !path.includes("/")) return { kind: "command", text: value };
  const found = status(path);
  if (found instanceof SystemError) {
    const isPlainPath = /^[^\s'"`$&|;<>(){}*?[\]#~=%\\]+$/.test(path);
    if (!isVariables && !(isPlainPath && path.startsWith("/")))
      return { kind: "command", text: value };
    if (isVariables && !isPlainPath) return { kind: "command", text: value };
    const unreadable = found.errno === errorNumber.EACCES;
    throw new Failure(
      unreadable ? "activation-file-unreadable" : "activation-file-missing",
      `the activation's file ${printable(path)}: ${found.message}`,
      forDeveloper,
    );
  }
  if (found.kind === "directory")
    throw new Failure(
      "activation-file-unreadable",
      `the activation's file ${printable(path)} is a directory`,
      forDeveloper,
    );
  if (!mayAccess(path, "read"))
    throw new Failure(
      "activation-file-unreadable",
      `the activation's file ${printable(path)} may not be read by this user`,
      `${forDeveloper}: chmod a+r the file, and a+x the directories above it`,
    );
  if (isVariables) return { kind: "variables", path };
  return { kind: "script", path, shell: shellFor(path) };
}

/** The shell that the file's `#!` names, as the words that start it. */
function shellFor(path: string): string[] {
  const head = readFile(path, 4096);
  const named = head instanceof SystemError ? undefined : interpreterOf(head);
  if (head instanceof SystemError || named?.kind !== "the interpreter")
    return [defaultShell];
  const line = decode(
    head.subarray(2, head.indexOf(10) < 0 ? undefined : head.indexOf(10)),
  );
  const words = line.trim().split(/\s+/);
  const shell = baseName(words[0]!) === "env" ? words.slice(1) : words;
  while (baseName(words[0]!) === "env" && shell[0]?.startsWith("-")) shell.shift();
  const name = baseName(shell[0] ?? "");
  if (!shells.test(name))
    throw new Failure(
      "activation-shell-unknown",
      `the activation's file ${printable(path)} is for ${printable(name || line)}, ` +
        "which is no POSIX shell",
      "begin it with #!/bin/sh or #!/bin/bash, or set variables in a .env file",
    );
  return name === "busybox" ? [shell[0]!, "sh"] : [shell[0]!];
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export type ActivationLimits = { readonly timeout: number; readonly grace: number };

/**
 * The environment after activation.
 * @throws Failure `activation-…`; Cancelled
 */
export function activate(
  runenv: Runenv,
  environment: Environment,
  supervisor: Supervisor,
  limits: ActivationLimits,
): Environment {
  const plan = planActivation(runenv.activate);
  switch (plan.kind) {
    case "nothing":
      return environment;
    case "variables":
      return environment.with(variablesOf(plan.path, environment));
    case "script":
      // A path without a slash would be searched in PATH.
      return runShell(
        runenv.name,
        plan.shell,
        [
          `. ${quoted(plan.path.includes("/") ? plan.path : `./${plan.path}`)}`,
          plan.path,
        ],
        environment,
        supervisor,
        limits,
      );
    case "command":
      return runShell(
        runenv.name,
        [defaultShell],
        [`eval ${quoted(plan.text)}`, defaultShell],
        environment,
        supervisor,
        limits,
      );
  }
}

/** The variables that a `.env` file sets. @throws Failure */
export function variablesOf(
  path: string,
  environment: Environment,
): Record<string, string> {
  const content = readFile(path);
  if (content instanceof SystemError)
    throw new Failure(
      "activation-file-unreadable",
      `the activation's file ${printable(path)}: ${content.message}`,
      forDeveloper,
    );
  const variables = readEnvFile(path, decode(content), (name) => environment.get(name));
  return Object.fromEntries(variables);
}

/** How many bytes of an activation's last output go into a message. */
const tailSize = 4096;

function runShell(
  runenv: string,
  shell: readonly string[],
  [script, scriptName]: readonly [string, string],
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
          scriptName,
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
        `${failingLine(lines)}${output}`,
      hint,
    );
}

/** Where the shell says it was: `FILE: 3: …` (dash), `FILE: line 3: …` (bash). */
export function failingLine(lines: readonly string[]): string {
  for (const line of lines.toReversed()) {
    const match =
      /^(.+?): (?:line )?(\d+): /.exec(line) ?? /^(.+?)\[(\d+)\]: /.exec(line);
    if (match) return ` at line ${match[2]} of ${printable(match[1]!)}`;
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
export function carriedOver(
  before: Environment,
  answer: readonly string[],
): Environment {
  const after = new Environment(answer);
  const own: Record<string, string | undefined> = {};
  for (const name of shellsOwn) own[name] = before.get(name);
  for (const name of after.names("BASH_FUNC_")) own[name] = before.get(name);
  // Shells drop names that they could not have set; the image meant them.
  const unknown = before.entries.filter((entry) => {
    const name = nameOf(entry);
    if (name !== undefined && after.get(name) !== undefined) return false;
    return name === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
  });
  return new Environment([...after.with(own).entries, ...unknown]);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
