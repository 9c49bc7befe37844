/** What a value of `…__ACTIVATE` means: nothing, a file of one kind, or a command. */

import { SystemError } from "#system/errors.ts";
import { type FileStatus, readFile, status } from "#system/files.ts";
import {
  defaultShell,
  readActivation,
  shellOfScript,
} from "../../contract/activation-value.ts";
import { Failure } from "../../contract/failure.ts";
import { decode, printable } from "../../system/text.ts";
import { type ActivationPlan, requireReadable } from "../activation-file.ts";

const hash = 0x23;
const exclamation = 0x21;

/**
 * What a value of `…__ACTIVATE` means.
 * @throws Failure `activation-file-missing`, `-unreadable`, `activation-shell-unknown`
 */
export function planActivation(value: string): ActivationPlan {
  let found: FileStatus | SystemError | undefined;
  const plan = readActivation(value, (path) => {
    found = status(path);
    return !(found instanceof SystemError);
  });
  if (plan.kind === "nothing") return plan;
  if (plan.kind === "command")
    return { kind: "command", text: value, shell: [defaultShell] };
  const { kind, path } = plan;
  requireReadable(path, found!, "chmod a+r the file, and a+x the directories above it");
  if (kind === "variables") return { kind, path };
  return { kind, text: path, shell: shellFor(path) };
}

/** The shell that the file's `#!` names, as the words that start it. */
function shellFor(path: string): readonly string[] {
  const head = readFile(path, 4096);
  const isScript =
    !(head instanceof SystemError) && head[0] === hash && head[1] === exclamation;
  const end = isScript ? head.indexOf(10) : -1;
  const line = isScript
    ? decode(head.subarray(2, end < 0 ? undefined : end))
    : undefined;
  const shell = shellOfScript(line);
  if ("words" in shell) return shell.words;
  throw new Failure(
    "activation-shell-unknown",
    `the activation's file ${printable(path)} is for ${printable(shell.unknown)}, ` +
      "which is no POSIX shell",
    "begin it with #!/bin/sh or #!/bin/bash, or set variables in a .env file",
  );
}
