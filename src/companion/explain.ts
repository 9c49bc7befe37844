/** `--explain`: what would be run, found out without running or making anything. */
import { planActivation } from "#companion/activation-plan.ts";
import { describeUser, identityVariables } from "#companion/identity.ts";
import { fileProblem, findProgram } from "#companion/program.ts";
import { currentDirectory } from "#system/files.ts";
import { pathFrom } from "#system/paths.ts";
import { type Environment, shownValue } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { isSecret } from "../contract/secrets.ts";
import { printable } from "../system/text.ts";
import { variablesOf } from "./activation.ts";
import type { ActivationPlan } from "./activation-file.ts";
import { writeAnswer } from "./answer.ts";
import { formatDuration } from "./duration.ts";
import { activateFrozen, frozenPath } from "./frozen.ts";
import type { Request } from "./request.ts";
import type { Runenv } from "./runenv.ts";
import { formatSize } from "./size.ts";
import { expandWords, namesSecret } from "./words.ts";

/** Writes the plan to standard output. @throws Failure as the run itself would */
export function explain(
  request: Request,
  image: Environment,
  runenv: Runenv | undefined,
): void {
  const identity = image.with(identityVariables(image));
  const frozen = runenv && activateFrozen(runenv, identity);
  const plan: ActivationPlan = frozen
    ? { kind: "nothing" }
    : planActivation(runenv?.activate ?? "");
  const environment =
    plan.kind === "variables"
      ? identity.with(variablesOf(plan.path, identity))
      : (frozen ?? identity);
  const opaque = plan.kind === "script" || plan.kind === "command";
  const activation = frozen
    ? `frozen in ${printable(frozenPath(runenv.name, image) ?? "")}`
    : runenv && describePlan(plan, runenv);
  const rows: Array<readonly [string, string]> = [
    ["runenv", runenv ? describeRunenv(runenv) : "none: nothing is activated"],
    ["activation", activation ?? "nothing to do"],
    ["words", describeWords(request.words, environment, opaque)],
    ["program", describeProgram(request.words, environment, opaque)],
    ["directory", describeDirectory(request)],
    ["user", describeUser(environment)],
    ["HOME", environment.get("HOME") ?? "not set"],
    ["stdout", describeStream(request, "stdout")],
    ["stderr", describeStream(request, "stderr")],
    [
      "timeout",
      request.timeout === undefined ? "none" : formatDuration(request.timeout),
    ],
    ["grace", formatDuration(request.grace)],
    ...(request.cgroup === undefined
      ? []
      : [["cgroup", `one below ${printable(request.cgroup)}`] as const]),
  ];
  const text = rows.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join("");
  writeAnswer(text);
}

function describeRunenv({ name, version }: Runenv): string {
  return version === undefined
    ? `${name} (of no declared version)`
    : `${name} ${version}`;
}

function describePlan(plan: ActivationPlan, { name }: Runenv): string {
  switch (plan.kind) {
    case "nothing":
      return "nothing to do";
    case "variables":
      return `variables from ${printable(plan.path)}`;
    case "script":
      return `${plan.shell.join(" ")} sources ${printable(plan.text)}`;
    case "command":
      return (
        `${plan.shell.join(" ")} runs ` +
        shownValue(`DA__P7__RUNENV__${name}__ACTIVATE`, plan.text)
      );
  }
}

const unknownYet = (name: string) => `<${name}: known after activation>`;

/** The words one by one, as JSON; values of secret variables are not shown. */
function describeWords(
  words: readonly string[],
  environment: Environment,
  opaque: boolean,
): string {
  const shown = expandWords(words, (name) => {
    const value = environment.get(name);
    if (value === undefined) return opaque ? JSON.stringify([unknownYet(name)]) : value;
    return isSecret(name) ? JSON.stringify([`<${name}: not shown>`]) : value;
  });
  return JSON.stringify(shown.map((word) => word.toWellFormed()));
}

/** Where PROGRAM is, by the PATH known so far. */
function describeProgram(
  words: readonly string[],
  environment: Environment,
  opaque: boolean,
): string {
  if (namesSecret(words[0]!)) return "not shown";
  const later = opaque ? " (searched again after activation)" : "";
  try {
    const [program] = expandWords(words.slice(0, 1), (name) => environment.get(name));
    const file = findProgram(program ?? "", (name) => environment.get(name));
    const problem = fileProblem(file);
    return (problem ? `none: ${problem.message}` : printable(file)) + later;
  } catch (error) {
    if (error instanceof Failure) return `none: ${error.message}${later}`;
    throw error;
  }
}

function describeDirectory({ cwd, temporary }: Request): string {
  if (temporary) return "a fresh one, removed at the end";
  const start = currentDirectory();
  if (cwd === undefined) return printable(start);
  return printable(pathFrom(start, cwd));
}

function describeStream(
  { append, tee, maxOutput, ...request }: Request,
  name: "stdout" | "stderr",
): string {
  const path = request[name];
  if (path === undefined) return `sidecar's own ${name}`;
  const shared = request.stdout === request.stderr ? ", one for both streams" : "";
  const limit = maxOutput > 0 ? `, at most ${formatSize(maxOutput)}` : "";
  const how = `${append ? "appended" : "emptied first"}${limit}${shared}`;
  return `${printable(path)} (${how})${tee ? ` and sidecar's own ${name}` : ""}`;
}
