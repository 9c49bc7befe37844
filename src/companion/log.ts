/** Sidecar's own messages: one form for people, one for programs. */

import { writeAll } from "#system/descriptors.ts";
import { isTerminal } from "#system/process.ts";
import type { Environment } from "../contract/environment.ts";
import type { Failure, Notice } from "../contract/failure.ts";
import { encode } from "../system/text.ts";

export type LogFormat = "text" | "json";

export type LogOptions = {
  readonly format: LogFormat;
  /** Only errors. */
  readonly quiet: boolean;
};

type Message = {
  readonly level: "error" | "warning";
  readonly code: string;
  readonly message: string;
  readonly hint: string;
};

const standardError = 2;

export class Log {
  readonly #options: LogOptions;
  readonly #environment: Environment;
  #isSilent = false;

  constructor(options: LogOptions, environment: Environment) {
    this.#options = options;
    this.#environment = environment;
  }

  failure({ code, message, hint }: Failure): void {
    this.#write({ level: "error", code, message, hint });
  }

  notice(notice: Notice): void {
    if (this.#options.quiet && notice.level !== "error") return;
    this.#write(notice);
  }

  /** Nobody reads what is written to standard error, and the writer would wait. */
  silence(): void {
    this.#isSilent = true;
  }

  #write(message: Message): void {
    if (this.#isSilent) return;
    const text =
      this.#options.format === "json"
        ? jsonMessage(message, new Date())
        : textMessage(
            message,
            isColoured(this.#environment, isTerminal(standardError)),
          );
    try {
      writeAll(standardError, encode(text));
    } catch {
      // There is nobody left to tell.
    }
  }
}

/** See no-color.org: NO_COLOR, set to anything but "", asks for plain text. */
export function isColoured(environment: Environment, terminal: boolean): boolean {
  return terminal && !environment.get("NO_COLOR") && environment.get("TERM") !== "dumb";
}

function textMessage(message: Message, coloured: boolean): string {
  const word = `${message.level}[${message.code}]`;
  const colour = message.level === "error" ? "31" : "33";
  const shown = coloured ? `\x1b[1;${colour}m${word}\x1b[0m` : word;
  return `sidecar: ${shown}: ${message.message}\n  ${message.hint}\n`;
}

function jsonMessage(message: Message, time: Date): string {
  const { level, code, message: text, hint } = message;
  const fields = { time: time.toISOString(), level, code, message: text, hint };
  return `${JSON.stringify(fields, (_, value) =>
    typeof value === "string" ? value.toWellFormed() : value,
  )}\n`;
}
