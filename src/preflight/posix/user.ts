/** As whom an activation is tried: as whoever runs the check, but never as root. */

import { identityVariables, passwdName } from "../../companion/posix/identity.ts";
import type { Environment } from "../../contract/environment.ts";
import { defaultHome } from "../../contract/places.ts";
import { asUser } from "../../system/posix/credentials.ts";
import { SystemError } from "../../system/posix/errors.ts";
import { readFile } from "../../system/posix/files.ts";
import { userIdentifier } from "../../system/posix/process.ts";

export type Actor<Result> = {
  readonly result: Result;
  /** For messages. */
  readonly user: string;
  /** Why it had to be root, which proves nothing for others. */
  readonly onlyRoot?: string;
};

/** Does it as a user of the platform, where this process may be one. */
export function asBlock<Result>(action: () => Result): Actor<Result> {
  const own = userIdentifier();
  if (own !== 0) return { result: action(), user: `user id ${own}` };
  const stranger = unknownUser();
  const result = asUser(stranger, action);
  if (!(result instanceof SystemError)) return { result, user: `user id ${stranger}` };
  return { result: action(), user: "root", onlyRoot: result.message };
}

/**
 * Whom no passwd file knows, and nobody has thought of: an image that was made for one
 * user of the platform, mostly that of an example, is to fail.
 */
function unknownUser(): number {
  const last = 29_999;
  const passwd = readFile("/etc/passwd", 1 << 24);
  if (passwd instanceof SystemError) return last;
  let identifier = last;
  while (identifier > 20_000 && passwdName(passwd, identifier) !== undefined)
    identifier -= 1;
  return identifier;
}

/**
 * The variables that a block gets. HOME is `directory` where it would be /tmp/home:
 * that one belongs to whoever comes first, and must not be taken by a check.
 */
export function blockVariables(
  image: Environment,
  directory: string | undefined,
): Record<string, string> {
  const variables = identityVariables(image);
  const home = variables["HOME"] ?? (userIdentifier() === 0 ? defaultHome : undefined);
  if (home === undefined || directory === undefined) return variables;
  return { ...variables, HOME: home === defaultHome ? directory : home };
}
