/** The options that say what a block asks for. */
import type { Request } from "../../catalogue/request.ts";
import { type Manifest, readManifest } from "../../catalogue/sources/manifest.ts";
import {
  type Read,
  readHostName,
  readOperatingSystem,
  readWantedFeature,
  type WantedFeature,
} from "../../catalogue/words.ts";
import { Failure } from "../../contract/failure.ts";
import { parseRunenv } from "../../contract/runenv-request.ts";
import { printable } from "../../system/text.ts";
import type { CommandOption, CommandWords } from "../arguments.ts";
import { readText, shownName } from "./texts.ts";

export const requestOptions = {
  runenv: {
    kind: "text",
    value: "(NAME,VERSION)",
    description: "The runenv that the block needs, in this version or later",
  },
  require: {
    kind: "text",
    value: "(NAME,VERSION)",
    description:
      "A feature that it needs; NAME alone: in any version. The first that can be had " +
      "is taken",
    repeatable: true,
  },
  manifest: {
    kind: "file",
    value: "FILE",
    description: "The block's manifest: runenv, os, required_feature (JSON or YAML)",
  },
  os: { kind: "text", value: "OS", description: "Linux or Windows; else either" },
  "extension-node": {
    kind: "text",
    value: "NAME",
    description: "Only this extension node; else wherever it can run",
  },
} as const satisfies Record<string, CommandOption>;

/**
 * What is said on the command line goes before what the manifest says.
 * @throws Failure `catalogue-file-unreadable`, `manifest-invalid`, `…-invalid`, and
 *   `argument-missing` where nothing says the runenv
 */
export async function requestFrom(words: CommandWords): Promise<Request> {
  const file = words.value("manifest");
  const manifest: Manifest =
    file === undefined
      ? { requiredFeature: [] }
      : readManifest(await readText(file), shownName(file));
  const runenv = runenvFrom(words) ?? manifest.runenv;
  if (!runenv)
    throw new Failure(
      "argument-missing",
      "nothing says which runenv is needed",
      "write --runenv=(NAME,VERSION), for example --runenv=(PYTHON3,42)" +
        (file === undefined ? "" : `, or say runenv in ${printable(file)}`),
    );
  const chosen = requiredFrom(words);
  const os = optional(words, "os", readOperatingSystem) ?? manifest.os;
  const extensionNode =
    optional(words, "extension-node", readHostName) ?? manifest.extensionNode;
  return {
    runenv,
    required: chosen.length > 0 ? chosen : manifest.requiredFeature,
    ...(os === undefined ? {} : { os }),
    ...(extensionNode === undefined ? {} : { extensionNode }),
  };
}

function runenvFrom(words: CommandWords) {
  const text = words.value("runenv");
  return text === undefined ? undefined : parseRunenv(text);
}

function requiredFrom(words: CommandWords): WantedFeature[] {
  return words.values("require").map((text) => {
    const read = readWantedFeature(text);
    if ("value" in read) return read.value;
    throw new Failure(
      "require-invalid",
      `--require=${printable(text)}: ${read.problem}`,
      "write --require=(NAME,VERSION), for example --require=(ABAQUS,v42), or a name",
    );
  });
}

function optional<Value>(
  words: CommandWords,
  option: "os" | "extension-node",
  read: (text: string) => Read<Value>,
): Value | undefined {
  const text = words.value(option);
  if (text === undefined) return undefined;
  const result = read(text);
  if ("value" in result) return result.value;
  throw new Failure(
    "option-value-invalid",
    `--${option}: ${result.problem}`,
    `write --${option}=${option === "os" ? "Linux" : "mylinuxhost"}`,
  );
}
