/**
 * cmd.exe and PowerShell: how they are told what to do, and what of their environment
 * counts. Paths reach them in variables, so that neither takes a part of one for its
 * own language.
 */

import { Environment, nameOf } from "../../contract/environment.ts";
import { printable } from "../../system/text.ts";
import type { Start } from "../../system/windows/spawn.ts";
import { variableKey } from "../../system/windows/variables.ts";
import type { ShellPlan } from "../activation-file.ts";
import { isPowerShell } from "./activation-plan.ts";

const fileVariable = "SIDECAR_ACTIVATION_FILE";
const executableVariable = "SIDECAR_EXECUTABLE";

/**
 * What starts the shell such that it carries out the plan and hands its environment
 * over.
 */
export function shellStart(
  { kind, text, shell }: ShellPlan,
  _runenv: string,
  environment: Environment,
  address: string,
): Pick<Start, "words" | "environment" | "commandLine"> {
  const variables = {
    [executableVariable]: process.execPath,
    ...(kind === "script" ? { [fileVariable]: text } : {}),
  };
  const script = isPowerShell(shell) ? powerShellScript(address) : undefined;
  return {
    words: script === undefined ? shell : [...shell, ...powerShellOptions, script],
    environment: environment.with(variables).entries,
    ...(script === undefined ? { commandLine: batchLine(kind, text, address) } : {}),
  };
}

/**
 * Without `call`, which would replace and double characters in the path once more; in a
 * command line, other than in a batch file, control comes back all the same. "if
 * errorlevel" looks when it is reached, "%errorlevel%" would be replaced before.
 */
function batchLine(kind: ShellPlan["kind"], text: string, address: string): string {
  const first = kind === "script" ? `"%${fileVariable}%"` : text;
  const last = `"%${executableVariable}%" --internal-environment ${address} 0`;
  const line = `${first}& if errorlevel 0 if not errorlevel 1 ${last}`;
  return `cmd.exe /d /e:on /v:off /s /c "${line}"`;
}

const powerShellOptions = [
  "-NoLogo",
  "-NoProfile",
  "-NonInteractive",
  ...["-ExecutionPolicy", "Bypass"],
  "-Command",
];

function powerShellScript(address: string): string {
  return [
    `. $env:${fileVariable}`,
    "if (-not $?) { if ($LASTEXITCODE) { exit $LASTEXITCODE }; exit 1 }",
    `& $env:${executableVariable} --internal-environment '${address}' 0`,
    "exit $LASTEXITCODE",
  ].join("; ");
}

/** Where PowerShell says it was: "At C:\\opt\\activate.ps1:3 char:5". */
export function complaint(lines: readonly string[]): string {
  for (const line of lines.toReversed()) {
    const match = /^At (.+):(\d+) char:\d+/.exec(line);
    if (match)
      return `; the shell complains about line ${match[2]} of ${printable(match[1]!)}`;
  }
  return "";
}

/** Variables that the shells set for themselves, and those that sidecar gave them. */
const shellsOwn = ["PROMPT", "PSModulePath", "PSExecutionPolicyPreference"];
const sidecarsOwn = [fileVariable, executableVariable];

/** The host's environment with what an activation made of it. */
export function carriedOver(
  before: Environment,
  answer: readonly string[],
): Environment {
  const dropped = new Set([...shellsOwn, ...sidecarsOwn].map(variableKey));
  const isKept = (entry: string) => {
    const name = nameOf(entry);
    return name !== undefined && !dropped.has(variableKey(name));
  };
  // Windows' own entries, as =C:=C:\\folder, say where the shell was.
  const restored = before.entries.filter((entry) => {
    const name = nameOf(entry);
    return name === undefined || shellsOwn.map(variableKey).includes(variableKey(name));
  });
  return new Environment([...answer.filter(isKept), ...restored]);
}
