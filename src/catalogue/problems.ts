/** What is wrong with a variable, in the words of all that read one. */
import { printable } from "../system/text.ts";
import type { Place, Problem, ProblemCode } from "./capability.ts";

/** What a variable says. */
export type Entry = {
  readonly place?: Place;
  readonly problems: readonly Problem[];
};

export function invalid(variable: string, what: string, hint: string): Entry {
  return { problems: [problem("catalogue-invalid", [variable], what, hint)] };
}

export function ambiguous(variable: string, what: string, hint: string): Entry {
  return { problems: [problem("catalogue-ambiguous", [variable], what, hint)] };
}

const mostShown = 5;

/** @param repeated `(COBOL,42)`; each counts once */
export function repetition(variable: string, repeated: readonly string[]): Problem[] {
  if (repeated.length === 0) return [];
  const pairs = [...new Set(repeated)];
  const more = pairs.length > mostShown ? ` and ${pairs.length - mostShown} more` : "";
  const what = `it says ${pairs.slice(0, mostShown).join(", ")}${more} more than once`;
  return [problem("catalogue-duplicate", [variable], what, "say it once")];
}

const longestShown = 200;

/** What somebody wrote, in a message: enough of it to know it again. */
export function shown(text: string): string {
  if (text.length <= longestShown) return printable(text);
  return `${printable(text.slice(0, longestShown))}…`;
}

export function problem(
  code: ProblemCode,
  variables: readonly string[],
  what: string,
  hint: string,
): Problem {
  const message = `${variables.map(printable).join(" and ")}: ${what}`;
  return { code, variables, message, hint };
}
