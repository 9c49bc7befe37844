/** ACTIVATE: its file, and whether the shell that is to source it can. */
import { shellOfScript } from "../../../contract/activation-value.ts";
import { runenvVariable } from "../../../contract/runenv-variables.ts";
import { shellWord } from "../../../contract/shell-words.ts";
import { printable } from "../../../system/text.ts";
import { removeCarriageReturns, run } from "../fix.ts";
import { environmentLine } from "../history.ts";
import type { Rule } from "../rule.ts";
import type { ImageRunenv } from "../runenvs.ts";
import type { Subject } from "../subject.ts";
import { fileOf } from "../uses.ts";
import { hashBang } from "../ways.ts";
import { absence } from "./absence.ts";

/** The files that shells source, with what is in them. */
function* scripts({ runenvs, content }: Subject) {
  for (const { name, activation, way } of runenvs) {
    if (activation.kind !== "script" || way?.kind !== "found") continue;
    const bytes = content(way.node);
    if (bytes) yield { name, node: way.node, bytes };
  }
}

/** A path that looks like one of the block's directory, and is meant for the image's. */
function relativePath({ activation }: ImageRunenv, value: string): string | undefined {
  const path = value.trim();
  if (path.startsWith("/") || activation.kind === "nothing") return undefined;
  return /^[\w.-]+\/[\w./-]*$|^[\w./-]+\.env$/.test(path) ? path : undefined;
}

export const activationRules: readonly Rule[] = [
  {
    code: "activate-missing",
    severity: "error",
    title: "ACTIVATE's file is there",
    *check(subject) {
      for (const use of subject.uses) {
        if (use.part !== "activation" || fileOf(use) || !use.path.startsWith("/"))
          continue;
        yield {
          message: `${use.purpose}: ${absence(use)}`,
          path: use.path,
          fix: `copy it to ${shellWord(use.path)}, or name another file`,
          ...(use.line === undefined ? {} : { line: use.line }),
        };
      }
    },
  },
  {
    code: "activate-relative",
    severity: "warning",
    title: "ACTIVATE's file is named by its whole path",
    *check({ runenvs, variables, lines }) {
      for (const runenv of runenvs) {
        const variable = runenvVariable(runenv.name, "ACTIVATE");
        const path = relativePath(runenv, variables.get(variable) ?? "");
        if (path === undefined) continue;
        const line = environmentLine(lines, variable);
        yield {
          message: `${variable}=${printable(path)} is looked for in each block's own directory`,
          fix: `name the file by its whole path: ${variable}=/…/${printable(path)}`,
          ...(line === undefined ? {} : { line }),
        };
      }
    },
  },
  {
    code: "activate-shell",
    severity: "error",
    title: "ACTIVATE's file is for a POSIX shell",
    *check(subject) {
      for (const { name, node, bytes } of scripts(subject)) {
        const shell = shellOfScript(hashBang(bytes));
        if ("words" in shell) continue;
        yield {
          message: `ACTIVATE of ${name} is for ${printable(shell.unknown)}, which is no POSIX shell: every block is refused`,
          node,
          fix: run(`sed -i '1s|^#!.*|#!/bin/sh|' ${shellWord(node.path)}`),
        };
      }
    },
  },
  {
    code: "activate-line-ends",
    severity: "error",
    title: "ACTIVATE's file has no line ends of Windows",
    *check(subject) {
      for (const { name, node, bytes } of scripts(subject)) {
        if (!Buffer.from(bytes).includes("\r\n")) continue;
        yield {
          message: `ACTIVATE of ${name} has line ends of Windows: the shell takes each CR for a part of a value`,
          node,
          fix: removeCarriageReturns(node.path),
        };
      }
    },
  },
  {
    code: "activate-variables",
    severity: "error",
    title: "ACTIVATE's .env file can be read",
    *check({ runenvs }) {
      for (const { name, problem, way } of runenvs) {
        if (problem === undefined || way?.kind !== "found") continue;
        yield {
          message: `ACTIVATE of ${name}: ${problem.message}`,
          node: way.node,
          fix: "mend the line: NAME=VALUE, quotes closed, ${NAME} of variables that are set",
        };
      }
    },
  },
];
