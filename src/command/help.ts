/** Help for a command, made by yargs from the table that parseCommand reads. */
import yargs from "yargs";
import { isTerminal } from "#system/process.ts";
import type { CommandOption, CommandSyntax } from "./arguments.ts";

/** Characters of a line. */
export const helpWidth = () =>
  isTerminal(1) ? Math.min(process.stdout.columns || 88, 100) : 88;

export function helpOf(syntax: CommandSyntax): Promise<string> {
  const parser = yargs()
    .scriptName(syntax.name)
    .locale("en")
    .wrap(helpWidth())
    .usage(syntax.usage)
    .version(false)
    .help(true);
  for (const [name, option] of Object.entries(syntax.options))
    parser.option(name, describe(option));
  for (const [line, meaning] of syntax.examples) parser.example(line, meaning);
  return new Promise((resolve) => {
    parser.parse(["--help"], (_: unknown, __: unknown, text: string) => resolve(text));
  });
}

function describe(option: CommandOption) {
  const { description, value, choices } = option;
  const often = option.repeatable ? "; may be repeated" : "";
  return {
    description: `${description}${often}${value ? ` [${value}]` : ""}`,
    ...(choices ? { choices } : {}),
    ...(option.default === undefined
      ? {}
      : { defaultDescription: String(option.default) }),
  };
}
