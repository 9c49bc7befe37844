/**
 * Frozen activations: what an activation did when the image was built, done again
 * without a shell. `sidecar freeze` (src/freezing/) makes them;
 * docs/image-developers.md tells what for.
 */
import { frozenDirectory, readFrozenFile } from "#companion/frozen-file.ts";
import { SystemError } from "#system/errors.ts";
import { readFile } from "#system/files.ts";
import { runenvVariable } from "../contract/runenv-variables.ts";
import { encode, printable } from "../system/text.ts";
import type { Environment } from "./environment.ts";
import { Failure } from "./failure.ts";
import {
  expandValue,
  type Frozen,
  fingerprint,
  type Line,
  parseFrozen,
  type State,
} from "./frozen-format.ts";
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
 * Whether an activation is one by a shell: of all others there is nothing to freeze.
 */
export function needsShell(activate: string): boolean {
  const value = activate.trim();
  return value !== "" && !value.endsWith(".env");
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
  return environment.with(changesOf(frozen, environment, changed));
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

type Changed = (what: string) => Failure;

function changesOf(
  { lines }: Frozen,
  environment: Environment,
  changed: Changed,
): Record<string, string | undefined> {
  // Without a prototype, so that a variable may have any name.
  const changes: Record<string, string | undefined> = Object.create(null);
  const lookup = (name: string) => environment.get(name);
  for (const line of lines) {
    if (line.word === "file") requireSameFile(line, changed);
    else applyRule(line, lookup, changes, changed);
  }
  return changes;
}

function requireSameFile({ name, detail }: Line, changed: Changed): void {
  const content = readFile(name, 1 << 26);
  if (content instanceof SystemError)
    throw changed(`${printable(name)} cannot be read: ${content.message}`);
  if (fingerprint(content) !== detail) throw changed(`${printable(name)} has changed`);
}

function applyRule(
  { word, name, detail, value }: Line,
  lookup: (name: string) => string | undefined,
  changes: Record<string, string | undefined>,
  changed: Changed,
): void {
  const before = lookup(name);
  const state = stateOf(before);
  if (word === "same") {
    if (state === "filled" && fingerprint(encode(before!)) !== detail)
      throw changed(`the variable ${printable(name)} has another value`);
    return;
  }
  if (detail !== "any" && !detail.split(",").includes(state)) return;
  if (word === "refuse") throw changed(`the variable ${printable(name)} is ${state}`);
  if (word === "unset") {
    changes[name] = undefined;
    return;
  }
  const expanded = expandValue(value, lookup);
  if ("missing" in expanded)
    throw changed(`the variable ${printable(expanded.missing)} is not set`);
  changes[name] = expanded.text;
}

export function stateOf(value: string | undefined): State {
  if (value === undefined) return "unset";
  return value === "" ? "empty" : "filled";
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
