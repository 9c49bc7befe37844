/**
 * `sidecar freeze`: does activations for trial, writes down what they do, and puts that
 * where a block's way finds it (src/companion/frozen.ts).
 */
import { planActivation } from "#companion/activation-plan.ts";
import { deferInterruption } from "#system/interruption.ts";
import type { Started } from "#system/start.ts";
import { activateFrozen, frozenPath, frozenVariable } from "../companion/frozen.ts";
import type { Runenv } from "../companion/runenv.ts";
import { Cancelled, Supervisor } from "../companion/supervision.ts";
import { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { needsShell } from "../contract/frozen-changes.ts";
import { SystemError } from "../system/posix/errors.ts";
import { mayAccess, readFile, status } from "../system/posix/files.ts";
import { hostName } from "../system/posix/impersonation.ts";
import { isAbsolute } from "../system/posix/paths.ts";
import { adoptOrphans } from "../system/posix/process.ts";
import { blockSignals } from "../system/posix/signals.ts";
import { printable } from "../system/text.ts";
import { type Fact, formatFrozen } from "./format.ts";
import { findInputs, type Inputs, namesIn } from "./inputs.ts";
import { factsOf, type Values } from "./outcomes.ts";
import { type Planned, placeAll } from "./place.ts";
import { listed, requireNoHost, requireNoSecret, requireSame } from "./requirements.ts";
import { Differing, type Found, findRules } from "./rules.ts";
import { impossible, Trials, valuesOf } from "./trials.ts";
import { statesTogether, verified, wordsTogether } from "./verification.ts";

export type FrozenActivation = Planned & {
  readonly runenv: string;
  /** The names of the variables that it sets or unsets. */
  readonly names: readonly string[];
  /** The paths of the files that must not change. */
  readonly files: readonly string[];
  /** Milliseconds of the activation by the shell. */
  readonly milliseconds: number;
};

const ofUser = ["HOME", "USER", "LOGNAME"];
/** Beside those, what shells set for themselves. */
const notTried = [...ofUser, "PWD", "OLDPWD", "SHLVL", "_"];
/** What programs obey that a shell calls, whether it names them or not. */
const alwaysTried = ["LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR"];

/**
 * Freezes all or none.
 * @param named files that must not change, beside those that are found
 * @returns what was written; or the signal that told sidecar to end
 * @throws Failure `activation-…`, `freeze-…`
 */
export function freezeAll(
  runenvs: readonly Runenv[],
  named: readonly string[],
  started: Started,
): FrozenActivation[] | number {
  const environment = new Environment(started.environment);
  blockSignals();
  const supervisor = new Supervisor(started);
  adoptOrphans();
  const host = hostName();
  try {
    const frozen = runenvs
      .filter(({ activate }) => needsShell(activate))
      .map((runenv) => freezeOne(runenv, environment, named, supervisor, host));
    const { arrived } = deferInterruption(started.ignoredSignals);
    placeAll(frozen, () => {
      const signal = arrived();
      if (signal !== undefined) throw new Cancelled(signal);
    });
    return frozen;
  } catch (error) {
    if (error instanceof Cancelled) return error.signal;
    throw error;
  }
}

function freezeOne(
  runenv: Runenv,
  environment: Environment,
  named: readonly string[],
  supervisor: Supervisor,
  host: string,
): FrozenActivation {
  const { name, activate } = runenv;
  const path = frozenPath(name, environment);
  if (path === undefined || !isAbsolute(path))
    throw impossible(
      runenv,
      `${frozenVariable(name)} is ${path === undefined ? "empty" : "no absolute path"}`,
      "let it name a file by an absolute path, or leave it out",
    );
  const trials = new Trials(runenv, supervisor, host);
  try {
    trials.asUser(() => requireExecutable(runenv));
    const inputs = trials.asUser(() => inputsOf(runenv, named));
    const { rules: found, examples } = rulesOf(runenv, environment, trials, inputs);
    const rules = factsOf(found);
    requireNoHost(runenv, rules, host);
    requireNoSecret(runenv, rules, inputs);
    const content = formatFrozen(name, activate, [...inputs.facts, ...rules]);
    for (const example of examples) requireSame(path, content, runenv, example);
    return {
      runenv: name,
      path,
      content,
      names: namesOf(rules),
      files: inputs.facts.map((fact) => fact.name),
      milliseconds: trials.fastest,
    };
  } finally {
    trials.close();
  }
}

/** @throws Failure `activation-frozen-…`, `freeze-missing` */
export function checkFrozen(runenv: Runenv, environment: Environment): void {
  // A block has them, whoever builds the image.
  const missing = ofUser.filter((name) => environment.get(name) === undefined);
  const values = Object.fromEntries(missing.map((name) => [name, "/tmp/home"]));
  if (activateFrozen(runenv, environment.with(values))) return;
  const path = frozenPath(runenv.name, environment);
  throw new Failure(
    "freeze-missing",
    `the activation of ${runenv.name} is not frozen` +
      (path === undefined ? "" : `: there is no ${printable(path)}`),
    "run sidecar freeze when the image is built",
  );
}

/** The last act of an activation is to start sidecar. */
function requireExecutable(runenv: Runenv): void {
  if (mayAccess(process.execPath, "execute")) return;
  throw impossible(
    runenv,
    `${printable(process.execPath)} may not be executed by every user`,
    "let sidecar have mode 0755, in a directory that every user may enter",
  );
}

function inputsOf(runenv: Runenv, named: readonly string[]): Inputs {
  const plan = planActivation(runenv.activate);
  const file = plan.kind === "script" ? plan.text : undefined;
  if (file !== undefined && !isAbsolute(file))
    throw impossible(
      runenv,
      `it names ${printable(file)}, another file in another directory`,
      "name the file by an absolute path",
    );
  for (const path of named) {
    const problem = inputProblem(path);
    if (problem !== undefined)
      throw new Failure(
        "option-value-invalid",
        `--input ${printable(path)}: ${problem}`,
        "name a file that every user may read, by an absolute path",
      );
  }
  return findInputs(runenv.activate, file, named);
}

/** Why a path that was named cannot be watched: it must not be left out in silence. */
function inputProblem(path: string): string | undefined {
  if (!isAbsolute(path)) return "the path is not absolute";
  const found = status(path);
  if (found instanceof SystemError) return found.message;
  if (found.kind !== "file") return `it is a ${found.kind}, not a file`;
  const content = readFile(path, 1);
  return content instanceof SystemError ? content.message : undefined;
}

function rulesOf(
  runenv: Runenv,
  environment: Environment,
  trials: Trials,
  inputs: Inputs,
): Found {
  const own = [`DA__P7__RUNENV__${runenv.name}__ACTIVATE`, frozenVariable(runenv.name)];
  const image = valuesOf(environment);
  for (const name of notTried) image.delete(name);
  const mentioned = namesIn(inputs.texts);
  const names = [...image.keys(), ...mentioned, ...alwaysTried];
  const candidates = [...new Set(names)].filter((name) => isTried(name, own));
  const attempt = (given: Values) => trials.attempt(given);
  try {
    const found = findRules({
      image,
      users: trials.users,
      candidates,
      activate: (user, given) => trials.activate(user, given),
      attempt,
    });
    const looked = candidates.filter(
      (name) => mentioned.has(name) || found.rules.has(name),
    );
    const { given } = found.examples[0]!;
    const together = [
      ...statesTogether(looked, given),
      ...wordsTogether(
        looked.filter((name) => name !== "PATH"),
        inputs.texts,
      ),
    ];
    return { ...found, rules: verified(found.rules, { given, attempt }, together) };
  } catch (error) {
    if (!(error instanceof Differing)) throw error;
    throw new Failure(
      "freeze-differs",
      `the activation of ${runenv.name} cannot be frozen: for another user, host, ` +
        `directory or time it gives other values to ${listed(error.names)}`,
      "let it set these by constants, ${HOME} or ${USER}; " +
        "or let it be run by the shell",
    );
  }
}

function isTried(name: string, own: readonly string[]): boolean {
  const isShellName = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
  return isShellName && !notTried.includes(name) && !own.includes(name);
}

function namesOf(rules: readonly Fact[]): string[] {
  const changing = rules.filter(({ word }) => word === "set" || word === "unset");
  return [...new Set(changing.map(({ name }) => name))];
}
