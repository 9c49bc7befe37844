/**
 * The files that a block's way through an image needs: ACTIVATE's file and its shell,
 * EXECUTE's program, the entrypoint, sidecar; and what the kernel starts in their place,
 * interpreters and loaders.
 */
import type { Wish } from "../../contract/everybody.ts";
import { printable } from "../../system/text.ts";
import type { Resolution, Tree, TreeNode } from "../tree/tree.ts";
import { findProgram, isScript, readScriptLine } from "./programs.ts";

export type Part =
  | "activation"
  | "shell"
  | "execute"
  | "entrypoint"
  | "sidecar"
  | "interpreter"
  | "searched"
  | "loader";

export type Use = {
  readonly part: Part;
  /** For messages: "EXECUTE of COBOL". */
  readonly purpose: string;
  /** As it is written, or was found. */
  readonly path: string;
  readonly way: Resolution;
  readonly wish: Wish;
  /** The line of the Dockerfile that names it, where that is known. */
  readonly line?: string;
  /** PATH may be another when it is searched: an activation comes before. */
  readonly isOpen?: boolean;
  /** The file that needs it: the script of an interpreter, the program of a loader. */
  readonly neededBy?: TreeNode;
};

/** A script's interpreter may be a script; the kernel goes on for so long (execve(2)). */
const mostInterpreters = 4;

/** The file itself, where it is there. */
export function fileOf({ way }: Use): TreeNode | undefined {
  return way.kind === "found" && way.node.type === "file" ? way.node : undefined;
}

/** The use of a program, and of all that the kernel starts for it. */
export function withNeeds(
  use: Omit<Use, "wish"> & { readonly wish?: Wish },
  tree: Tree,
  path: string | undefined,
  depth = 0,
): Use[] {
  const { way } = use;
  const file = way.kind === "found" && way.node.type === "file" ? way.node : undefined;
  const wish = use.wish ?? (file && isScript(file, tree) ? "start" : "execute");
  const whole: Use = { ...use, wish };
  if (file === undefined || depth === mostInterpreters) return [whole];
  const program = tree.program(file);
  const next = (part: Part, what: string, name: string, found: Resolution) =>
    withNeeds(
      {
        part,
        purpose: `${what} of ${printable(file.path)}`,
        path: name,
        way: found,
        neededBy: file,
        ...(use.line === undefined ? {} : { line: use.line }),
        ...(use.isOpen ? { isOpen: true } : {}),
      },
      tree,
      path,
      depth + 1,
    );
  if (program?.kind === "elf" && program.interpreter !== undefined) {
    const { interpreter } = program;
    return [
      whole,
      ...next("loader", "the loader", interpreter, tree.resolve(interpreter)),
    ];
  }
  const line = program?.kind === "script" ? readScriptLine(program.line) : undefined;
  if (line === undefined) return [whole];
  const { interpreter, searched } = line;
  const uses = [
    whole,
    ...next("interpreter", "the interpreter", interpreter, tree.resolve(interpreter)),
  ];
  if (searched === undefined) return uses;
  const found = findProgram(searched, path, tree);
  const missing: Resolution = { kind: "missing", path: searched, steps: [] };
  const at = found?.path ?? searched;
  return [...uses, ...next("searched", "the interpreter", at, found?.way ?? missing)];
}
