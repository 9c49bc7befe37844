/** Whether everybody can start a program, and all that the kernel starts for it. */

import {
  fileProblem,
  findProgram,
  formatProblem,
  headOf,
  isElf,
  notRecognized,
  requirementOf,
} from "../../companion/posix/program.ts";
import { Failure } from "../../contract/failure.ts";
import type { Lookup } from "../../contract/references.ts";
import { shellWord } from "../../contract/shell-words.ts";
import { SystemError } from "../../system/posix/errors.ts";
import { status } from "../../system/posix/files.ts";
import { decode, printable } from "../../system/text.ts";
import { inDockerfile, type Problem } from "../finding.ts";
import { everybodyProblem } from "./everybody.ts";

/**
 * A script's interpreter may be a script; the kernel goes on for so long (execve(2)).
 */
const mostInterpreters = 4;

/** @param lookup the variables that the program will see */
export function startProblem(
  file: string,
  lookup: Lookup,
  depth = 0,
): Problem | undefined {
  const head = headOf(file);
  const isScript = head[0] === 0x23 && head[1] === 0x21;
  const visible = fileProblem(file);
  if (visible && visible.code !== "program-not-executable") return visible;
  const closed = everybodyProblem(file, isScript ? "start" : "execute");
  if (closed) return closed;
  const format = formatProblem(file);
  if (format) return withRemedy(format, file);
  if (head.length > 0 && !isScript && !isElf(head)) return notRecognized(file);
  if (depth === mostInterpreters) return undefined;
  const next = requirementOf(file)?.path;
  if (next === undefined) return undefined;
  return (
    startProblem(next, lookup, depth + 1) ?? searchedByEnv(file, head, lookup, depth)
  );
}

/** The first file of that name in PATH, whoever may start it. */
export function fileInPath(name: string, lookup: Lookup): string | undefined {
  if (name.includes("/")) return name;
  const files = (lookup("PATH") ?? "").split(":").map((place) => `${place}/${name}`);
  return files.find((file) => {
    const found = status(file);
    return (
      file.startsWith("/") && !(found instanceof SystemError) && found.kind === "file"
    );
  });
}

/** `#!/usr/bin/env -S python3 -u` has the program searched in PATH. */
function searchedByEnv(
  file: string,
  head: Uint8Array,
  lookup: Lookup,
  depth: number,
): Problem | undefined {
  const line = decode(head).split("\n", 1)[0]!;
  const name = /^#![ \t]*\S*\/env[ \t]+(?:-\S+[ \t]+)*([^\s=-]\S*)/.exec(line)?.[1];
  if (name === undefined || name.includes("=")) return undefined;
  try {
    return startProblem(findProgram(name, lookup), lookup, depth + 1);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return {
      message: `${printable(file)} is run by ${printable(name)}: ${error.message}`,
      hint: `install it, or let the activation set PATH; ${error.hint}`,
    };
  }
}

/** Line ends of Windows are what an interpreter is missed for most often. */
function withRemedy(failure: Failure, file: string): Problem {
  const { message, hint } = failure;
  if (!message.includes("\\x0d")) return { message, hint };
  return { message, hint: inDockerfile(`sed -i 's/\\r$//' ${shellWord(file)}`) };
}
