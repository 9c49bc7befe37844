/** Activation: from the value of `…__ACTIVATE` to the environment of the block. */
import { planActivation } from "#companion/activation-plan.ts";
import { SystemError } from "#system/errors.ts";
import { readFile } from "#system/files.ts";
import { variableKey } from "#system/variables.ts";
import { readEnvFile } from "../contract/envfile.ts";
import type { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { decode, printable } from "../system/text.ts";
import { forDeveloper } from "./activation-file.ts";
import { type ActivationLimits, activateByShell } from "./activation-shell.ts";
import { activateFrozen } from "./frozen.ts";
import type { Runenv } from "./runenv.ts";
import type { Supervisor } from "./supervision.ts";

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
  const frozen = activateFrozen(runenv, environment);
  if (frozen) return frozen;
  const plan = planActivation(runenv.activate);
  switch (plan.kind) {
    case "nothing":
      return environment;
    case "variables":
      return environment.with(variablesOf(plan.path, environment));
    default:
      return activateByShell(runenv.name, plan, environment, supervisor, limits)
        .environment;
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
  // Editors on Windows mark UTF-8 so; the mark is no part of the first name.
  const text = decode(content).replace(/^\ufeff/, "");
  const lookup = (name: string) => environment.get(name);
  const variables = readEnvFile(path, text, lookup, variableKey);
  return Object.fromEntries(variables);
}
