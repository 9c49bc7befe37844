/** The catalogue from where the options say it is, and what is wrong with it, told. */
import type { Catalogue, Problem } from "../../catalogue/capability.ts";
import { readCatalogue } from "../../catalogue/catalogue.ts";
import { Log, type LogFormat } from "../../companion/log.ts";
import type { CommandOption, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { readSources, sourceOptions } from "./sources.ts";

export const logOption = {
  log: {
    kind: "text",
    value: "FORMAT",
    choices: ["text", "json"],
    default: "text",
    description: "How it is told what is wrong with variables, on standard error",
  },
} as const satisfies Record<string, CommandOption>;

export const catalogueOptions = { ...sourceOptions, ...logOption };

/** Whatever is wrong hides nothing else. @throws Failure */
export async function catalogueFrom(
  words: CommandWords,
  context: CommandContext,
): Promise<Catalogue> {
  const { variables, places, problems } = await readSources(words, context.environment);
  const catalogue = readCatalogue(variables, places);
  const all = [...problems, ...catalogue.problems];
  tell(all, words, context);
  return { places: catalogue.places, problems: all };
}

export function tell(
  problems: readonly Problem[],
  words: CommandWords,
  { environment }: CommandContext,
): void {
  const format = (words.value("log") ?? "text") as LogFormat;
  const log = new Log({ format, quiet: false }, environment);
  for (const { code, message, hint } of problems)
    log.notice({ level: "warning", code, message, hint });
}
