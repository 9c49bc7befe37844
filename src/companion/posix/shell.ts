/** A POSIX shell: how it is told what to do, and what of its environment counts. */

import { Environment, nameOf } from "../../contract/environment.ts";
import type { Start } from "../../system/posix/spawn.ts";
import { printable } from "../../system/text.ts";
import type { ShellPlan } from "../activation-file.ts";
import { quoted } from "./quoting.ts";

/**
 * What starts the shell such that it carries out the plan and hands its environment
 * over; its name, in its own messages, is that of the file or the variable.
 */
export function shellStart(
  { kind, text, shell }: ShellPlan,
  runenv: string,
  environment: Environment,
  address: string,
): Pick<Start, "words" | "environment"> {
  const script = kind === "script" ? `. ${quoted(text)}` : `eval ${quoted(text)}`;
  const name = kind === "script" ? text : `DA__P7__RUNENV__${runenv}__ACTIVATE`;
  const self = quoted(process.execPath);
  const last = `exec ${self} --internal-environment ${address} "$?"`;
  return {
    words: [...shell, "-c", `${script}\n${last}`, name],
    environment: environment.entries,
  };
}

/** Where the shell says it was: `FILE: 3: …` (dash), `FILE: line 3: …` (bash). */
export function complaint(lines: readonly string[]): string {
  for (const line of lines.toReversed()) {
    const match =
      /^(.+?): (?:line )?(\d+): /.exec(line) ?? /^(.+?)\[(\d+)\]: /.exec(line);
    if (match)
      return `; the shell complains about line ${match[2]} of ${printable(match[1]!)}`;
  }
  return "";
}

/** Variables that a shell sets for itself. */
const shellsOwn = ["SHLVL", "PWD", "OLDPWD", "_"];

/** The image's environment with what an activation made of it. */
export function carriedOver(
  before: Environment,
  answer: readonly string[],
): Environment {
  const entries: string[] = [];
  const unusual = new Set<string>();
  for (const entry of answer) {
    const name = nameOf(entry);
    if (name === undefined || isShellsOwn(name)) continue;
    entries.push(entry);
    if (!isShellName(name)) unusual.add(name);
  }
  for (const entry of before.entries) {
    const name = nameOf(entry);
    // Most shells drop what they could not have set; the image meant it.
    const isDropped = name === undefined || !(isShellName(name) || unusual.has(name));
    if (isDropped || isShellsOwn(name)) entries.push(entry);
  }
  return new Environment(entries);
}

/** What a shell sets for itself, and functions that it exports. */
function isShellsOwn(name: string): boolean {
  return shellsOwn.includes(name) || name.startsWith("BASH_FUNC_");
}

function isShellName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}
