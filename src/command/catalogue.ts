/**
 * The commands that tell what places offer and what blocks ask for. They come with
 * people.ts: a piece of the executable for a few kilobytes would cost each block's start
 * more than they cost whoever asks for help.
 */
import type { Environment } from "../contract/environment.ts";
import * as advertise from "./advertise.ts";
import { type CommandSyntax, type CommandWords, parseCommand } from "./arguments.ts";
import { helpOf } from "./help.ts";

export type CatalogueContext = {
  readonly environment: Environment;
  /** Writes text and a line's end to standard output. @returns an exit code, 0 */
  readonly print: (text: string) => number;
};

/** What the file of each of these commands exports. */
type CatalogueCommand = {
  readonly syntax: CommandSyntax;
  /** @returns sidecar's exit code @throws Failure */
  readonly run: (words: CommandWords, context: CatalogueContext) => number;
};

const catalogueCommands = { advertise } as const satisfies Record<
  string,
  CatalogueCommand
>;

export type CatalogueCommandName = keyof typeof catalogueCommands;

export function isCatalogueCommand(name: string): name is CatalogueCommandName {
  return Object.hasOwn(catalogueCommands, name);
}

/** @returns sidecar's exit code @throws Failure */
export function catalogueHere(
  name: CatalogueCommandName,
  words: readonly string[],
  context: CatalogueContext,
): number {
  const { syntax, run } = catalogueCommands[name];
  return run(parseCommand(words, syntax), context);
}

export function catalogueHelp(name: CatalogueCommandName): Promise<string> {
  return helpOf(catalogueCommands[name].syntax);
}
