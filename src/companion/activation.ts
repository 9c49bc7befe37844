/** Activation: from the value of `…__ACTIVATE` to the environment of the block. */
import { readFile } from "#system/files.ts";
import { SystemError } from "#system/libc.ts";
import { decode, printable } from "../system/text.ts";
import { defaultShell, forDeveloper, planActivation } from "./activation-plan.ts";
import { type ActivationLimits, activateByShell, quoted } from "./activation-shell.ts";
import { readEnvFile } from "./envfile.ts";
import type { Environment } from "./environment.ts";
import { Failure } from "./failure.ts";
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
  const plan = planActivation(runenv.activate);
  switch (plan.kind) {
    case "nothing":
      return environment;
    case "variables":
      return environment.with(variablesOf(plan.path, environment));
    case "script":
      return activateByShell(
        {
          runenv: runenv.name,
          shell: plan.shell,
          script: `. ${quoted(plan.path)}`,
          name: plan.path,
        },
        environment,
        supervisor,
        limits,
      );
    case "command":
      return activateByShell(
        {
          runenv: runenv.name,
          shell: [defaultShell],
          script: `eval ${quoted(plan.text)}`,
          name: `DA__P7__RUNENV__${runenv.name}__ACTIVATE`,
        },
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
