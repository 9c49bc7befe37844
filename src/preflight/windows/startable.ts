/** What keeps a program from being started, as far as its file shows. */
import { fileProblem } from "../../companion/windows/program.ts";
import type { Lookup } from "../../contract/references.ts";
import type { Problem } from "../finding.ts";

export function startProblem(file: string, _lookup: Lookup): Problem | undefined {
  return fileProblem(file);
}

/** What is not found is not there. */
export function fileInPath(_name: string, _lookup: Lookup): string | undefined {
  return undefined;
}
