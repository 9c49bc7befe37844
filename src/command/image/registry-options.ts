/** Options of the commands that ask a registry, in one table. */
import { readFile } from "node:fs/promises";
import { parseDuration } from "../../companion/duration.ts";
import { Failure } from "../../contract/failure.ts";
import type { Access } from "../../image/registry/client.ts";
import { printable } from "../../system/text.ts";
import type { CommandOption, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";

export const patienceOption = {
  timeout: {
    kind: "duration",
    value: "TIME",
    default: "60s",
    description: "How long a registry may be silent",
  },
} as const satisfies Record<string, CommandOption>;

export const registryOptions = {
  authority: {
    kind: "file",
    value: "FILE",
    description: "Trust the registry's own authority: certificates, PEM",
  },
  insecure: {
    kind: "flag",
    description:
      "Accept HTTP without TLS; this machine (localhost) needs no word for it",
  },
  ...patienceOption,
} as const satisfies Record<string, CommandOption>;

/** @throws Failure `option-value-invalid`, `duration-invalid` */
export async function accessFrom(
  words: CommandWords,
  { environment }: CommandContext,
): Promise<Access> {
  const authority = words.value("authority");
  return {
    environment,
    insecure: words.has("insecure"),
    patience: patienceFrom(words),
    ...(authority === undefined
      ? {}
      : { certificates: await certificatesIn(authority) }),
  };
}

/** @returns milliseconds @throws Failure `duration-invalid` */
export function patienceFrom(words: CommandWords): number {
  return parseDuration("timeout", words.value("timeout")!);
}

async function certificatesIn(file: string): Promise<string> {
  try {
    const text = await readFile(file, "utf8");
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
    throw new Error("it has no certificate in PEM");
  } catch (error) {
    throw new Failure(
      "option-value-invalid",
      `--authority: ${printable(file)}: ${printable((error as Error).message)}`,
      "name a file that begins with -----BEGIN CERTIFICATE-----",
    );
  }
}
