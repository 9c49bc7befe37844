/** Every program that is started on a block's way. */
import { architectureOf, machineName } from "../../../contract/machines.ts";
import { shellWord } from "../../../contract/shell-words.ts";
import { printable } from "../../../system/text.ts";
import { removeCarriageReturns } from "../fix.ts";
import { readScriptLine } from "../programs.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { fileOf } from "../uses.ts";
import { absence } from "./absence.ts";
import { missing, needed, pathOf } from "./missing.ts";

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

export const programRules: readonly Rule[] = [
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
          ...pathOf(use),
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
