/** `sidecar messages [CODE]`: the page docs/messages.md, at hand where sidecar is. */
import page from "../../docs/messages.md" with { type: "text" };
import { Failure, failureExitCodes, noticeCodes } from "../contract/failure.ts";
import { printable } from "../system/text.ts";
import { nearest } from "./suggest.ts";

/** The page's section of a code, or without one all codes. @throws Failure */
export function messageText([code, another]: readonly string[]): string {
  if (another !== undefined)
    throw new Failure(
      "argument-unexpected",
      `sidecar messages takes one CODE; ${printable(another)} is one too many`,
      "sidecar messages lists all",
    );
  const known = [...Object.keys(failureExitCodes()), ...noticeCodes].sort();
  if (code === undefined) return known.join("\n");
  if (known.includes(code)) return sectionOf(page, code);
  const meant = nearest(code, known);
  throw new Failure(
    "option-value-invalid",
    `there is no message ${printable(code)}`,
    meant ? `did you mean ${meant}?` : "sidecar messages lists all",
  );
}

/** The part of the page below the heading that is the code. */
function sectionOf(text: string, code: string): string {
  const start = text.indexOf(`### ${code}\n`);
  const end = text.slice(start + 4).search(/^#/m);
  return text.slice(start + 4, end < 0 ? undefined : start + 4 + end).trim();
}
