/** PROGRAM on Windows: where it is, and if it cannot be started, why that is. */

import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import {
  errorNumber,
  type SystemError,
  windowsError,
} from "../../system/windows/errors.ts";
import { status } from "../../system/windows/files.ts";
import { hasDirectory, joinPath } from "../../system/windows/paths.ts";
import { problemOf } from "../file-problem.ts";

/** What Windows can start: programs, and through cmd.exe batch files. */
const startable = [".com", ".exe", ".bat", ".cmd"];
const endsStartable = /\.(?:com|exe|bat|cmd)$/i;

/**
 * The file of a program, searched in PATH and then in the block's directory where the
 * name has no directory; so nothing in there takes the place of a program of the host.
 * An extension that is missing is one of PATHEXT, of those that Windows can start.
 * @throws Failure `program-not-found`
 */
export function findProgram(
  name: string,
  lookup: (name: string) => string | undefined,
): string {
  const path = lookup("PATH");
  const file = name.replaceAll("/", "\\");
  const places = hasDirectory(file)
    ? [file]
    : [...directoriesIn(path ?? ""), "."].map((place) => joinPath(place, file));
  const extensions = endsStartable.test(file) ? [""] : extensionsIn(lookup("PATHEXT"));
  for (const place of places)
    for (const extension of extensions) {
      const candidate = `${place}${extension}`;
      if (isFile(candidate)) return candidate;
    }
  // Of any other name, and yet perhaps a program.
  const plain = places.find(isFile);
  if (plain !== undefined) return plain;
  // What is wrong with a path that was given is for fileProblem to say.
  if (hasDirectory(file)) return file;
  throw new Failure(
    "program-not-found",
    `the program ${printable(name)} was not found in PATH, ` +
      "nor in the block's directory",
    `PATH is ${printable(path ?? "not set")}`,
  );
}

function directoriesIn(path: string): string[] {
  return path
    .split(";")
    .map((directory) => directory.replaceAll('"', "").trim())
    .filter((directory) => directory !== "");
}

function extensionsIn(variable: string | undefined): string[] {
  const wanted = (variable ?? startable.join(";")).toLowerCase().split(";");
  return wanted.filter((extension) => startable.includes(extension));
}

function isFile(path: string): boolean {
  const found = status(path);
  return "kind" in found && found.kind === "file";
}

/** What is wrong with a file that cannot be started, if it shows from outside. */
export function fileProblem(file: string): Failure | undefined {
  return problemOf(
    file,
    "a name with \\ or / is a path, relative to the block's directory",
    notExecutable,
  );
}

function notExecutable(file: string): Failure {
  return new Failure(
    "program-not-executable",
    `the program ${printable(file)} may not be executed by this user`,
    "give this user the right to read and execute the file; see also AppLocker",
  );
}

/** Why a program could not be started, from what CreateProcess said. */
export function explainStart(file: string, error: SystemError): Failure {
  const problem = fileProblem(file);
  if (problem) return problem;
  const name = printable(file);
  const other = (code: Failure["code"], message: string, hint: string) =>
    new Failure(code, `the program ${name} ${message}`, hint);
  switch (error.errno) {
    case windowsError.ERROR_BAD_EXE_FORMAT:
      return other(
        "program-not-recognized",
        "is neither a program of Windows nor a batch file",
        "run a script by its interpreter: --exec python SCRIPT",
      );
    case windowsError.ERROR_EXE_MACHINE_TYPE_MISMATCH:
      return other(
        "program-architecture",
        "is for another kind of processor; this machine is x86_64",
        "install it for x86_64, or choose another machine",
      );
    case windowsError.ERROR_ELEVATION_REQUIRED:
      return other(
        "program-not-executable",
        "asks for an administrator's rights, which this user does not have here",
        "let it run without, or start sidecar as an administrator",
      );
    case errorNumber.EILSEQ:
      return other(
        "program-argument-unquotable",
        "is a batch file, and no argument of one can hold a line break",
        "pass such text in a file, or in a variable",
      );
    case windowsError.ERROR_FILENAME_EXCED_RANGE:
      return other(
        "program-arguments-too-long",
        "cannot be started: its arguments are too long together",
        "pass long lists in a file instead",
      );
    default:
      return other(
        "program-failed-to-start",
        `cannot be started: ${error.message}`,
        "see the limits of this machine: processes, memory, open files",
      );
  }
}
