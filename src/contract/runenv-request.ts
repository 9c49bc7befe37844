/** The runenv that is asked for: `--runenv=(COBOL,42)`, which is "42 or later". */
import { printable } from "../system/text.ts";
import { Failure } from "./failure.ts";
import { readPair } from "./pair.ts";
import { isRunenvName, parseVersion } from "./runenv-variables.ts";

export type RunenvRequest = { readonly name: string; readonly version: number };

const howTo = "write --runenv=(NAME,VERSION), for example --runenv=(COBOL,42)";

/**
 * Reads `(COBOL,42)` or `COBOL,42`: the name in any case, blanks anywhere between.
 * @throws Failure `runenv-invalid`
 */
export function parseRunenv(text: string): RunenvRequest {
  const invalid = (what: string) =>
    new Failure("runenv-invalid", `--runenv=${printable(text)}: ${what}`, howTo);
  if (text.trim() === "") throw invalid("no runtime environment is named");
  const pair = readPair(text);
  if (typeof pair === "string") throw invalid(pair);
  const [written, version] = pair;
  const name = written.toUpperCase();
  if (!isRunenvName(name))
    throw invalid(`'${printable(written)}' is not a name of letters, digits and _`);
  if (version === undefined || version === "") throw invalid("the version is missing");
  const number = parseVersion(version);
  if (number === undefined)
    throw invalid(
      `the version '${printable(version)}' is not a whole number from 0 on`,
    );
  return { name, version: number };
}
