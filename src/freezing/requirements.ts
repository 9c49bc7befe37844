/** What must hold of a frozen activation before it is written down. */

import { applyFrozen } from "../companion/frozen.ts";
import type { Runenv } from "../companion/runenv.ts";
import { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { expandValue } from "../contract/frozen-format.ts";
import { isSecret } from "../contract/secrets.ts";
import { printable } from "../system/text.ts";
import type { Fact } from "./format.ts";
import type { Inputs } from "./inputs.ts";
import { isPrompt } from "./outcomes.ts";
import type { Example } from "./rules.ts";
import { impossible, valuesOf } from "./trials.ts";

/** The name of the machine that builds an image means nothing where it runs. */
export function requireNoHost(
  runenv: Runenv,
  rules: readonly Fact[],
  host: string,
): void {
  if (host === "" || host.startsWith("localhost")) return;
  const word = new RegExp(`(?<![\\w.-])${RegExp.escape(host)}(?![\\w-])`);
  const names = rules.filter((rule) => word.test(rule.value ?? ""));
  if (names.length === 0) return;
  throw new Failure(
    "freeze-differs",
    `the activation of ${runenv.name} cannot be frozen: ` +
      `it puts the name of this host, ${host}, into ` +
      listed(names.map(({ name }) => name)),
    "let it be run by the shell, or leave the name of the host out",
  );
}

/** What everybody can read in the image already may be written down, nothing else. */
export function requireNoSecret(
  runenv: Runenv,
  rules: readonly Fact[],
  { texts }: Inputs,
): void {
  const isKnown = ({ value = "" }: Fact) =>
    value.split(/(?<!\\)\$\{[^}]*\}/).every((literal) => {
      const expanded = expandValue(literal, () => undefined);
      return "text" in expanded && texts.some((text) => text.includes(expanded.text));
    });
  const secret = rules.filter((rule) => isSecret(rule.name) && !isKnown(rule));
  if (secret.length === 0) return;
  throw impossible(
    runenv,
    `${listed(secret.map(({ name }) => name))} may be a secret, which must not ` +
      "get into the image",
    "let a block be activated by the shell where it needs that variable",
  );
}

/** What is about to be written does what the shell did, or it is a mistake of ours. */
export function requireSame(
  path: string,
  content: Uint8Array,
  runenv: Runenv,
  { given, after }: Example,
): void {
  const entries = [...given].map(([name, value]) => `${name}=${value}`);
  const frozen = applyFrozen(path, content, runenv, new Environment(entries));
  const values = valuesOf(frozen);
  const isSame = ([name, value]: readonly [string, string]) =>
    values.get(name) === value || isPrompt(name);
  if (values.size !== after.size || ![...after].every(isSame))
    throw new Error(`the activation of ${runenv.name}, frozen, does something else`);
}

export function listed(names: readonly string[]): string {
  return [...new Set(names)].map(printable).sort().join(", ");
}
