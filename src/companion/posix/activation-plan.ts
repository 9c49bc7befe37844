/** What a value of `…__ACTIVATE` means: nothing, a file of one kind, or a command. */

import { SystemError } from "#system/errors.ts";
import { readFile, status } from "#system/files.ts";
import { decode, printable } from "../../system/text.ts";
import { type ActivationPlan, requireReadable } from "../activation-file.ts";
import { Failure } from "../failure.ts";

const defaultShell = "/bin/sh";
const hash = 0x23;
const exclamation = 0x21;
const shells = /^(sh|bash|dash|ash|ksh|ksh93|mksh|yash|zsh|busybox)$/;

/**
 * What a value of `…__ACTIVATE` means. With a slash in it, or `.env` at its end, it can
 * be a file (relative to the block's directory); a bare word is a command.
 * @throws Failure `activation-file-missing`, `-unreadable`, `activation-shell-unknown`
 */
export function planActivation(value: string): ActivationPlan {
  const path = value.trim();
  if (path === "") return { kind: "nothing" };
  const command = { kind: "command", text: value, shell: [defaultShell] } as const;
  const isVariables = path.endsWith(".env");
  if (!isVariables && !path.includes("/")) return command;
  const found = status(path);
  if (found instanceof SystemError) {
    const isPlainPath = /^[^\s'"`$&|;<>(){}*?[\]#~=%\\]+$/.test(path);
    if (!isVariables && !(isPlainPath && path.startsWith("/"))) return command;
    if (isVariables && !isPlainPath) return command;
  }
  requireReadable(path, found, "chmod a+r the file, and a+x the directories above it");
  if (isVariables) return { kind: "variables", path };
  return { kind: "script", text: path, shell: shellFor(path) };
}

/** The shell that the file's `#!` names, as the words that start it. */
function shellFor(path: string): string[] {
  const head = readFile(path, 4096);
  const isScript =
    !(head instanceof SystemError) && head[0] === hash && head[1] === exclamation;
  if (!isScript) return [defaultShell];
  const line = decode(
    head.subarray(2, head.indexOf(10) < 0 ? undefined : head.indexOf(10)),
  );
  const words = line.trim().split(/\s+/);
  const shell = baseName(words[0]!) === "env" ? words.slice(1) : words;
  while (baseName(words[0]!) === "env" && shell[0]?.startsWith("-")) shell.shift();
  const name = baseName(shell[0] ?? "");
  if (!shells.test(name))
    throw new Failure(
      "activation-shell-unknown",
      `the activation's file ${printable(path)} is for ${printable(name || line)}, ` +
        "which is no POSIX shell",
      "begin it with #!/bin/sh or #!/bin/bash, or set variables in a .env file",
    );
  return name === "busybox" ? [shell[0]!, "sh"] : [shell[0]!];
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
