/**
 * The command line of a command that is no block's: a table of options, and operands.
 * Help and completion read the same table.
 */
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";
import type { Option } from "./options.ts";
import { unknownOption } from "./suggest.ts";

export type CommandOption = Option & {
  /** It may be given more than once. */
  readonly repeatable?: boolean;
};

export type CommandSyntax = {
  /** As it is called: "sidecar image lint". */
  readonly name: string;
  /** For help: "sidecar image lint SOURCE [OPTION…]", and what it does. */
  readonly usage: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** What its operands are called, in order; all of them are needed. */
  readonly operands: readonly string[];
  /** Command lines, and what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
};

export type CommandWords = {
  readonly operands: readonly string[];
  readonly has: (flag: string) => boolean;
  /** The value of an option, or the table's default. */
  readonly value: (option: string) => string | undefined;
  readonly values: (option: string) => readonly string[];
};

/** @throws Failure `argument-…`, `option-…` */
export function parseCommand(
  words: readonly string[],
  syntax: CommandSyntax,
): CommandWords {
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  const seeHelp = `${syntax.name} --help shows how it is used`;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word === "--") {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const written = equals < 0 ? word : word.slice(0, equals);
    const name = written === "-o" ? "output" : written.replace(/^--/, "");
    const option = Object.hasOwn(syntax.options, name)
      ? syntax.options[name]
      : undefined;
    if (!option || (!written.startsWith("--") && written !== "-o"))
      throw unknownOption(written, {
        names: ["help", ...Object.keys(syntax.options)],
        help: `${syntax.name} --help`,
      });
    if (given.has(name) && !option.repeatable)
      throw new Failure("option-repeated", `--${name} is given twice`, "give it once");
    const values = given.get(name) ?? [];
    given.set(name, values);
    if (option.kind === "flag") {
      if (equals >= 0) throw invalid(name, "takes no value", seeHelp);
      continue;
    }
    if (equals < 0) at += 1;
    const value = equals < 0 ? words[at] : word.slice(equals + 1);
    if (value === undefined || (equals < 0 && value.startsWith("--")))
      throw new Failure(
        "option-value-missing",
        `--${name} needs a value`,
        `write --${name}=${option.value}; ${seeHelp}`,
      );
    if (option.choices && !option.choices.includes(value)) {
      const choices = option.choices.join(", ");
      throw invalid(name, `is one of ${choices}, not ${printable(value)}`, seeHelp);
    }
    if (value === "") throw invalid(name, "is empty", seeHelp);
    values.push(value);
  }
  requireOperands(operands, syntax, seeHelp);
  const values = (option: string) => given.get(option) ?? [];
  return {
    operands,
    has: (flag) => given.has(flag),
    value: (option) => {
      const chosen = values(option)[0] ?? syntax.options[option]?.default;
      return chosen === undefined ? undefined : String(chosen);
    },
    values,
  };
}

function requireOperands(
  operands: readonly string[],
  syntax: CommandSyntax,
  seeHelp: string,
): void {
  const missing = syntax.operands[operands.length];
  if (missing !== undefined)
    throw new Failure(
      "argument-missing",
      `${syntax.name} needs ${missing}`,
      `write ${syntax.name} ${syntax.operands.join(" ")}; ${seeHelp}`,
    );
  const unexpected = operands[syntax.operands.length];
  if (unexpected !== undefined)
    throw new Failure(
      "argument-unexpected",
      `${syntax.name} takes ${syntax.operands.join(" ") || "options only"}; ` +
        `${printable(unexpected)} is one too many`,
      `a name with blanks in it needs quotes; ${seeHelp}`,
    );
  const empty = syntax.operands[operands.indexOf("")];
  if (empty !== undefined)
    throw new Failure("option-value-invalid", `${empty} is empty`, seeHelp);
}

function invalid(name: string, what: string, seeHelp: string): Failure {
  return new Failure("option-value-invalid", `--${name} ${what}`, seeHelp);
}
