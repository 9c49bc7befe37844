/** Everything that is not a block: help, version, completion, commands. By yargs. */
import yargs, { type Argv } from "yargs";
import { isTerminal } from "#system/process.ts";
import { restoreSignals } from "#system/signals.ts";
import type { Started } from "#system/start.ts";
import { writeAnswer } from "../companion/answer.ts";
import { formatDuration } from "../companion/duration.ts";
import { Log } from "../companion/log.ts";
import { runenvNames } from "../companion/runenv.ts";
import { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";
import {
  type CatalogueCommandName,
  type CommandName,
  commands,
  isCatalogueCommand,
} from "./commands.ts";
import { completions } from "./completions.ts";
import { installHere } from "./install.ts";
import { writtenLogFormat } from "./log-format.ts";
import { messageText } from "./messages.ts";
import { type Option, options } from "./options.ts";
import { unknownCommand } from "./suggest.ts";
import { versionText } from "./version.ts";

const usage = `sidecar [--runenv=(NAME,VERSION)] [OPTION…] --exec PROGRAM [ARGUMENT…]
sidecar COMMAND …

Runs a block: activates the runtime environment, sets HOME, redirects the streams,
supervises the block to its end and exits with its exit code. What follows --exec
belongs to the block; \${NAME} in it is replaced from the environment.`;

/** Each in one line, however narrow the terminal, so that it can be pasted. */
const examples = `Examples:
  # Run a COBOL block
  sidecar --runenv='(COBOL,42)' --exec '\${DA__P7__RUNENV__COBOL__EXECUTE}' a.cob
  # Both streams in one file, at most 15 minutes
  sidecar --stdout=out.txt --stderr=out.txt --timeout=15m --exec ./train.sh
  # Keep a record as JSON
  sidecar --result=result.json --exec python3 block.py
  # Say what would happen
  sidecar --explain --runenv='(COBOL,42)' --exec cobc`;

const exitCodes = `Exit code: the block's own; 128+n ended by signal n; 124 timeout;
123 activation failed; 125 refused before anything was run; 126/127 PROGRAM cannot be
executed / was not found.`;

const checkUsage = `sidecar check [--runenv=(NAME,VERSION)] [--json]

Says whether a block of any user id 20000–29999 would work here, in an image, a
container or a host, and what to do where it would not. Run it in "docker build".
Exit code: 0, or 1 where a check FAILED.`;

const installUsage = `sidecar install DEST

Copies this executable to the file DEST, or into the directory DEST as "sidecar", and
lets everybody start it. DEST is replaced in one step, and only by a copy that reads
back as it should; the same file is left alone.`;

const freezeUsage = `sidecar freeze [NAME…] [--input FILE]… | --check | --remove

Does the activations of this image's runenvs (all, or those named) and writes down what
they do to the environment. Blocks then need no shell for them, as long as the values
and the files are the same.`;

export { unknownOption } from "./suggest.ts";

/** @returns sidecar's exit code */
export async function people(started: Started): Promise<number> {
  // Here Ctrl-C ends sidecar as it ends any program; a check has to clean up first.
  if (started.arguments[0] !== "check") restoreSignals(started.signalMask);
  const environment = new Environment(started.environment);
  try {
    return await answer(started, environment);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [command, ...words] = started.arguments;
    const format = isCatalogueCommand(command!) ? writtenLogFormat(words) : "text";
    new Log({ format, quiet: false }, environment).failure(error);
    return error.exitCode;
  }
}

/** @throws Failure */
async function answer(started: Started, environment: Environment): Promise<number> {
  const words = [...started.arguments];
  const command = words[0]!;
  if (!command.startsWith("-") && !Object.hasOwn(commands, command))
    throw unknownCommand(command);
  if (command.startsWith("-") && words.includes("--version"))
    return print(versionText(words, started.launcher));
  if (words.includes("--get-yargs-completions")) {
    const typed = words.slice(words.indexOf("--get-yargs-completions") + 2);
    const known = await optionsOf(typed[0]);
    return print(completions(typed, runenvNames(environment), known).join("\n"));
  }
  if (words.includes("--help") || words.includes("-h")) {
    if (command === "image")
      return print(await (await import("./image.ts")).imageHelp(words.slice(1)));
    if (isCatalogueCommand(command))
      return print(await (await import("./catalogue.ts")).catalogueHelp(command));
    const topic = words.filter((word) => Object.hasOwn(commands, word));
    return print(await helpFor(describe(environment), topic));
  }
  // Here there may be work for which compiling pays (scripts/compile-flags.ts).
  if (command === "image" || isCatalogueCommand(command)) Bun.unsafe.setJITPolicy(1);
  if (isCatalogueCommand(command)) {
    const { catalogueHere } = await import("./catalogue.ts");
    return catalogueHere(command, words.slice(1), { environment, print });
  }
  switch (command as Exclude<CommandName, CatalogueCommandName>) {
    case "check":
      return (await import("./check.ts")).checkHere(
        words.slice(1),
        started,
        environment,
        print,
      );
    case "completion":
      return print(completionScript(environment, shellOf(words.slice(1), environment)));
    case "freeze": {
      const { freezeHere } = await import("./freeze.ts");
      return freezeHere(words.slice(1), started, print);
    }
    case "image": {
      const { imageHere } = await import("./image.ts");
      return imageHere(words.slice(1), environment, print);
    }
    case "install":
      return installHere(words.slice(1), started, print);
    case "messages":
      return print(messageText(words.slice(1)));
  }
}

/** The options of a command whose table is loaded for it. */
async function optionsOf(command: string | undefined): Promise<readonly string[]> {
  if (command === undefined || !isCatalogueCommand(command)) return [];
  return (await import("./catalogue.ts")).completedOptions(command);
}

function describe(environment: Environment): Argv {
  const columns = Number(environment.get("COLUMNS")) || process.stdout.columns || 88;
  const parser = yargs()
    .scriptName("sidecar")
    .locale("en")
    .wrap(Math.min(isTerminal(1) ? columns : 88, 100))
    .usage(usage)
    .option("exec", {
      global: false,
      description: "Ends the options; PROGRAM and its ARGUMENTs follow",
    })
    .version(false)
    .option("version", {
      global: false,
      description: "Show version, commit and Bun; with --verbose all about this build",
    })
    .help(true)
    .completion("completion", commands.completion)
    .command("advertise", commands.advertise)
    .command("check", commands.check, (command) =>
      command
        .usage(checkUsage)
        .option("runenv", {
          description: "Check this runenv only, and that it is there [(NAME,VERSION)]",
        })
        .option("json", { description: "Print one JSON object (docs/check.md)" })
        .example("sidecar check", "All runenvs that the environment declares")
        .example("sidecar check --runenv=COBOL,42", "This one, in 42 or later"),
    )
    .command("choices", commands.choices)
    .command("features", commands.features)
    .command("freeze [names..]", commands.freeze, (command) =>
      command
        .usage(freezeUsage)
        .option("input", {
          description: "A file that must not change either; may be repeated [FILE]",
        })
        .option("check", {
          description: "Only see whether all are frozen and nothing has changed",
        })
        .option("remove", { description: "Undo it" })
        .example("RUN sidecar freeze", "In a Dockerfile, behind ENV")
        .example("sidecar freeze PYTHON3 --input /etc/tool.conf", "One of them"),
    )
    .command("image <command>", commands.image)
    .command("install <dest>", commands.install, (command) =>
      command
        .usage(installUsage)
        .example("sidecar install /shared/", "As /shared/sidecar, for a container")
        .example("sidecar install ~/bin/sidecar-0.1", "Under a name of its own"),
    )
    .command("messages [code]", commands.messages, (command) =>
      command
        .usage("sidecar messages [CODE]\n\nExplains the word in brackets of a message.")
        .example("sidecar messages runenv-unknown", "What it means and what to do"),
    )
    .command("resolve", commands.resolve)
    .epilog(`${examples}\n\n${exitCodes}`);
  for (const [name, option] of Object.entries<Option>(options))
    parser.option(name, {
      global: false, // it is for blocks; no command takes it
      description: option.value
        ? `${option.description} [${option.value}]`
        : option.description,
      ...(option.choices ? { choices: option.choices } : {}),
      ...(option.default === undefined
        ? {}
        : { defaultDescription: describeDefault(option.default) }),
    });
  return parser;
}

function describeDefault(value: string | number): string {
  return typeof value === "number" ? formatDuration(value) : value;
}

async function helpFor(parser: Argv, topic: readonly string[]): Promise<string> {
  if (topic[0] === "completion") return completionHelp;
  return new Promise((resolve) => {
    parser.parse([...topic, "--help"], (_: unknown, __: unknown, text: string) =>
      resolve(text),
    );
  });
}

const completionHelp = `sidecar completion [bash|zsh]

${commands.completion}.
Without a name, for the shell in SHELL.

Examples:
  source <(sidecar completion bash)                      for this shell
  sidecar completion zsh > ~/.zsh/completions/_sidecar   for every zsh from now on`;

const completedShells = ["bash", "zsh"];

/** @throws Failure `argument-unexpected`, `option-value-invalid` */
function shellOf(
  [named, another]: readonly string[],
  environment: Environment,
): string {
  const hint = "write sidecar completion bash, or zsh";
  if (another !== undefined)
    throw new Failure(
      "argument-unexpected",
      `sidecar completion takes one shell; ${printable(another)} is one too many`,
      hint,
    );
  if (named === undefined) return environment.get("SHELL") ?? "";
  if (completedShells.includes(named)) return named;
  const problem = `there is no completion for ${printable(named)}`;
  throw new Failure("option-value-invalid", problem, hint);
}

/** The script of yargs; it calls `sidecar --get-yargs-completions` when TAB is hit. */
function completionScript(environment: Environment, shell: string): string {
  // yargs looks for the shell in the environment, when it is made: the launcher hides
  // the real one, so this is the only one it sees.
  process.env["SHELL"] = shell;
  const parser = describe(environment);
  const lines: string[] = [];
  const write = console.log;
  console.log = (line: string) => lines.push(line);
  try {
    // @types/yargs does not know the parameters: script name, command (yargs/api.md).
    const show = parser.showCompletionScript as (name: string, command: string) => void;
    show.call(parser, "sidecar", "completion");
  } finally {
    console.log = write;
  }
  return lines.join("\n").trimEnd();
}

/** @returns sidecar's exit code @throws Failure `output-unwritable` */
function print(text: string): number {
  writeAnswer(`${text}\n`);
  return 0;
}
