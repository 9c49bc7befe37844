/**
 * A runenv's activation: its file, its shell, and a dry run, which is a real one, but
 * for no block. Its HOME and directory are removed after it, and what it left running
 * is ended.
 */
import { planActivation } from "#companion/activation-plan.ts";
import { canFreeze } from "#companion/frozen-file.ts";
import { findProgram } from "#companion/program.ts";
import { everybodyProblem, who } from "#preflight/everybody.ts";
import { startProblem } from "#preflight/startable.ts";
import { type Actor, asBlock, blockVariables } from "#preflight/user.ts";
import {
  changeDirectory,
  leaveDirectory,
  makeTemporaryDirectory,
  mayAccess,
} from "#system/files.ts";
import { isAbsolute, joinPath, temporaryParent } from "#system/paths.ts";
import { activate } from "../companion/activation.ts";
import type { ActivationPlan } from "../companion/activation-file.ts";
import type { ActivationLimits } from "../companion/activation-shell.ts";
import { frozenPath } from "../companion/frozen.ts";
import type { Runenv } from "../companion/runenv.ts";
import type { Supervisor } from "../companion/supervision.ts";
import { removeTemporary } from "../companion/temporary.ts";
import type { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { needsShell } from "../contract/frozen-changes.ts";
import { printable } from "../system/text.ts";
import { type Finding, failed, ok, skipped, warning } from "./finding.ts";

export type Attempt = {
  /** Absent where the activation failed. */
  readonly environment?: Environment;
  readonly failure?: Failure;
  readonly milliseconds: number;
  /** The file of EXECUTE's program, as this user finds it; or why not. */
  readonly program?: string | Failure;
};

export type Tools = {
  readonly image: Environment;
  readonly supervisor: Supervisor;
  readonly limits: ActivationLimits;
};

export type CheckedPlan = {
  readonly findings: readonly Finding[];
  /** Whether a shell would be started for it. */
  readonly isShells: boolean;
};

/** What it is, whether its file can be read and its shell be started by everybody. */
export function checkPlan(runenv: Runenv, image: Environment): CheckedPlan {
  const value = runenv.activate;
  const only = (finding: Finding) => ({ findings: [finding], isShells: false });
  const path = value.trim();
  const looksRelative = /^[\w.-]+\/[\w./-]*$|^[\w./-]+\.env$/.test(path);
  if (looksRelative && !isAbsolute(path))
    return only(
      warning("activate-file", {
        message: `${printable(path)} is looked for in each block's own directory`,
        hint: "give ACTIVATE the whole path of a file of the image",
      }),
    );
  try {
    const plan = planActivation(value);
    const frozen = frozenFile(runenv, image);
    if (frozen !== undefined)
      return { findings: frozenFindings(frozen), isShells: false };
    return {
      findings: [fileFinding(plan), shellFinding(plan, image)],
      isShells: plan.kind === "script" || plan.kind === "command",
    };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === "activation-shell-unknown")
      return only(failed("activate-shell", error));
    return only(failed("activate-file", everybodyProblem(path, "read") ?? error));
  }
}

/** Where the activation is frozen, if it is: no shell is started then. */
function frozenFile({ name, activate }: Runenv, image: Environment) {
  const path = canFreeze && needsShell(activate) ? frozenPath(name, image) : undefined;
  return path !== undefined && mayAccess(path, "exist") ? path : undefined;
}

/** Whether it can be used, and is as it was, the dry run shows. */
function frozenFindings(path: string): Finding[] {
  const name = printable(path);
  const closed = everybodyProblem(path, "read");
  return [
    closed
      ? failed("activate-file", closed)
      : ok("activate-file", `frozen in ${name}, ${who} may read it`),
    ok("activate-shell", "none is needed: the activation is frozen"),
  ];
}

function fileFinding(plan: ActivationPlan): Finding {
  if (plan.kind === "nothing") return ok("activate-file", "ACTIVATE is empty");
  if (plan.kind === "command") return ok("activate-file", "ACTIVATE is a command line");
  const path = plan.kind === "variables" ? plan.path : plan.text;
  const closed = everybodyProblem(path, "read");
  if (closed) return failed("activate-file", closed);
  return ok("activate-file", `${printable(path)}, ${who} may read it`);
}

function shellFinding(plan: ActivationPlan, image: Environment): Finding {
  if (plan.kind !== "script" && plan.kind !== "command")
    return ok("activate-shell", "none is needed");
  const lookup = (name: string) => image.get(name);
  const [shell] = plan.shell as [string];
  const install =
    "install it, or set the variables in a .env file, which needs no shell";
  try {
    const file = findProgram(shell, lookup);
    const problem = startProblem(file, lookup);
    if (!problem) return ok("activate-shell", printable(file));
    const hint = mayAccess(file, "exist") ? problem.hint : install;
    return failed("activate-shell", { message: problem.message, hint });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return failed("activate-shell", { message: error.message, hint: install });
  }
}

/** Runs it as a block of the platform would, if this process may be one. */
export function attempt(
  runenv: Runenv,
  tools: Tools,
  find: (environment: Environment) => string | Failure | undefined,
): Actor<Attempt> {
  return asBlock(() => attemptHere(runenv, tools, find));
}

function attemptHere(
  runenv: Runenv,
  { image, supervisor, limits }: Tools,
  find: (environment: Environment) => string | Failure | undefined,
): Attempt {
  const directory = makePlace(image);
  try {
    if (directory === undefined) leaveDirectory();
    else changeDirectory(directory);
    const own = directory === undefined ? {} : { TMPDIR: directory };
    const identified = image.with({ ...own, ...blockVariables(image, directory) });
    const begin = performance.now();
    const took = () => performance.now() - begin;
    try {
      const environment = activate(runenv, identified, supervisor, limits);
      const milliseconds = took();
      const program = find(environment);
      return {
        environment,
        milliseconds,
        ...(program === undefined ? {} : { program }),
      };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { failure: error, milliseconds: took() };
    }
  } finally {
    supervisor.endOthers(limits.grace);
    leaveDirectory();
    if (directory !== undefined) removeTemporary(directory);
  }
}

function makePlace(image: Environment): string | undefined {
  const parent = temporaryParent((name) => image.get(name));
  try {
    return makeTemporaryDirectory(
      joinPath(parent.replace(/\/+$/, ""), "sidecar-check-"),
    );
  } catch {
    // That /tmp cannot be written to is another check's finding.
    return undefined;
  }
}

/** @param isShells whether a shell ran, of which root's success proves nothing */
export function attemptFinding(
  { result, user, onlyRoot }: Actor<Attempt>,
  isShells: boolean,
): Finding {
  const { failure, milliseconds } = result;
  if (failure) return failed("activation", failure);
  const message = `${milliseconds.toFixed(0)} ms, tried as ${user}`;
  if (onlyRoot === undefined || !isShells) return ok("activation", message);
  return warning("activation", {
    message: `${message} only: it may not become another user (${onlyRoot})`,
    hint:
      "run this check once as a user of the platform: " +
      "docker run --user=20042:20042",
  });
}

export const notTried = (why: string) => skipped("activation", why);
