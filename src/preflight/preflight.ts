/**
 * Whether a block of any user of the platform would work here, whoever asks. Each check
 * turns facts into findings; nothing is left behind, and nothing is changed.
 */
import { checkSurroundings } from "#preflight/surroundings.ts";
import type { RunenvRequest } from "../contract/runenv-request.ts";
import {
  attempt,
  attemptFinding,
  checkPlan,
  notTried,
  type Tools,
} from "./activation.ts";
import { checkExecute, findExecute } from "./execute.ts";
import { type Finding, skipped } from "./finding.ts";
import { checkDeclaration, checkVariables, requestsFor } from "./runenvs.ts";
import { checkExposure, checkStorageVariables } from "./storage.ts";

/**
 * @param asked the runenv to check; all that are declared where nothing is given
 * @param version sidecar's own
 * @throws Cancelled
 */
export function preflight(
  asked: RunenvRequest | undefined,
  version: string,
  tools: Tools,
): Finding[] {
  const { image } = tools;
  const findings = [
    ...checkSurroundings(image, version),
    ...checkStorageVariables(image),
    ...checkExposure(image),
    checkVariables(image),
  ];
  const isStartable = findings.every(
    (f) => f.name !== "sidecar" || f.status !== "failed",
  );
  for (const request of requestsFor(asked, image))
    findings.push(...checkRunenv(request, isStartable, tools));
  return findings;
}

/**
 * @param isStartable whether everybody may start sidecar, which ends each activation
 */
function checkRunenv(
  request: RunenvRequest,
  isStartable: boolean,
  tools: Tools,
): Finding[] {
  const { finding, runenv } = checkDeclaration(request, tools.image);
  if (!runenv) return [finding];
  const { name } = runenv;
  const { findings, isShells } = checkPlan(runenv, tools.image);
  const named = (list: readonly Finding[]) => list.map((f) => ({ ...f, runenv: name }));
  const first = [finding, ...named(findings)];
  const obstacle = findings.find(({ status }) => status !== "ok")?.name;
  const cause = obstacle ?? (isStartable ? undefined : "sidecar");
  if (cause !== undefined) {
    const why = `not tried: see ${cause}`;
    return [...first, ...named([notTried(why), skipped("execute", why)])];
  }
  const actor = attempt(runenv, tools, (activated) => findExecute(name, activated));
  const { environment, program } = actor.result;
  const execute = environment
    ? checkExecute(name, program, environment)
    : skipped("execute", "not searched: see activation");
  return [...first, ...named([attemptFinding(actor, isShells), execute])];
}
