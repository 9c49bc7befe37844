/** Runtime environments: what was asked for, and what the image declares. */

import { type Environment, shownValue } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import type { RunenvRequest } from "../contract/runenv-request.ts";
import {
  declaredRunenvs,
  parseVersion,
  type RunenvSuffix,
  runenvPrefix,
  runenvVariable,
} from "../contract/runenv-variables.ts";

export type Runenv = {
  readonly name: string;
  /** The version that the image declares, where it does. */
  readonly version?: number;
  /** The value of `…__ACTIVATE`; "" where there is nothing to do. */
  readonly activate: string;
  readonly execute?: string;
};

/**
 * The runenv asked for, in an environment that declares it in a version that will do.
 * @throws Failure `runenv-unknown`, `runenv-too-old`, `runenv-version-invalid`
 */
export function findRunenv(request: RunenvRequest, environment: Environment): Runenv {
  const variable = (what: RunenvSuffix) => runenvVariable(request.name, what);
  const activate = environment.get(variable("ACTIVATE"));
  const execute = environment.get(variable("EXECUTE"));
  if (activate === undefined && execute === undefined) {
    const known = describeRunenvs(environment);
    throw new Failure(
      "runenv-unknown",
      `this image has no runenv ${request.name}; ` +
        (known ? `it has ${known}` : "it declares none"),
      known
        ? "ask for one of these, or choose an image that has it"
        : `an image declares it with ${variable("ACTIVATE")} and ` +
            variable("EXECUTE"),
    );
  }
  const declared = environment.get(variable("VERSION"));
  const version = declared === undefined ? undefined : parseVersion(declared.trim());
  if (declared !== undefined && version === undefined)
    throw new Failure(
      "runenv-version-invalid",
      `${variable("VERSION")}=${shownValue(variable("VERSION"), declared)} ` +
        "is not a whole number from 0 on",
      "this is for the image's developer to mend",
    );
  if (version !== undefined && version < request.version)
    throw new Failure(
      "runenv-too-old",
      `this image has runenv ${request.name} of version ${version}; ` +
        `version ${request.version} or later was asked for`,
      `choose an image with ${request.name} ${request.version} or later`,
    );
  return {
    name: request.name,
    ...(version === undefined ? {} : { version }),
    activate: activate ?? "",
    ...(execute === undefined ? {} : { execute }),
  };
}

/** The names that an environment declares, in order. */
export function runenvNames(environment: Environment): string[] {
  return declaredRunenvs(environment.names(runenvPrefix));
}

function describeRunenvs(environment: Environment): string {
  return runenvNames(environment)
    .map((name) => {
      const variable = runenvVariable(name, "VERSION");
      const version = environment.get(variable);
      return version === undefined ? name : `${name} ${shownValue(variable, version)}`;
    })
    .join(", ");
}
