/** Which runenvs there are to check, and whether their variables say what is meant. */
import { variableKey } from "#system/variables.ts";
import { findRunenv, type Runenv, runenvNames } from "../companion/runenv.ts";
import type { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import type { RunenvRequest } from "../contract/runenv-request.ts";
import {
  runenvPrefix,
  runenvSuffixes,
  runenvVariable,
} from "../contract/runenv-variables.ts";
import { printable } from "../system/text.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** The one that is asked for, or all that are declared, in whatever version. */
export function requestsFor(
  asked: RunenvRequest | undefined,
  environment: Environment,
): RunenvRequest[] {
  if (asked) return [asked];
  return runenvNames(environment).map((name) => ({ name, version: 0 }));
}

/** Variables that look as if they declared a runenv, and do not. */
export function checkVariables(environment: Environment): Finding {
  const known = runenvNames(environment);
  const read = new Set(
    known.flatMap((name) =>
      runenvSuffixes.map((suffix) => variableKey(runenvVariable(name, suffix))),
    ),
  );
  const stray = environment
    .names(runenvPrefix)
    .filter((name) => !read.has(variableKey(name)));
  if (stray.length > 0)
    return warning("variables", {
      message: `sidecar does not read ${stray.map(printable).join(", ")}`,
      hint:
        `write ${runenvPrefix}<NAME>__ACTIVATE, __EXECUTE or __VERSION; ` +
        "NAME has upper case letters, digits and single _",
    });
  if (known.length === 0)
    return warning("variables", {
      message: "no runenv is declared: only blocks without --runenv would run",
      hint:
        `in the Dockerfile: ENV ${runenvPrefix}<NAME>__EXECUTE=… ` +
        "(docs/image-developers.md)",
    });
  return ok("variables", `declared: ${known.join(", ")}`);
}

/** The runenv, where a block would get it, and what is to be said of that. */
export function checkDeclaration(
  request: RunenvRequest,
  environment: Environment,
): { readonly finding: Finding; readonly runenv?: Runenv } {
  const { name } = request;
  try {
    const runenv = findRunenv(request, environment);
    if (runenv.version !== undefined) {
      const message = `version ${runenv.version}`;
      return { finding: { ...ok("runenv", message), runenv: name }, runenv };
    }
    const finding = warning("runenv", {
      message: "no version is declared: whichever is asked for is granted",
      hint: `in the Dockerfile: ENV ${runenvVariable(name, "VERSION")}=1`,
    });
    return { finding: { ...finding, runenv: name }, runenv };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { finding: { ...failed("runenv", mended(error, name)), runenv: name } };
  }
}

/** Who checks an image can mend it, and need not choose another one. */
function mended(failure: Failure, name: string): Failure {
  if (failure.code !== "runenv-version-invalid") return failure;
  const hint = `in the Dockerfile: ENV ${runenvVariable(name, "VERSION")}=1, a whole number`;
  return new Failure(failure.code, failure.message, hint);
}
