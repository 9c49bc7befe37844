/** `sidecar messages [CODE]`: the page docs/messages.md, at hand where sidecar is. */
import page from "../../docs/messages.md" with { type: "text" };
import type { Environment } from "../companion/environment.ts";
import { Failure, failureExitCodes, noticeCodes } from "../companion/failure.ts";
import { Log } from "../companion/log.ts";
import { printable } from "../system/text.ts";
import { nearest } from "./suggest.ts";

export function explainMessages(
  [code]: readonly string[],
  environment: Environment,
  print: (text: string) => number,
): number {
  const known = [...Object.keys(failureExitCodes), ...noticeCodes].sort();
  if (code === undefined) return print(known.join("\n"));
  if (known.includes(code)) return print(sectionOf(page, code));
  const meant = nearest(code, known);
  const failure = new Failure(
    "option-value-invalid",
    `there is no message ${printable(code)}`,
    meant ? `did you mean ${meant}?` : "sidecar messages lists all",
  );
  new Log({ format: "text", quiet: false }, environment).failure(failure);
  return failure.exitCode;
}

/** The part of the page below the heading that is the code. */
function sectionOf(text: string, code: string): string {
  const start = text.indexOf(`### ${code}\n`);
  const end = text.slice(start + 4).search(/^#/m);
  return text.slice(start + 4, end < 0 ? undefined : start + 4 + end).trim();
}
