/**
 * Who the block is: HOME, USER and LOGNAME for the user ids of the platform.
 *
 * Such a user (20000–29999, `user20042`) need not be known to the image. HOME is the
 * image's if this user owns it, else /tmp/home; /tmp is everybody's, so that what is
 * found there is used only if it is a real directory of this very user.
 */

import type { Environment } from "../../contract/environment.ts";
import { isPlatformUser } from "../../contract/everybody.ts";
import type { Notice } from "../../contract/failure.ts";
import { defaultHome } from "../../contract/places.ts";
import { SystemError } from "../../system/posix/errors.ts";
import {
  linkStatus,
  makeDirectory,
  makeTemporaryDirectory,
  readFile,
  status,
} from "../../system/posix/files.ts";
import { userIdentifier } from "../../system/posix/process.ts";
import { decode } from "../../system/text.ts";

/** For messages. */
export function thisUser(): string {
  return `user id ${userIdentifier()}`;
}

/** For --explain: the user's number, and the name that the block will see. */
export function describeUser(environment: Environment): string {
  return `${userIdentifier()}, ${environment.get("USER") ?? "USER is not set"}`;
}

export type Identity = {
  /** Variables to set; none for a user of the image's own. */
  readonly variables: Readonly<Record<string, string>>;
  /** A directory that was made for this run alone, to be removed after it. */
  readonly privateHome?: string;
  readonly notices: readonly Notice[];
};

const rootNotice: Notice = {
  level: "warning",
  code: "running-as-root",
  message: "the block runs as root (user id 0)",
  hint: "start it as a user of 20000–29999, without privileges",
  concernsSafety: true,
};

/** Decides who the block is, and makes its HOME where that is needed. */
export function establishIdentity(environment: Environment): Identity {
  const uid = userIdentifier();
  if (!isPlatformUser(uid))
    return { variables: {}, notices: uid === 0 ? [rootNotice] : [] };
  const variables = identityVariables(environment);
  if (variables["HOME"] !== defaultHome) return { variables, notices: [] };
  const problem = prepareDefaultHome(uid);
  if (problem === undefined) return { variables, notices: [] };
  const privateHome = makePrivateHome(environment);
  if (privateHome === undefined)
    return { variables, notices: [homeUnavailable(problem)] };
  return {
    variables: { ...variables, HOME: privateHome },
    privateHome,
    notices: [homeReplaced(problem, privateHome)],
  };
}

/** The variables as they are meant to be; nothing is made for them. */
export function identityVariables(environment: Environment): Record<string, string> {
  const uid = userIdentifier();
  if (!isPlatformUser(uid)) return {};
  const name = userName(uid);
  const own = environment.get("HOME");
  const keepsOwn = own !== undefined && own !== defaultHome && isOwnDirectory(own, uid);
  return { HOME: keepsOwn ? own : defaultHome, USER: name, LOGNAME: name };
}

function userName(uid: number): string {
  const passwd = readFile("/etc/passwd", 1 << 24);
  const known = passwd instanceof SystemError ? undefined : passwdName(passwd, uid);
  return known ?? `user${uid}`;
}

/** The first name that passwd(5) has for a user id. */
export function passwdName(passwd: Uint8Array, uid: number): string | undefined {
  for (const line of decode(passwd).split("\n")) {
    const [name, , number] = line.split(":");
    if (name && number === String(uid)) return name;
  }
  return undefined;
}

function isOwnDirectory(path: string, uid: number): boolean {
  const found = status(path);
  return (
    !(found instanceof SystemError) && found.kind === "directory" && found.uid === uid
  );
}

/** @returns what is wrong with /tmp/home, if anything is */
function prepareDefaultHome(uid: number): string | undefined {
  let refused = "";
  try {
    makeDirectory(defaultHome, 0o700);
  } catch (error) {
    refused = (error as SystemError).message;
  }
  const found = linkStatus(defaultHome);
  if (found instanceof SystemError) return `cannot be made: ${refused}`;
  if (found.kind !== "directory") return `is a ${found.kind}`;
  if (found.uid !== uid) return `belongs to user id ${found.uid}`;
  return undefined;
}

function makePrivateHome(environment: Environment): string | undefined {
  for (const parent of ["/tmp", environment.get("TMPDIR")]) {
    if (parent === undefined || !parent.startsWith("/")) continue;
    try {
      return makeTemporaryDirectory(`${parent}/home-`);
    } catch {
      // the next one
    }
  }
  return undefined;
}

function homeReplaced(problem: string, directory: string): Notice {
  return {
    level: "warning",
    code: "home-replaced",
    message: `${defaultHome} ${problem}; HOME is ${directory} instead`,
    hint: "let /tmp be empty and writable for every user (mode 1777) in the image",
  };
}

function homeUnavailable(problem: string): Notice {
  return {
    level: "warning",
    code: "home-unavailable",
    message: `${defaultHome} ${problem}; the block runs without a HOME to write to`,
    hint: "mount a writable /tmp, or give the image a HOME that this user owns",
  };
}
