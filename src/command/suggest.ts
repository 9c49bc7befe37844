/** The nearest known word to one that is not known. */
import { closest, distance } from "fastest-levenshtein";
import { Failure } from "../contract/failure.ts";
import { printable } from "../system/text.ts";
import { commands } from "./commands.ts";
import { options } from "./options.ts";

/** The most letters in which a word may differ to be taken for a slip. */
const slip = 3;

export function nearest(word: string, known: readonly string[]): string | undefined {
  const candidate = closest(word, known);
  return distance(word, candidate) <= Math.min(slip, word.length / 2)
    ? candidate
    : undefined;
}

const ofBlocks: Known = {
  names: ["exec", "help", "version", ...Object.keys(options)],
  otherwise: "sidecar --help lists all options; those of PROGRAM stand behind --exec",
  help: "sidecar --help",
};

/** The options that are known in a place, and what to say where none is near. */
export type Known = {
  readonly names: readonly string[];
  /** The command that lists them. */
  readonly help: string;
  readonly otherwise?: string;
};

export function unknownOption(option: string, known: Known = ofBlocks): Failure {
  const seeHelp = `${known.help} shows how it is used`;
  // Known, and yet not as it was written: --version=3.
  if (known.names.some((name) => option === `--${name}`))
    return new Failure("option-value-invalid", `${option} takes no value`, seeHelp);
  const meant = nearest(
    option,
    known.names.map((name) => `--${name}`),
  );
  return new Failure(
    "option-unknown",
    `there is no option ${printable(option)}`,
    meant
      ? `did you mean ${meant}? ${known.help} lists all`
      : (known.otherwise ?? seeHelp),
  );
}

export function unknownCommand(command: string): Failure {
  const meant = nearest(command, Object.keys(commands));
  return new Failure(
    "command-unknown",
    `there is no command ${printable(command)}`,
    meant
      ? `did you mean sidecar ${meant}? To run a program: sidecar --exec PROGRAM`
      : "to run a program: sidecar --exec PROGRAM; sidecar --help lists the commands",
  );
}
