/** What a value of `…__ACTIVATE` means: nothing, a file of one kind, or a command. */
import { mayAccess, readFile, status } from "#system/files.ts";
import { errorNumber, SystemError } from "#system/libc.ts";
import { decode, printable } from "../system/text.ts";
import { Failure } from "./failure.ts";

export type ActivationPlan =
  | { readonly kind: "nothing" }
  | { readonly kind: "variables"; readonly path: string }
  | {
      readonly kind: "script";
      readonly path: string;
      readonly shell: readonly string[];
    }
  | { readonly kind: "command"; readonly text: string };

export const defaultShell = "/bin/sh";
const hash = 0x23;
const exclamation = 0x21;
const shells = /^(sh|bash|dash|ash|ksh|ksh93|mksh|yash|zsh|busybox)$/;
export const forDeveloper = "this is for the image's developer to mend";

/**
 * What a value of `…__ACTIVATE` means. With a slash in it, or `.env` at its end, it can
 * be a file (relative to the block's directory); a bare word is a command.
 * @throws Failure `activation-file-missing`, `-unreadable`, `activation-shell-unknown`
 */
export function planActivation(value: string): ActivationPlan {
  const path = value.trim();
  if (path === "") return { kind: "nothing" };
  const isVariables = path.endsWith(".env");
  if (!isVariables && !path.includes("/")) return { kind: "command", text: value };
  const found = status(path);
  if (found instanceof SystemError) {
    const isPlainPath = /^[^\s'"`$&|;<>(){}*?[\]#~=%\\]+$/.test(path);
    if (!isVariables && !(isPlainPath && path.startsWith("/")))
      return { kind: "command", text: value };
    if (isVariables && !isPlainPath) return { kind: "command", text: value };
    const unreadable = found.errno === errorNumber.EACCES;
    throw new Failure(
      unreadable ? "activation-file-unreadable" : "activation-file-missing",
      `the activation's file ${printable(path)}: ${found.message}`,
      forDeveloper,
    );
  }
  if (found.kind === "directory")
    throw new Failure(
      "activation-file-unreadable",
      `the activation's file ${printable(path)} is a directory`,
      forDeveloper,
    );
  if (!mayAccess(path, "read"))
    throw new Failure(
      "activation-file-unreadable",
      `the activation's file ${printable(path)} may not be read by this user`,
      `${forDeveloper}: chmod a+r the file, and a+x the directories above it`,
    );
  if (isVariables) return { kind: "variables", path };
  return { kind: "script", path, shell: shellFor(path) };
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
