/** How programs are found and started in an image: PATH, `#!` lines, loaders. */
import { isAllowed } from "../../contract/everybody.ts";
import type { Resolution, Tree, TreeNode } from "../tree/tree.ts";

/** What POSIX shells and execvp(3) search where there is no PATH. */
const defaultPath = "/bin:/usr/bin";

export type Found = { readonly path: string; readonly way: Resolution };

/**
 * Where a program would be found. One that everybody may start comes before one that
 * only some may; a directory of PATH that is no absolute path is another one for each
 * block, and is passed over.
 * @param directory in which a name with a slash is looked for
 */
export function findProgram(
  name: string,
  path: string | undefined,
  tree: Tree,
  directory = "/",
): Found | undefined {
  if (name.includes("/")) {
    const file = name.startsWith("/") ? name : `${directory}/${name}`;
    return { path: file, way: tree.resolve(file) };
  }
  let closed: Found | undefined;
  for (const place of (path ?? defaultPath).split(":")) {
    if (!place.startsWith("/")) continue;
    const file = `${place.replace(/\/+$/, "")}/${name}`;
    const way = tree.resolve(file);
    if (way.kind !== "found" || way.node.type === "directory") continue;
    if (isAllowed(way.node, 1)) return { path: file, way };
    closed ??= { path: file, way };
  }
  return closed;
}

export type ScriptLine = {
  /** What the kernel starts. */
  readonly interpreter: string;
  /** What `env` is to search for in PATH. */
  readonly searched?: string;
  /** Ends with the CR of a line of Windows, which then belongs to a name. */
  readonly endsWithCarriageReturn: boolean;
};

/** @param line what follows `#!` */
export function readScriptLine(line: string): ScriptLine | undefined {
  const endsWithCarriageReturn = line.endsWith("\r");
  const words = line.replace(/\r$/, "").replace(/^[ \t]+/, "");
  const interpreter = words.split(/[ \t]/, 1)[0];
  if (!interpreter) return undefined;
  const searched = /^\S*\/env[ \t]+(?:-\S+[ \t]+)*([^\s=-]\S*)/.exec(words)?.[1];
  return {
    interpreter,
    endsWithCarriageReturn,
    ...(searched === undefined || searched.includes("=") ? {} : { searched }),
  };
}

/** Whether a program file is read by its interpreter, and so must be readable. */
export function isScript(file: TreeNode, tree: Tree): boolean {
  return tree.program(file)?.kind === "script";
}
