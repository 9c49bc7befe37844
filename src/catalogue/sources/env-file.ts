/**
 * The catalogue's variables in a `.env` file, in the form that activation files have
 * (contract/envfile.ts): a value needs no quotes, `;`, `(`, `)` and blanks in it are
 * what they are, and `${NAME}` is replaced from the lines before or from outside.
 */
import { readEnvLines } from "../../contract/envfile.ts";
import type { Lookup } from "../../contract/references.ts";
import { printable } from "../../system/text.ts";
import type { Problem } from "../capability.ts";
import { isPlaceVariable } from "../place-variables.ts";
import { problem } from "../problems.ts";
import {
  contestedHint,
  exampleValue,
  type SourceVariables,
  variablePrefix,
} from "./variables.ts";

/** Characters: what a variable can have (MAX_ARG_STRLEN). A few ${…} could ask for more. */
const longest = 1 << 17;

type Line = { readonly value: string; readonly line: number };

/**
 * @param file for messages
 * @param lookup the variables outside of the file
 */
export function readEnvVariables(
  text: string,
  file: string,
  lookup: Lookup,
): SourceVariables {
  const found = new Map<string, Line>();
  const problems: Problem[] = [];
  const contested = new Map<string, readonly [one: Line, other: Line]>();
  readEnvLines(
    text,
    (name) => found.get(name)?.value ?? lookup(name),
    (name, value, line) => {
      if (value.length > longest) {
        const what = `makes a value of more than ${longest} characters`;
        problems.push(badLine(`${printable(file)}:${line}`, what, name));
        return;
      }
      const before = found.get(name);
      if (before && before.value !== value && isPlaceVariable(name))
        contested.set(name, [before, { value, line }]);
      found.set(name, { value, line });
    },
    (line, what, name) =>
      problems.push(badLine(`${printable(file)}:${line}`, what, name)),
  );
  for (const [name, [one, other]] of contested)
    problems.push(
      problem(
        "catalogue-duplicate",
        [name],
        `it has different values in ${printable(file)}:${one.line} and ` +
          `${printable(file)}:${other.line}, which counts`,
        contestedHint,
      ),
    );
  const variables: (readonly [string, string])[] = [];
  for (const [name, { value }] of found)
    if (name.startsWith(variablePrefix)) variables.push([name, value]);
  return { variables, removed: [], problems };
}

const exampleName = "DA__P7__PCLUSTER__CALC_IMAGE__COBOL";

function badLine(where: string, what: string, name: string | undefined): Problem {
  const isOurs = name?.startsWith(variablePrefix);
  const example = name !== undefined && isPlaceVariable(name) ? name : exampleName;
  const isReference = what.startsWith("holds ");
  // What others keep in such a file is nobody's business.
  const shown = isOurs ? what : what.replace(/^holds .*/s, "holds a bad ${…}");
  const whose = name === undefined ? "" : `${printable(name)}: `;
  return {
    code: "catalogue-invalid",
    variables: name === undefined ? [] : [name],
    message: `${whose}${where}: the line ${shown}`,
    hint:
      `write NAME=VALUE, for example ${printable(example)}=${exampleValue(example)}` +
      (isReference ? "; for the characters ${ write $${" : ""),
  };
}
