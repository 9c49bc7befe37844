/** PROGRAM: where it is, and if it cannot be started, why that really is. */

import { Failure } from "../../contract/failure.ts";
import { machineName } from "../../contract/machines.ts";
import { errorNumber, SystemError } from "../../system/posix/errors.ts";
import { mayAccess, readFile, status } from "../../system/posix/files.ts";
import { userIdentifier } from "../../system/posix/process.ts";
import { decode, printable } from "../../system/text.ts";
import { problemOf } from "../file-problem.ts";

/** What POSIX shells and execvp(3) search where there is no PATH. */
const defaultPath = "/bin:/usr/bin";

/**
 * The file of a program, searched in PATH where the name has no slash. Whether it can
 * be started is for the kernel to say; explainStart knows why not.
 * @throws Failure `program-not-found`, `program-not-executable`
 */
export function findProgram(
  name: string,
  lookup: (name: string) => string | undefined,
): string {
  if (name.includes("/")) return name;
  let refused: string | undefined;
  const path = lookup("PATH");
  for (const directory of (path ?? defaultPath).split(":")) {
    const file = `${directory || "."}/${name}`;
    const executable = mayAccess(file, "execute");
    if (!executable && !mayAccess(file, "exist")) continue;
    const found = status(file);
    if (found instanceof SystemError || found.kind === "directory") continue;
    if (executable) return file;
    refused ??= file;
  }
  if (refused !== undefined) throw notExecutable(refused);
  throw new Failure(
    "program-not-found",
    `the program ${printable(name)} was not found in PATH`,
    `PATH is ${printable(path ?? `not set; ${defaultPath} was searched`)}`,
  );
}

/** What is wrong with a file that cannot be started, if it shows from outside. */
export function fileProblem(file: string): Failure | undefined {
  return problemOf(
    file,
    "a name with a slash is a path, relative to the block's directory",
    notExecutable,
  );
}

function notExecutable(file: string): Failure {
  return new Failure(
    "program-not-executable",
    `the program ${printable(file)} may not be executed by user id ${userIdentifier()}`,
    "chmod a+rx the file, and a+x each directory above it; " +
      "see also that its file system is not mounted noexec",
  );
}

/** Why a program could not be started, from the errno of `execve`. */
export function explainStart(file: string, error: SystemError): Failure {
  const problem = fileProblem(file);
  if (problem) return problem;
  const name = printable(file);
  const other = (code: Failure["code"], message: string, hint: string) =>
    new Failure(code, `the program ${name} ${message}`, hint);
  switch (error.errno) {
    case errorNumber.ENOENT:
    case errorNumber.ENOTDIR:
    case errorNumber.ELOOP:
    case errorNumber.EACCES:
    case errorNumber.ENOEXEC:
      return explainFormat(file, error);
    case errorNumber.E2BIG:
      return other(
        "program-arguments-too-long",
        "cannot be started: its arguments and environment are too long together",
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

function explainFormat(file: string, error: SystemError): Failure {
  const problem = formatProblem(file);
  if (problem) return problem;
  if (error.errno === errorNumber.ENOEXEC) return notRecognized(file);
  return error.errno === errorNumber.EACCES
    ? notExecutable(file)
    : new Failure(
        "program-failed-to-start",
        `the program ${printable(file)} cannot be started: ${error.message}`,
        "see that the file and all that it needs is there for this user",
      );
}

/** What in a program's file keeps it from being started here, as far as that shows. */
export function formatProblem(file: string): Failure | undefined {
  const name = printable(file);
  const needs = requirementOf(file);
  if (needs !== undefined) {
    const found = status(needs.path);
    if (found instanceof SystemError || !mayAccess(needs.path, "execute"))
      return new Failure(
        "program-interpreter-missing",
        `the program ${name} needs ${needs.kind} ${printable(needs.path)}, ` +
          (found instanceof SystemError
            ? "which is not there"
            : "which may not be executed"),
        needs.kind === "the interpreter"
          ? "install the interpreter, or mend the #! line (no blanks or CR at its end)"
          : "install the C library that it was linked with, or link it statically",
      );
  }
  const machine = machineOf(headOf(file));
  if (machine !== undefined && machine !== "x86_64" && machine !== "i386")
    return new Failure(
      "program-architecture",
      `the program ${name} is for ${machine}; this machine is x86_64`,
      "build it for x86_64, or choose an image for this architecture",
    );
  return undefined;
}

export function notRecognized(file: string): Failure {
  return new Failure(
    "program-not-recognized",
    `the program ${printable(file)} is neither an executable of this system ` +
      "nor a #! script",
    "begin a script with #!/bin/sh, or run it as --exec /bin/sh SCRIPT",
  );
}

export type Requirement = {
  readonly kind: "the interpreter" | "the loader";
  readonly path: string;
};

/** What the kernel starts first in a program's place. */
export function requirementOf(file: string): Requirement | undefined {
  return interpreterOf(headOf(file));
}

/** How a file begins; nothing where it cannot be read. */
export function headOf(file: string): Uint8Array {
  const head = readFile(file, 4096);
  return head instanceof SystemError ? new Uint8Array(0) : head;
}

/** What the kernel starts first: the interpreter of `#!`, or ELF's loader. */
function interpreterOf(head: Uint8Array): Requirement | undefined {
  if (head[0] === 0x23 && head[1] === 0x21) {
    const end = head.indexOf(10);
    const line = decode(head.subarray(2, end < 0 ? undefined : end));
    const path = line.replace(/^[ \t]+/, "").split(/[ \t]/, 1)[0];
    return path ? { kind: "the interpreter", path } : undefined;
  }
  if (!isElf64(head)) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const table = Number(view.getBigUint64(32, true));
  const count = view.getUint16(56, true);
  const PT_INTERP = 3;
  for (let at = table; at < table + count * 56 && at + 56 <= head.length; at += 56) {
    if (view.getUint32(at, true) !== PT_INTERP) continue;
    const start = Number(view.getBigUint64(at + 8, true));
    const size = Number(view.getBigUint64(at + 32, true));
    if (size === 0 || start + size > head.length) return undefined;
    return { kind: "the loader", path: decode(head.subarray(start, start + size - 1)) };
  }
  return undefined;
}

export function isElf(head: Uint8Array): boolean {
  return head.length >= 20 && decode(head.subarray(1, 4)) === "ELF" && head[0] === 0x7f;
}

function isElf64(head: Uint8Array): boolean {
  return isElf(head) && head[4] === 2 && head[5] === 1 && head.length >= 64;
}

/** The architecture of an ELF file, or what else the file is made for. */
function machineOf(head: Uint8Array): string | undefined {
  if (head[0] === 0x4d && head[1] === 0x5a) return "Windows";
  const magic =
    head.length >= 4 ? new DataView(head.buffer, head.byteOffset).getUint32(0) : 0;
  if (magic === 0xcffaedfe || magic === 0xcafebabe) return "macOS";
  if (!isElf(head)) return undefined;
  const low =
    head[5] === 2 ? head[19]! | (head[18]! << 8) : head[18]! | (head[19]! << 8);
  return machineName(low);
}
