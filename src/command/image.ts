/** `sidecar image COMMAND …`: tools for whoever makes images; no engine is needed. */
import yargs from "yargs";
import type { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";
import { parseCommand } from "./arguments.ts";
import { helpOf, helpWidth } from "./help.ts";
import { type ImageCommandName, imageCommands } from "./image/commands.ts";
import { nearest } from "./suggest.ts";

const seeHelp = "sidecar image --help lists the commands";

/** @returns sidecar's exit code @throws Failure */
export async function imageHere(
  words: readonly string[],
  environment: Environment,
  print: (text: string) => number,
): Promise<number> {
  const [name, ...others] = words;
  if (name === undefined)
    throw new Failure(
      "argument-missing",
      "sidecar image needs a command",
      `write sidecar image COMMAND …; ${seeHelp}`,
    );
  const { syntax, run } = imageCommands[requireName(name)].command;
  return run(parseCommand(others, syntax), { environment, print });
}

/** What `sidecar image [COMMAND] --help` prints. @throws Failure */
export async function imageHelp(words: readonly string[]): Promise<string> {
  const name = words.find((word) => !word.startsWith("-"));
  if (name === undefined) return overview();
  return helpOf(imageCommands[requireName(name)].command.syntax);
}

function requireName(name: string): ImageCommandName {
  if (Object.hasOwn(imageCommands, name)) return name as ImageCommandName;
  const meant = nearest(name, Object.keys(imageCommands));
  throw new Failure(
    "command-unknown",
    `there is no command sidecar image ${printable(name)}`,
    meant ? `did you mean sidecar image ${meant}?` : seeHelp,
  );
}

function overview(): Promise<string> {
  const parser = yargs()
    .scriptName("sidecar image")
    .locale("en")
    .wrap(helpWidth())
    .usage("sidecar image COMMAND …\n\nTools for container images, without an engine.")
    .version(false)
    .help(true);
  for (const [name, { description }] of Object.entries(imageCommands))
    parser.command(name, description);
  return new Promise((resolve) => {
    parser.parse(["--help"], (_: unknown, __: unknown, text: string) => resolve(text));
  });
}
