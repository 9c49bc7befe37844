/** What places offer and what blocks ask for: the commands of the catalogue. */
import { type CommandOption, parseCommand } from "./arguments.ts";
import * as advertise from "./catalogue/advertise.ts";
import * as choices from "./catalogue/choices.ts";
import * as features from "./catalogue/features.ts";
import * as resolve from "./catalogue/resolve.ts";
import type { Command, CommandContext } from "./command.ts";
import type { CatalogueCommandName } from "./commands.ts";
import { helpOf } from "./help.ts";

const commands: Record<CatalogueCommandName, Command> = {
  advertise,
  choices,
  features,
  resolve,
};

/** @returns sidecar's exit code @throws Failure */
export async function catalogueHere(
  name: CatalogueCommandName,
  words: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { syntax, run } = commands[name];
  return run(parseCommand(words, syntax), context);
}

export function catalogueHelp(name: CatalogueCommandName): Promise<string> {
  return helpOf(commands[name].syntax);
}

/** For completion: `--json`, `--format=slurm`. */
export function completedOptions(name: CatalogueCommandName): string[] {
  const options: [string, CommandOption][] = Object.entries(
    commands[name].syntax.options,
  );
  return [
    "--help",
    ...options.flatMap(([option, { choices }]) =>
      choices ? choices.map((choice) => `--${option}=${choice}`) : [`--${option}`],
    ),
  ];
}
