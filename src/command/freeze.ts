/** `sidecar freeze [NAME…]`: activations of this image, done once and for all. */
import { canFreeze } from "#companion/frozen-file.ts";
import type { Started } from "#system/start.ts";
import { frozenPath } from "../companion/frozen.ts";
import { findRunenv, type Runenv, runenvNames } from "../companion/runenv.ts";
import { Environment } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { needsShell } from "../contract/frozen-changes.ts";
import { isRunenvName } from "../contract/runenv-variables.ts";
import { checkFrozen, type FrozenActivation, freezeAll } from "../freezing/freeze.ts";
import { removePlaced } from "../freezing/place.ts";
import { printable } from "../system/text.ts";
import { unknownOption } from "./suggest.ts";

const seeHelp = "sidecar freeze --help shows how it is used";

type Order = {
  readonly what: "freeze" | "check" | "remove";
  /** Of runenvs; all where none is named. */
  readonly names: readonly string[];
  readonly inputs: readonly string[];
};

/** @returns sidecar's exit code @throws Failure */
export function freezeHere(
  words: readonly string[],
  started: Started,
  print: (text: string) => number,
): number {
  const order = orderOf(words);
  if (!canFreeze)
    throw new Failure(
      "freeze-impossible",
      "on Windows no activation can be frozen",
      "set the variables in a .env file: it needs no shell",
    );
  const environment = new Environment(started.environment);
  const runenvs = runenvsOf(order, environment);
  switch (order.what) {
    case "check":
      return print(lines(runenvs, (runenv) => checked(runenv, environment)));
    case "remove":
      return print(lines(runenvs, (runenv) => removed(runenv, environment)));
    case "freeze":
      return freeze(order, runenvs, started, print);
  }
}

/** @returns 128+n where signal n came before the end; nothing is changed then */
function freeze(
  { inputs }: Order,
  runenvs: readonly Runenv[],
  started: Started,
  print: (text: string) => number,
): number {
  const made = freezeAll(runenvs, inputs, started);
  if (typeof made === "number") return 128 + made;
  return print(
    lines(runenvs, (runenv) => {
      const one = made.find(({ runenv: name }) => name === runenv.name);
      return one ? described(one) : needsNone(runenv);
    }),
  );
}

function lines(
  runenvs: readonly Runenv[],
  describe: (runenv: Runenv) => string,
): string {
  return runenvs.map((runenv) => `${runenv.name}: ${describe(runenv)}`).join("\n");
}

function described(made: FrozenActivation): string {
  const { path, content, names, files, milliseconds } = made;
  const variables = names.length > 0 ? names.map(printable).join(", ") : "no variable";
  const watched = ["the value", ...files.map(printable)].join(", ");
  return (
    `frozen in ${printable(path)}, ${content.length} bytes: ${variables}; ` +
    `as long as these are the same: ${watched}; ` +
    `the shell took ${milliseconds.toFixed(1)} ms`
  );
}

function needsNone({ activate }: Runenv): string {
  return activate.trim() === ""
    ? "nothing to freeze: there is nothing to do"
    : "nothing to freeze: a .env file needs no shell";
}

function checked(runenv: Runenv, environment: Environment): string {
  if (!needsShell(runenv.activate)) return needsNone(runenv);
  checkFrozen(runenv, environment);
  return "frozen, and nothing has changed";
}

function removed({ name }: Runenv, environment: Environment): string {
  const path = frozenPath(name, environment);
  return path !== undefined && removePlaced(path)
    ? `${printable(path)} is removed`
    : "was not frozen";
}

/** @throws Failure `runenv-unknown`, … */
function runenvsOf({ names }: Order, environment: Environment): Runenv[] {
  const wanted = names.length > 0 ? names : runenvNames(environment);
  if (wanted.length === 0)
    throw new Failure(
      "freeze-impossible",
      "this image declares no runenv, so that there is nothing to freeze",
      "set DA__P7__RUNENV__<NAME>__ACTIVATE (ENV in a Dockerfile) before this command",
    );
  return [...new Set(wanted.map(runenvName))].map((name) =>
    findRunenv({ name, version: 0 }, environment),
  );
}

/** @throws Failure `runenv-invalid` */
function runenvName(word: string): string {
  const name = word.toUpperCase();
  if (isRunenvName(name)) return name;
  throw new Failure(
    "runenv-invalid",
    `'${printable(word)}' is not a runenv's name of letters, digits and _`,
    "write for example sidecar freeze COBOL; without a name all are frozen",
  );
}

/** @throws Failure `option-…` */
function orderOf(words: readonly string[]): Order {
  const names: string[] = [];
  const inputs: string[] = [];
  const flags = new Set<"check" | "remove">();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word === "--check" || word === "--remove")
      flags.add(word === "--check" ? "check" : "remove");
    else if (word.startsWith("--input=")) inputs.push(word.slice(8));
    else if (word === "--input") {
      at += 1;
      const value = words[at];
      if (value === undefined || value.startsWith("--"))
        throw new Failure(
          "option-value-missing",
          "--input needs a value",
          "write --input=FILE",
        );
      inputs.push(value);
    } else if (word.startsWith("-"))
      throw unknownOption(word.split("=", 1)[0]!, {
        names: ["check", "help", "input", "remove"],
        help: "sidecar freeze --help",
      });
    else names.push(word);
  }
  const [what = "freeze", another] = flags;
  if (another !== undefined || (what !== "freeze" && inputs.length > 0))
    throw new Failure(
      "option-conflict",
      another !== undefined
        ? "--check and --remove exclude each other"
        : `--input means nothing with --${what}`,
      seeHelp,
    );
  return { what, names, inputs };
}
