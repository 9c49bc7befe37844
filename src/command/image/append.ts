/** `sidecar image append SOURCE -o OUT`: puts sidecar into an image. */
import { realpathSync } from "node:fs";
import { closeDescriptor } from "#system/descriptors.ts";
import { SystemError } from "#system/errors.ts";
import { parentOf } from "#system/paths.ts";
import { openPlain } from "#system/staging.ts";
import { Failure } from "../../contract/failure.ts";
import { parseReference } from "../../contract/image-reference.ts";
import { type AppendWishes, appending } from "../../image/append/append.ts";
import { Compressor } from "../../image/append/compression.ts";
import { withVariables } from "../../image/append/configuration.ts";
import { sidecarPath } from "../../image/append/contents.ts";
import { type Sidecar, sidecarFile } from "../../image/append/sidecar-file.ts";
import { writeOutput } from "../../image/archive/output.ts";
import type { ImageSource } from "../../image/model.ts";
import { openSource } from "../../image/source/open.ts";
import { runningExecutable } from "../../installation/install.ts";
import { printable } from "../../system/text.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import {
  computedNames,
  entriesJson,
  formOf,
  outputOptions,
  platformText,
  requireOutput,
} from "./output.ts";
import { progress } from "./progress.ts";
import { accessFrom, registryOptions } from "./registry-options.ts";

export const syntax = {
  name: "sidecar image append",
  usage: `sidecar image append SOURCE -o OUT [OPTION…]

Writes the image with one more layer, that has sidecar at ${sidecarPath}
and changes no directory above it. The same image gives the same bytes; a layer that
was appended before is replaced. All platforms get theirs. Attestations of buildx are
left out, and signatures no longer match: they were of the image before.`,
  options: {
    sidecar: {
      kind: "file",
      value: "FILE",
      repeatable: true,
      description: "Executables to put in, by platform; else this one",
    },
    env: {
      kind: "text",
      value: "NAME=VALUE",
      repeatable: true,
      description: "Set a variable in the image",
    },
    entrypoint: {
      kind: "flag",
      description: `Let ${sidecarPath} be what is started, without arguments`,
    },
    home: {
      kind: "flag",
      description: "Set HOME=/tmp/home, and make /tmp where there is none",
    },
    users: {
      kind: "flag",
      description: "Add user20000…user29999 to passwd and group of the image",
    },
    name: {
      kind: "text",
      value: "NAME[:TAG]",
      repeatable: true,
      description: "Name of the result; else the names that it has",
    },
    "compute-names": {
      kind: "flag",
      description: "Give it all names that it must carry (sidecar image names)",
    },
    ...outputOptions,
    ...registryOptions,
  },
  operands: ["SOURCE"],
  examples: [
    ["sidecar image append image.tar -o out.tar", "Sidecar, and nothing else"],
    [
      "sidecar image append image.tar -o out.tar --entrypoint --home --compute-names",
      "All that an image needs whose variables are set",
    ],
  ],
} as const satisfies CommandSyntax;

export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const path = requireOutput(words, syntax.name);
  const wishes = wishesOf(words);
  for (const name of words.values("name")) parseReference(name);
  requireSense(words);
  const opened: number[] = [];
  const source = await openSource(words.operands[0]!, await accessFrom(words, context));
  const compressor = new Compressor(parentOf(path));
  const shown = progress("appending");
  try {
    const sidecars = openSidecars(words.values("sidecar"), opened);
    const names = namesOf(source, wishes, words);
    const form = formOf(words, source);
    const change = appending(sidecars, wishes, compressor, shown.tell);
    const output = { path, form, ...(names ? { names } : {}) };
    const entries = await writeOutput(source, output, change);
    shown.end();
    if (!words.has("json")) return context.print(told(source, output));
    return context.print(JSON.stringify({ ...output, written: entriesJson(entries) }));
  } finally {
    shown.end();
    await compressor.close();
    opened.forEach(closeDescriptor);
    await source.close();
  }
}

/** @throws Failure `option-conflict` */
function requireSense(words: CommandWords): void {
  const isComputed = words.has("compute-names");
  const conflict = (what: string) =>
    new Failure("option-conflict", what, `${syntax.name} --help shows how it is used`);
  if (isComputed && words.values("name").length > 0)
    throw conflict("--name and --compute-names exclude each other");
  for (const option of ["repository", "tag"])
    if (!isComputed && words.values(option).length > 0)
      throw conflict(`--${option} means nothing without --compute-names`);
}

function wishesOf(words: CommandWords): AppendWishes {
  const home = words.has("home");
  const environment = words.values("env").map((line) => {
    const equals = line.indexOf("=");
    if (equals > 0) return [line.slice(0, equals), line.slice(equals + 1)] as const;
    throw new Failure(
      "option-value-invalid",
      `--env: ${printable(line)} is not NAME=VALUE`,
      "write --env=NAME=VALUE; nothing is taken from the environment here",
    );
  });
  return {
    environment: [...environment, ...(home ? [["HOME", "/tmp/home"] as const] : [])],
    ...(words.has("entrypoint") ? { entrypoint: sidecarPath } : {}),
    users: words.has("users"),
    temporary: home,
  };
}

function namesOf(source: ImageSource, wishes: AppendWishes, words: CommandWords) {
  const given = words.values("name");
  if (given.length > 0) return given;
  if (!words.has("compute-names")) return undefined;
  const variables = source.images.map(({ configuration }) =>
    withVariables(configuration.environment, wishes.environment),
  );
  return computedNames(variables, words);
}

/** @param opened gets the descriptors, to be closed */
function openSidecars(paths: readonly string[], opened: number[]): Sidecar[] {
  const named = paths.map((path) => {
    const descriptor = openFile(path);
    opened.push(descriptor);
    return sidecarFile(descriptor, path);
  });
  const twice = named.find(
    ({ architecture }, at) =>
      named.findIndex((other) => other.architecture === architecture) < at,
  );
  if (twice)
    throw new Failure(
      "option-conflict",
      `two files of --sidecar are for ${twice.architecture}`,
      "name one for each platform",
    );
  if (named.length > 0) return named;
  const { descriptor, path } = runningExecutable();
  opened.push(descriptor);
  return [sidecarFile(descriptor, path)];
}

/** @throws Failure `image-sidecar-invalid` */
function openFile(path: string): number {
  try {
    const descriptor = openPlain(realpathSync(path));
    if (!(descriptor instanceof SystemError)) return descriptor;
    throw descriptor;
  } catch (error) {
    throw new Failure(
      "image-sidecar-invalid",
      `${printable(path)} cannot be read: ${printable((error as Error).message)}`,
      "name the file dist/sidecar, or another that sidecar's release has",
    );
  }
}

function told(
  source: ImageSource,
  { path, form, names }: { path: string; form: string; names?: readonly string[] },
): string {
  const platforms = source.images.map(({ configuration }) =>
    platformText(configuration.platform),
  );
  return [
    `${printable(path)}, ${form}: ${sidecarPath} is in it, ` +
      `for ${[...new Set(platforms)].join(", ")}`,
    ...(names ?? []).map((name) => `name: ${name}`),
  ].join("\n");
}
