/** Whether the variables of runenvs declare what their author meant. */
import { closest, distance } from "fastest-levenshtein";
import {
  isRunenvName,
  parseVersion,
  runenvPrefix,
  runenvSuffixes,
  runenvVariable,
} from "../../../contract/runenv-variables.ts";
import { printable } from "../../../system/text.ts";
import { setVariable } from "../fix.ts";
import { environmentLine } from "../history.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";

const readName = new RegExp(`^${runenvPrefix}(.+)__(${runenvSuffixes.join("|")})$`);
/** What was probably meant to begin as the variables of runenvs do. */
const resembling = /^DA_*P7_*RUN_?ENV/i;

const line = ({ lines }: Subject, name: string) => {
  const found = environmentLine(lines, name);
  return found === undefined ? {} : { line: found };
};

/** Those that are a runenv's by their form, and those that only look so. */
function* strays({ variables }: Subject) {
  for (const variable of variables.keys()) {
    const [, name, suffix] = readName.exec(variable) ?? [];
    if (name !== undefined && suffix !== undefined) {
      if (!isRunenvName(name)) yield { variable, name, suffix };
    } else if (resembling.test(variable)) yield { variable };
  }
}

/** A name as the contract has it, of one that is not. */
function corrected(name: string): string {
  const letters = name.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  return letters.replace(/^[^A-Z]+|_+$/g, "") || "NAME";
}

function meant(variable: string): string | undefined {
  const rest = variable.replace(resembling, "").replace(/^S?_*/i, "");
  const [, name, suffix] = /^(.+?)_+([^_]+)$/.exec(rest) ?? [];
  if (name === undefined || suffix === undefined) return undefined;
  const near = closest(suffix.toUpperCase(), runenvSuffixes);
  if (distance(suffix.toUpperCase(), near) > 3) return undefined;
  return `${runenvPrefix}${corrected(name)}__${near}`;
}

export const runenvRules: readonly Rule[] = [
  {
    code: "runenv-none",
    severity: "warning",
    title: "A runenv is declared",
    *check({ runenvs }) {
      if (runenvs.length > 0) return;
      yield {
        message: "no runenv is declared: only blocks without --runenv would run",
        fix: `ENV ${runenvPrefix}<NAME>__EXECUTE=…, the command that runs a block`,
      };
    },
  },
  {
    code: "runenv-name",
    severity: "error",
    title: "Runenvs have names that can be asked for",
    *check(subject) {
      for (const { variable, name, suffix } of strays(subject)) {
        if (name === undefined) continue;
        yield {
          message: `${printable(variable)}: ${printable(name)} cannot be asked for; a name has upper case letters, digits and single _`,
          fix: `rename it: ${runenvPrefix}${corrected(name)}__${suffix}`,
          ...line(subject, variable),
        };
      }
    },
  },
  {
    code: "runenv-variable",
    severity: "error",
    title: "Variables of runenvs are written right",
    *check(subject) {
      for (const { variable, name } of strays(subject)) {
        if (name !== undefined) continue;
        const right = meant(variable);
        yield {
          message: `nobody reads ${printable(variable)}, which looks like a runenv's`,
          fix: right
            ? `rename it: ${right}`
            : `write ${runenvPrefix}<NAME>__ACTIVATE, __EXECUTE or __VERSION`,
          ...line(subject, variable),
        };
      }
    },
  },
  {
    code: "runenv-incomplete",
    severity: "error",
    title: "Each runenv has ACTIVATE or EXECUTE",
    *check(subject) {
      const { variables, runenvs } = subject;
      const known = new Set(runenvs.map(({ name }) => name));
      const found = new Set<string>();
      for (const variable of variables.keys()) {
        const name = readName.exec(variable)?.[1];
        if (name === undefined || !isRunenvName(name) || known.has(name)) continue;
        if (found.has(name)) continue;
        found.add(name);
        yield {
          message: `${printable(variable)} is set, but neither ${runenvVariable(name, "ACTIVATE")} nor …__EXECUTE: there is no runenv ${name}`,
          fix: `ENV ${runenvVariable(name, "EXECUTE")}=…, the command that runs a block`,
          ...line(subject, variable),
        };
      }
    },
  },
  {
    code: "runenv-version",
    severity: "error",
    title: "A runenv's version is a whole number",
    *check(subject) {
      for (const { name } of subject.runenvs) {
        const variable = runenvVariable(name, "VERSION");
        const value = subject.variables.get(variable);
        if (value === undefined || parseVersion(value.trim()) !== undefined) continue;
        const whole = /\d+/.exec(value)?.[0] ?? "1";
        yield {
          message: `${variable}=${printable(value)} is not a whole number from 0 on: every block is refused`,
          fix: setVariable(variable, whole),
          ...line(subject, variable),
        };
      }
    },
  },
  {
    code: "runenv-version-missing",
    severity: "warning",
    title: "Each runenv has a version",
    *check(subject) {
      for (const { name } of subject.runenvs) {
        const variable = runenvVariable(name, "VERSION");
        if (subject.variables.has(variable)) continue;
        const declared = subject.variables.has(runenvVariable(name, "EXECUTE"))
          ? runenvVariable(name, "EXECUTE")
          : runenvVariable(name, "ACTIVATE");
        yield {
          message: `${name} has no version: whichever is asked for is granted, and the image's name has none`,
          fix: setVariable(variable, "1"),
          ...line(subject, declared),
        };
      }
    },
  },
];
