/**
 * EXECUTE: its words, its program as the activation leaves PATH, and who may start it.
 */
import { fileProblem, findProgram } from "#companion/program.ts";
import { who } from "#preflight/everybody.ts";
import { fileInPath, startProblem } from "#preflight/startable.ts";
import { isAbsolute } from "#system/paths.ts";
import { expandWords } from "../companion/words.ts";
import type { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import type { Lookup } from "../contract/references.ts";
import { printable } from "../system/text.ts";
import { type Finding, failed, ok, type Problem, warning } from "./finding.ts";

/** The variable that holds a runenv's EXECUTE. */
const variableOf = (runenv: string) => `DA__P7__RUNENV__${runenv}__EXECUTE`;

/** The program of EXECUTE's first word; nothing where no EXECUTE is declared. */
export function findExecute(
  runenv: string,
  environment: Environment,
): string | Failure | undefined {
  const lookup = (name: string) => environment.get(name);
  const variable = variableOf(runenv);
  if (lookup(variable) === undefined) return undefined;
  try {
    const program = programOf(variable, lookup);
    if (program) return findProgram(program, lookup);
    return new Failure(
      "exec-empty",
      `${variable} is empty`,
      `in the Dockerfile: ENV ${variable}=…, the command that runs a block`,
    );
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** The first word of its value. @throws Failure `words-quote` */
function programOf(variable: string, lookup: Lookup): string | undefined {
  return expandWords([`\${${variable}}`], lookup)[0];
}

/**
 * @param program as a block's user found it; or why not
 * @param environment as the activation left it
 */
export function checkExecute(
  runenv: string,
  program: string | Failure | undefined,
  environment: Environment,
): Finding {
  if (program === undefined)
    return ok("execute", "not declared: a task names its program itself");
  if (program instanceof Failure)
    return failed("execute", unfound(runenv, program, environment));
  const name = printable(program);
  if (!isAbsolute(program))
    return warning("execute", {
      message: `${name} is looked for in each block's own directory`,
      hint: "name a program of PATH, or give its whole path",
    });
  const lookup = (variable: string) => environment.get(variable);
  const problem = startProblem(program, lookup) ?? fileProblem(program);
  if (problem) return failed("execute", problem);
  return ok("execute", `${name}, ${who} may start it`);
}

/** It may be there, where this user cannot find it: then that is what is wrong. */
function unfound(runenv: string, failure: Failure, environment: Environment): Problem {
  if (!["program-not-found", "program-not-executable"].includes(failure.code))
    return failure;
  const lookup = (name: string) => environment.get(name);
  const file = fileInPath(programOf(variableOf(runenv), lookup) ?? "", lookup);
  return (file === undefined ? undefined : startProblem(file, lookup)) ?? failure;
}
