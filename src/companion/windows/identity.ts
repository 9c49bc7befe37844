/** Who the block is on Windows: whom sidecar is, with the profile that Windows made. */
import type { Environment } from "../../contract/environment.ts";
import type { Notice } from "../../contract/failure.ts";

export type Identity = {
  /** Variables to set. */
  readonly variables: Readonly<Record<string, string>>;
  /** A directory that was made for this run alone, to be removed after it. */
  readonly privateHome?: string;
  readonly notices: readonly Notice[];
};

export function establishIdentity(environment: Environment): Identity {
  return { variables: identityVariables(environment), notices: [] };
}

/** None: user ids, HOME and /tmp/home are of other systems. */
export function identityVariables(_environment: Environment): Record<string, string> {
  return {};
}

/** For messages. */
export function thisUser(): string {
  return "this user";
}

/** For --explain. */
export function describeUser(environment: Environment): string {
  return environment.get("USERNAME") ?? "USERNAME is not set";
}
