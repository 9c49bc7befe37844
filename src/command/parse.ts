/** The command line of a block, read in a few lines: nothing is loaded for it. */
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";
import { type Given, type Option, options } from "./options.ts";

export type Parsed = {
  readonly given: Given;
  /** PROGRAM and its ARGUMENTs, as they came. */
  readonly words: readonly string[];
};

/** An option that is not in the table; command/suggest.ts says which was meant. */
export class UnknownOption extends Error {
  constructor(readonly option: string) {
    super(option);
  }
}

const seeHelp = "sidecar --help shows how it is used";

/** @throws Failure `option-…`, `exec-missing`, `exec-empty`; UnknownOption */
export function parseBlock(words: readonly string[]): Parsed {
  const given: Record<string, string | true> = {};
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word === "--exec") return { given, words: program(words.slice(at + 1)) };
    if (!word.startsWith("--")) throw stray(word);
    const equals = word.indexOf("=");
    const name = word.slice(2, equals < 0 ? undefined : equals);
    if (name === "exec")
      return { given, words: program([word.slice(7), ...words.slice(at + 1)]) };
    const option: Option | undefined = Object.hasOwn(options, name)
      ? options[name as keyof typeof options]
      : undefined;
    if (!option) throw new UnknownOption(`--${name}`);
    if (Object.hasOwn(given, name))
      throw new Failure("option-repeated", `--${name} is given twice`, "give it once");
    if (option.kind === "flag") {
      if (equals >= 0) throw invalid(name, "takes no value");
      given[name] = true;
      continue;
    }
    if (equals < 0) at += 1;
    const value = equals < 0 ? words[at] : word.slice(equals + 1);
    // What looks like an option is one: a value was forgotten. With = it can be given.
    if (value === undefined || (equals < 0 && value.startsWith("--")))
      throw new Failure(
        "option-value-missing",
        `--${name} needs a value`,
        `write --${name}=${option.value}`,
      );
    if (option.choices && !option.choices.includes(value))
      throw invalid(name, `is ${option.choices.join(" or ")}, not ${printable(value)}`);
    if (value === "" && (option.kind === "file" || option.kind === "directory"))
      throw invalid(name, "is empty");
    given[name] = value;
  }
  throw new Failure(
    "exec-missing",
    "there is no --exec, so there is nothing to run",
    `write --exec PROGRAM [ARGUMENT…] behind the options; ${seeHelp}`,
  );
}

function program(words: readonly string[]): readonly string[] {
  if (words.length > 0 && words[0] !== "") return words;
  throw new Failure(
    "exec-empty",
    words.length === 0 ? "no PROGRAM follows --exec" : "PROGRAM is an empty word",
    "write --exec PROGRAM [ARGUMENT…]",
  );
}

function stray(word: string): Failure | UnknownOption {
  if (word.startsWith("-") && word !== "-") return new UnknownOption(word);
  return new Failure(
    "option-value-invalid",
    `'${printable(word)}' stands before --exec, where only options may`,
    `a value follows its option; PROGRAM and its arguments follow --exec; ${seeHelp}`,
  );
}

function invalid(name: string, what: string): Failure {
  return new Failure("option-value-invalid", `--${name} ${what}`, seeHelp);
}
