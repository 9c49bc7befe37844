/** EXECUTE, and every program that is started on a block's way. */
import { Failure } from "../../../companion/failure.ts";
import { architectureOf, machineName } from "../../../contract/machines.ts";
import { runenvVariable } from "../../../contract/runenv-variables.ts";
import { shellWord } from "../../../contract/shell-words.ts";
import { printable } from "../../../system/text.ts";
import type { Fault } from "../finding.ts";
import { removeCarriageReturns } from "../fix.ts";
import { environmentLine } from "../history.ts";
import { readScriptLine } from "../programs.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { fileOf, type Part, type Use } from "../uses.ts";
import { absence } from "./absence.ts";

const lineOf = (line: string | undefined) => (line === undefined ? {} : { line });

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

/** Programs of a kind that are not there; each once. */
function* missing({ uses }: Subject, ...parts: readonly Part[]): Generator<Use> {
  const told = new Set<string>();
  for (const use of uses) {
    if (!parts.includes(use.part) || fileOf(use)) continue;
    if (use.part === "searched" && use.isOpen) continue;
    const key = `${use.path} ${use.neededBy?.path}`;
    if (!told.has(key)) yield use;
    told.add(key);
  }
}

/** Every program on the way, once. */
function* programs({ uses, tree }: Subject) {
  const told = new Set<string>();
  for (const use of uses) {
    const node = fileOf(use);
    if (node === undefined || use.part === "activation" || told.has(node.path))
      continue;
    told.add(node.path);
    const program = tree.program(node);
    if (program) yield { use, node, program };
  }
}

const needed = (
  { purpose, neededBy, line }: Use,
  what: string,
): Omit<Fault, "fix"> => ({
  message: `${purpose}: ${what}`,
  ...(neededBy ? { node: neededBy } : lineOf(line)),
});

export const programRules: readonly Rule[] = [
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
          path: use.path,
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
  {
    code: "shell-missing",
    severity: "error",
    title: "ACTIVATE's shell is there",
    *check(subject) {
      for (const use of missing(subject, "shell"))
        yield {
          ...needed(use, absence(use)),
          fix: "install it, or set the variables in a .env file, which needs no shell",
        };
    },
  },
  {
    code: "entrypoint-missing",
    severity: "error",
    title: "The entrypoint is there",
    *check(subject) {
      for (const use of missing(subject, "entrypoint"))
        yield {
          ...needed(use, absence(use)),
          path: use.path,
          fix: 'ENTRYPOINT ["/usr/local/bin/sidecar"]',
        };
    },
  },
  {
    code: "interpreter-missing",
    severity: "error",
    title: "Interpreters of #! lines are there",
    *check(subject) {
      for (const use of missing(subject, "interpreter", "searched")) {
        const script = shellWord(use.neededBy!.path);
        yield {
          ...needed(use, absence(use)),
          fix: `install it, or name another in the first line of ${script}`,
        };
      }
    },
  },
  {
    code: "interpreter-line-end",
    severity: "error",
    title: "#! lines do not end as lines of Windows do",
    *check(subject) {
      for (const { use, node, program } of programs(subject)) {
        if (program.kind !== "script") continue;
        if (!readScriptLine(program.line)?.endsWithCarriageReturn) continue;
        yield {
          message: `${use.purpose}: the #! line of ${printable(node.path)} ends with a CR, which becomes part of the interpreter's name`,
          node,
          fix: removeCarriageReturns(node.path),
        };
      }
    },
  },
  {
    code: "loader-missing",
    severity: "error",
    title: "Loaders of the C library are there",
    *check(subject) {
      for (const use of missing(subject, "loader"))
        yield {
          ...needed(use, absence(use)),
          fix: "install the C library that it was linked with, or link it statically",
        };
    },
  },
  {
    code: "program-format",
    severity: "error",
    title: "Programs are ELF executables or #! scripts",
    *check(subject) {
      for (const { use, node, program } of programs(subject))
        if (program.kind === "other")
          yield {
            message: `${use.purpose}: ${printable(node.path)} is neither an executable of Linux nor a #! script`,
            node,
            fix: `begin a script with #!/bin/sh`,
          };
    },
  },
  {
    code: "program-architecture",
    severity: "error",
    title: "Programs are for the image's architecture",
    *check(subject) {
      const { architecture } = subject.image.configuration.platform;
      for (const { use, node, program } of programs(subject)) {
        if (program.kind !== "elf") continue;
        const machine = machineName(program.machine);
        // i386 runs on amd64, arm on most arm64.
        const fitting = { "386": ["amd64"], arm: ["arm64"] }[
          architectureOf(machine) as "386" | "arm"
        ];
        const own = architectureOf(machine);
        if (own === undefined ? false : own === architecture) continue;
        if (fitting?.includes(architecture)) continue;
        if (own === "ppc64le" && architecture.startsWith("ppc64")) continue;
        if (machine === "mips" && architecture.startsWith("mips")) continue;
        yield {
          message: `${use.purpose}: ${printable(node.path)} is for ${machine}, and the image says it is for ${printable(architecture)}`,
          node,
          fix: `build the image for one architecture: docker build --platform=linux/${printable(architecture)}`,
        };
      }
    },
  },
];
