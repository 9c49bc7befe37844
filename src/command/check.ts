/** `sidecar check`: whether a block of any user would work here, and what to mend. */
import { isTerminal } from "#system/process.ts";
import { restoreSignals } from "#system/signals.ts";
import type { Started } from "#system/start.ts";
import { isColoured } from "../companion/log.ts";
import { Cancelled, Supervisor } from "../companion/supervision.ts";
import type { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { parseRunenv, type RunenvRequest } from "../contract/runenv-request.ts";
import { preflight } from "../preflight/preflight.ts";
import { isGood, jsonReport, textReport } from "../preflight/report.ts";
import { printable } from "../system/text.ts";
import { options } from "./options.ts";
import { unknownOption } from "./suggest.ts";
import { version } from "./version.ts";

const seeHelp = "sidecar check --help shows how it is used";

export type CheckRequest = { readonly runenv?: RunenvRequest; readonly json: boolean };

/**
 * To be called with the signals blocked, as for a block: an activation is run.
 * @returns sidecar's exit code: 0 where nothing failed, else 1
 * @throws Failure
 */
export function checkHere(
  words: readonly string[],
  started: Started,
  environment: Environment,
  print: (text: string) => number,
): number {
  const request = parseCheck(words);
  const supervisor = new Supervisor(started);
  const limits = {
    timeout: options["activate-timeout"].default,
    grace: options.grace.default,
  };
  try {
    const tools = { image: environment, supervisor, limits };
    const findings = preflight(request.runenv, version, tools);
    restoreSignals(started.signalMask);
    const coloured = isColoured(environment, isTerminal(1));
    print(request.json ? jsonReport(findings) : textReport(findings, coloured));
    return isGood(findings) ? 0 : 1;
  } catch (error) {
    if (error instanceof Cancelled) return 128 + error.signal;
    throw error;
  }
}

/** @throws Failure `argument-…`, `option-…`, `runenv-invalid` */
export function parseCheck(words: readonly string[]): CheckRequest {
  let runenv: RunenvRequest | undefined;
  let json = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    const [name] = word.split("=", 1) as [string];
    if (word === "--json") {
      if (json) throw repeated(name);
      json = true;
    } else if (name === "--runenv") {
      if (runenv) throw repeated(name);
      if (word === name) at += 1;
      runenv = parseRunenv(requireValue(word === name ? words[at] : word.slice(9)));
    } else if (word.startsWith("-") && word !== "-") {
      throw unknownOption(name, {
        names: ["help", "json", "runenv"],
        help: "sidecar check --help",
      });
    } else {
      throw new Failure(
        "argument-unexpected",
        `sidecar check takes options only; ${printable(word)} is none`,
        `name a runenv by --runenv=(NAME,VERSION); ${seeHelp}`,
      );
    }
  }
  return { json, ...(runenv ? { runenv } : {}) };
}

function requireValue(value: string | undefined): string {
  if (value !== undefined && !value.startsWith("--")) return value;
  const hint = `write --runenv=(NAME,VERSION); ${seeHelp}`;
  throw new Failure("option-value-missing", "--runenv needs a value", hint);
}

function repeated(option: string): Failure {
  return new Failure("option-repeated", `${option} is given twice`, "give it once");
}
