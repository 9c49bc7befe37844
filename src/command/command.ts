/** What a command with a table of options is, and what it is given. */
import type { Environment } from "../contract/environment.ts";
import type { CommandSyntax, CommandWords } from "./arguments.ts";

export type CommandContext = {
  readonly environment: Environment;
  /** Writes text and a line's end to standard output. @returns an exit code, 0 */
  readonly print: (text: string) => number;
};

/** What each file of `image/` and `catalogue/` exports. */
export type Command = {
  readonly syntax: CommandSyntax;
  /** @returns sidecar's exit code @throws Failure */
  readonly run: (words: CommandWords, context: CommandContext) => Promise<number>;
};
