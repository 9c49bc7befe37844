/** EXECUTE: the command that runs a block. */
import { Failure } from "../../../contract/failure.ts";
import { runenvVariable } from "../../../contract/runenv-variables.ts";
import { printable } from "../../../system/text.ts";
import { environmentLine } from "../history.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { absence } from "./absence.ts";
import { lineOf, missing, needed, pathOf } from "./missing.ts";

/** Each runenv that has EXECUTE, or none, with what is said of it. */
function* executes({ runenvs, lines }: Subject) {
  for (const runenv of runenvs) {
    const variable = runenvVariable(runenv.name, "EXECUTE");
    const line = environmentLine(lines, variable);
    yield { runenv, variable, line: lineOf(line) };
  }
}

/** The program of EXECUTE that PATH does not have, where it is to be searched. */
function* unfound(subject: Subject) {
  for (const { runenv, variable, line } of executes(subject)) {
    const { execute, isOpen, path } = runenv;
    const program = Array.isArray(execute) ? execute[0] : undefined;
    if (!program || program.includes("/")) continue;
    const purpose = `EXECUTE of ${runenv.name}`;
    if (subject.uses.some((use) => use.purpose === purpose)) continue;
    yield { program, variable, line, isOpen, path: path ?? "not set" };
  }
}

export const executeRules: readonly Rule[] = [
  {
    code: "execute-words",
    severity: "error",
    title: "EXECUTE holds words",
    *check(subject) {
      for (const { runenv, variable, line } of executes(subject)) {
        const { execute } = runenv;
        if (execute instanceof Failure)
          yield { message: execute.message, fix: execute.hint, ...line };
        else if (execute && !execute[0])
          yield {
            message: `${variable} is empty: it is to be the command that runs a block`,
            fix: `ENV ${variable}=…, the command that runs a block`,
            ...line,
          };
      }
    },
  },
  {
    code: "execute-undeclared",
    severity: "note",
    title: "Each runenv has EXECUTE",
    *check(subject) {
      for (const { runenv, variable } of executes(subject)) {
        if (runenv.execute !== undefined) continue;
        const activate = runenvVariable(runenv.name, "ACTIVATE");
        yield {
          message: `${runenv.name} has no EXECUTE: each task has to name its program itself`,
          fix: `ENV ${variable}=…, the command that runs a block`,
          ...lineOf(environmentLine(subject.lines, activate)),
        };
      }
    },
  },
  {
    code: "execute-relative",
    severity: "warning",
    title: "EXECUTE's program is named by its whole path, or found in PATH",
    *check(subject) {
      for (const { runenv, variable, line } of executes(subject)) {
        const program = Array.isArray(runenv.execute) ? runenv.execute[0] : undefined;
        if (!program?.includes("/") || program.startsWith("/")) continue;
        yield {
          message: `${variable}: ${printable(program)} is looked for in each block's own directory`,
          fix: "name the program by its whole path, or without a slash",
          ...line,
        };
      }
    },
  },
  {
    code: "execute-missing",
    severity: "error",
    title: "EXECUTE's program is there",
    *check(subject) {
      for (const { program, variable, line, isOpen, path } of unfound(subject))
        if (!isOpen)
          yield {
            message: `${variable}: ${printable(program)} is not found in PATH (${printable(path)})`,
            fix: "install it, or add its directory to PATH; or name it by its whole path",
            ...line,
          };
      for (const use of missing(subject, "execute"))
        yield {
          ...needed(use, absence(use)),
          ...pathOf(use),
          fix: `install it, or name another program`,
        };
    },
  },
  {
    code: "execute-after-activation",
    severity: "note",
    title: "EXECUTE's program is found in the image's PATH",
    *check(subject) {
      for (const { program, variable, line, isOpen } of unfound(subject))
        if (isOpen)
          yield {
            message: `${variable}: ${printable(program)} is not found in the image's PATH; whether ACTIVATE sets another one shows when it is run`,
            fix: 'let the build try it, by RUN ["/usr/local/bin/sidecar", "check"]',
            ...line,
          };
    },
  },
];
