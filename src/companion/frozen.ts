/**
 * Frozen activations: what an activation did when the image was built, done again
 * without a shell. `sidecar freeze` (src/freezing/) makes them;
 * docs/image-developers.md tells what for.
 */
import { frozenDirectory, readFrozenFile } from "#companion/frozen-file.ts";
import { SystemError } from "#system/errors.ts";
import { readFile } from "#system/files.ts";
import type { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { frozenChanges, needsShell } from "../contract/frozen-changes.ts";
import { fingerprint, parseFrozen } from "../contract/frozen-format.ts";
import { runenvVariable } from "../contract/runenv-variables.ts";
import { printable } from "../system/text.ts";
import type { Runenv } from "./runenv.ts";

/** The variable that names the file of a frozen activation; empty, there is none. */
export function frozenVariable(runenv: string): string {
  return runenvVariable(runenv, "FROZEN");
}

/** Where it is, or would be; nothing where it is not to be used. */
export function frozenPath(
  runenv: string,
  environment: Environment,
): string | undefined {
  const path = environment.get(frozenVariable(runenv));
  return path === undefined ? `${frozenDirectory}/${runenv}` : path || undefined;
}

/**
 * The environment after a frozen activation; nothing where it is not frozen.
 * @throws Failure `activation-frozen-…`
 */
export function activateFrozen(
  runenv: Runenv,
  environment: Environment,
): Environment | undefined {
  const { name, activate } = runenv;
  if (!needsShell(activate)) return undefined;
  const path = frozenPath(name, environment);
  const content = path === undefined ? undefined : readFrozenFile(path);
  if (path === undefined || content === undefined) {
    requireUnnamed(name, environment, path);
    return undefined;
  }
  return applyFrozen(path, content, runenv, environment);
}

/** @throws Failure `activation-frozen-damaged`, `activation-frozen-changed` */
export function applyFrozen(
  path: string,
  content: Uint8Array,
  { name, activate }: Runenv,
  environment: Environment,
): Environment {
  const frozen = parseFrozen(content);
  if (typeof frozen === "string") throw damaged(path, frozen);
  const changed = (what: string) => changedSince(name, what);
  if (frozen.runenv !== name) throw changed(`the runenv was ${frozen.runenv}`);
  if (frozen.activate !== activate)
    throw changed(`DA__P7__RUNENV__${name}__ACTIVATE is another`);
  const lookup = (variable: string) => environment.get(variable);
  const changes = frozenChanges(frozen, lookup, fileProblem);
  if (typeof changes === "string") throw changed(changes);
  return environment.with(changes);
}

function fileProblem(path: string, digest: string): string | undefined {
  const content = readFile(path, 1 << 26);
  if (content instanceof SystemError)
    return `${printable(path)} cannot be read: ${content.message}`;
  return fingerprint(content) === digest ? undefined : `${printable(path)} has changed`;
}

function requireUnnamed(
  name: string,
  environment: Environment,
  path: string | undefined,
): void {
  if (path === undefined || environment.get(frozenVariable(name)) === undefined) return;
  throw new Failure(
    "activation-frozen-unreadable",
    `the frozen activation ${printable(path)} does not exist`,
    `run sidecar freeze, or leave ${frozenVariable(name)} out`,
  );
}

function changedSince(name: string, what: string): Failure {
  return new Failure(
    "activation-frozen-changed",
    `the activation of ${name} was frozen when things were otherwise: ${what}`,
    `run sidecar freeze again, or let ${frozenVariable(name)} be empty to do without`,
  );
}

function damaged(path: string, what: string): Failure {
  return new Failure(
    "activation-frozen-damaged",
    `the frozen activation ${printable(path)} is damaged: ${what}`,
    "run sidecar freeze again",
  );
}
