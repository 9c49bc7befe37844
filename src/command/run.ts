/** `sidecar … --exec PROGRAM`: from the command line to a request, and to exit code. */

import { relaysInThreads } from "#system/relaying.ts";
import type { Started } from "#system/start.ts";
import { parseDuration } from "../companion/duration.ts";
import { Log, type LogFormat } from "../companion/log.ts";
import type { Request } from "../companion/request.ts";
import { runBlock } from "../companion/run.ts";
import { parseSize } from "../companion/size.ts";
import { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { internalError } from "../contract/internal-error.ts";
import { parseRunenv } from "../contract/runenv-request.ts";
import { writtenLogFormat } from "./log-format.ts";
import { type Given, options } from "./options.ts";
import { type Parsed, parseBlock, UnknownOption } from "./parse.ts";

/** @returns sidecar's exit code, or the promise of it where more has to be loaded */
export function run(started: Started): number | Promise<number> {
  const environment = new Environment(started.environment);
  let log = new Log(logOptions({}, started.arguments), environment);
  let request: Request;
  try {
    const parsed = parseBlock(started.arguments);
    log = new Log(logOptions(parsed.given, []), environment);
    request = requestOf(parsed);
  } catch (error) {
    if (error instanceof UnknownOption) return refuseUnknown(error, log);
    const failure = error instanceof Failure ? error : internalError(error);
    log.failure(failure);
    return failure.exitCode;
  }
  return runBlock(request, started, log);
}

/** Less holds no beginning and end that would tell anything; relay.c needs it too. */
const leastOutput = 4096;

/** @throws Failure */
function requestOf({ given, words }: Parsed): Request {
  if (given.cwd !== undefined && given.temporary)
    throw new Failure(
      "option-conflict",
      "--cwd and --temporary exclude each other",
      "a block runs in one directory: leave one of the two out",
    );
  const { cgroup, cwd, stdout, stderr, result } = given;
  const { timeout } = given;
  return {
    words,
    ...(given.runenv === undefined ? {} : { runenv: parseRunenv(given.runenv) }),
    ...(cgroup === undefined ? {} : { cgroup }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(stderr === undefined ? {} : { stderr }),
    ...(result === undefined ? {} : { result }),
    ...(timeout === undefined ? {} : { timeout: positive("timeout", timeout) }),
    grace: durationOf("grace", given),
    activateTimeout: durationOf("activate-timeout", given),
    temporary: given.temporary === true,
    append: given.append === true,
    tee: given.tee === true,
    maxOutput: maxOutput(given),
    strict: given.strict === true,
    explain: given.explain === true,
  };
}

/** @returns bytes; 0 for no limit. @throws Failure */
function maxOutput(given: Given): number {
  const text = given["max-output"];
  if (text === undefined) return 0;
  if (given.stdout === undefined && given.stderr === undefined)
    throw new Failure(
      "option-conflict",
      "--max-output limits the files of --stdout and --stderr, and neither is given",
      "name a file, or leave it out",
    );
  const size = parseSize("max-output", text, leastOutput);
  if (relaysInThreads) return size;
  throw new Failure(
    "max-output-unavailable",
    "--max-output needs the launcher, which this build of sidecar does not have",
    "leave it out, or use the static executable for Linux",
  );
}

function durationOf(name: "grace" | "activate-timeout", given: Given): number {
  const text = given[name];
  return text === undefined ? options[name].default : parseDuration(name, text);
}

function positive(option: string, text: string): number {
  const duration = parseDuration(option, text);
  if (duration > 0) return duration;
  throw new Failure(
    "duration-invalid",
    `--${option} is zero, so that nothing could run`,
    "leave it out for no limit, or write for example 90s, 15m or 2h",
  );
}

/** Before the options are understood, `--log=json` is still to be obeyed. */
function logOptions(given: Given, words: readonly string[]) {
  const end = words.indexOf("--exec");
  const before = end < 0 ? words : words.slice(0, end);
  const format: LogFormat = given.log === "json" ? "json" : writtenLogFormat(before);
  return { format, quiet: given.quiet === true };
}

async function refuseUnknown({ option }: UnknownOption, log: Log): Promise<number> {
  const { unknownOption } = await import("./people.ts");
  const failure = unknownOption(option);
  log.failure(failure);
  return failure.exitCode;
}
