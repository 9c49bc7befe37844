/** What a value of `…__ACTIVATE` means on Windows. */
import { SystemError } from "#system/errors.ts";
import { status } from "#system/files.ts";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import { hasDirectory, isAbsolute } from "../../system/windows/paths.ts";
import { isBatchFile } from "../../system/windows/quoting.ts";
import { commandProcessor, systemDirectory } from "../../system/windows/spawn.ts";
import {
  type ActivationPlan,
  forDeveloper,
  requireReadable,
} from "../activation-file.ts";

const isVariables = (path: string) => /\.env$/i.test(path);
const isPowerShellScript = (path: string) => /\.ps1$/i.test(path);

/**
 * What a value of `…__ACTIVATE` means. With a `\\` or `/` in it, or `.env`, `.bat`,
 * `.cmd` or `.ps1` at its end, it can be a file (relative to the block's directory).
 * @throws Failure `activation-file-missing`, `-unreadable`, `activation-shell-unknown`,
 *   `activation-command-invalid`
 */
export function planActivation(value: string): ActivationPlan {
  const path = value.trim();
  if (path === "") return { kind: "nothing" };
  const isScript = isBatchFile(path) || isPowerShellScript(path);
  if (!isVariables(path) && !isScript && !hasDirectory(path)) return command(value);
  const found = status(path);
  const isPlainPath = !/[\s"'&|<>()^%;,=]/.test(path);
  if (
    found instanceof SystemError &&
    !(isPlainPath && (isVariables(path) || (isScript && isAbsolute(path))))
  )
    return command(value);
  requireReadable(path, found, "give users the right to read the file");
  if (isVariables(path)) return { kind: "variables", path };
  if (isBatchFile(path))
    return { kind: "script", text: path, shell: [commandProcessor()] };
  if (isPowerShellScript(path))
    return { kind: "script", text: path, shell: [powerShell()] };
  throw new Failure(
    "activation-shell-unknown",
    `the activation's file ${printable(path)} is neither a batch file nor a script ` +
      "of PowerShell",
    "let its name end in .bat, .cmd or .ps1, or set variables in a .env file",
  );
}

/** Windows PowerShell is always there, whatever its version, as "v1.0". */
function powerShell(): string {
  return `${systemDirectory()}\\WindowsPowerShell\\v1.0\\powershell.exe`;
}

export function isPowerShell(shell: readonly string[]): boolean {
  return /powershell\.exe$/i.test(shell[0] ?? "");
}

/** cmd.exe reads no further than to the end of the first line. */
function command(text: string): ActivationPlan {
  if (!/[\r\n]/.test(text.trim()))
    return { kind: "command", text: text.trim(), shell: [commandProcessor()] };
  throw new Failure(
    "activation-command-invalid",
    "the activation is a command line for cmd.exe, but has more than one line",
    `${forDeveloper}: join commands by &, or write them into a .bat file`,
  );
}
