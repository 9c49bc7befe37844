/** What is around a block on Windows, of all that is checked elsewhere: sidecar. */
import type { Environment } from "../../contract/environment.ts";
import { printable } from "../../system/text.ts";
import { openExecutable } from "../../system/windows/executable.ts";
import { type Finding, ok } from "../finding.ts";

/** @param version sidecar's own */
export function checkSurroundings(_image: Environment, version: string): Finding[] {
  const path = openExecutable()?.path;
  return [
    ok("sidecar", `${path === undefined ? "" : `${printable(path)}: `}${version}`),
  ];
}
