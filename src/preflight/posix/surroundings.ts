/**
 * What is around a block on Linux: the facts are gathered here, and judged elsewhere.
 */

import { findCgroup } from "../../companion/posix/cgroup.ts";
import { mountTable } from "../../companion/posix/surroundings.ts";
import type { Environment } from "../../contract/environment.ts";
import { isPlatformUser } from "../../contract/everybody.ts";
import { defaultHome } from "../../contract/places.ts";
import { errorNumber, SystemError } from "../../system/posix/errors.ts";
import { isStatic, openExecutable } from "../../system/posix/executable.ts";
import {
  currentDirectory,
  linkStatus,
  mayAccess,
  readFile,
  status,
} from "../../system/posix/files.ts";
import { fileSystem, limits } from "../../system/posix/inspection.ts";
import {
  adoptOrphans,
  isAdopting,
  userIdentifier,
} from "../../system/posix/process.ts";
import { decode, printable } from "../../system/text.ts";
import { type Finding, type Problem, skipped } from "../finding.ts";
import { everybodyProblem } from "./everybody.ts";
import {
  checkHome,
  checkNoExec,
  checkSpace,
  checkTemporary,
  type Place,
} from "./home.ts";
import {
  checkDirectory,
  checkFileSystem,
  checkLimits,
  checkMemory,
  checkPasswd,
  checkPrivileges,
  checkProc,
  checkProcess,
  checkShell,
  checkSidecar,
  checkUser,
  type MemoryFacts,
  platformEntries,
  readPrivileges,
} from "./machine.ts";
import { startProblem } from "./startable.ts";

/** @param version sidecar's own */
export function checkSurroundings(
  environment: Environment,
  version: string,
): Finding[] {
  const uid = userIdentifier();
  const processStatus = textOf("/proc/self/status");
  const tmp = placeAt("/tmp");
  const root = fileSystem("/");
  return [
    sidecarFinding(version),
    checkUser(uid),
    checkPrivileges(uid, readPrivileges(processStatus ?? "")),
    checkProcess(processFacts()),
    checkLimits(limits()),
    checkMemory(memoryFacts()),
    checkProc(processStatus !== undefined),
    checkFileSystem(!(root instanceof SystemError) && root.readOnly),
    directoryFinding(),
    checkTemporary(tmp, otherPlace(environment)),
    checkNoExec(tmp),
    checkSpace(tmp),
    homeFinding(tmp, uid),
    shellFinding(environment),
    checkPasswd(platformEntries(textOf("/etc/passwd") ?? "")),
  ];
}

function textOf(path: string): string | undefined {
  const bytes = readFile(path, 1 << 24);
  return bytes instanceof SystemError ? undefined : decode(bytes);
}

function sidecarFinding(version: string): Finding {
  const build = `${version}, ${isStatic() ? "static" : "dynamic"}`;
  const path = openExecutable()?.path;
  const closed = path === undefined ? undefined : everybodyProblem(path, "start");
  return checkSidecar(path && printable(path), build, closed);
}

function processFacts() {
  adoptOrphans();
  const first = textOf("/proc/1/comm")?.trim();
  return {
    process: process.pid,
    adopts: isAdopting(),
    ...(first === undefined ? {} : { first: printable(first) }),
  };
}

function memoryFacts(): MemoryFacts | undefined {
  const cgroup = textOf("/proc/self/cgroup") ?? "";
  const found = findCgroup("memory", cgroup, mountTable());
  if (!found) return undefined;
  const { path, version } = found;
  const limit = numberIn(
    `${path}/${version === 2 ? "memory.max" : "memory.limit_in_bytes"}`,
  );
  // Version 1 keeps the processes in a hierarchy of its own, mounted beside this one.
  const processes = numberIn(
    version === 2 ? `${path}/pids.max` : `${path.replace("/memory", "/pids")}/pids.max`,
  );
  // "No limit" is a number of pages in version 1, close to 2^63 bytes.
  const isLimit = limit !== undefined && limit < 2 ** 60;
  return {
    version,
    ...(isLimit ? { limit } : {}),
    ...(processes === undefined ? {} : { processes }),
  };
}

/** The number that is all of a file; nothing of "max", or where there is no file. */
function numberIn(path: string): number | undefined {
  const text = textOf(path)?.trim();
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function directoryFinding(): Finding {
  try {
    const path = currentDirectory();
    return checkDirectory(printable(path), !everybodyProblem(path, "write"));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return skipped("directory", `the current directory: ${error.message}`);
  }
}

function placeAt(path: string): Place {
  const found = status(path);
  const closed: Problem | undefined =
    found instanceof SystemError ? undefined : everybodyProblem(path, "write");
  return {
    path,
    found,
    system: fileSystem(path),
    ...(closed ? { closed } : {}),
  };
}

function otherPlace(environment: Environment): Place | undefined {
  const path = environment.get("TMPDIR");
  return path?.startsWith("/") ? placeAt(path) : undefined;
}

function homeFinding(tmp: Place, uid: number): Finding {
  const found = linkStatus(defaultHome);
  const isAbsent = found instanceof SystemError && found.errno === errorNumber.ENOENT;
  const isKnown = !(found instanceof SystemError) || isAbsent;
  const canBe = isKnown && !(tmp.found instanceof SystemError);
  return checkHome(
    defaultHome,
    canBe ? found : undefined,
    isPlatformUser(uid) ? uid : undefined,
  );
}

function shellFinding(environment: Environment): Finding {
  const shell = "/bin/sh";
  const isThere = mayAccess(shell, "exist");
  const problem = isThere
    ? startProblem(shell, (name) => environment.get(name))
    : undefined;
  return checkShell(isThere, problem);
}
