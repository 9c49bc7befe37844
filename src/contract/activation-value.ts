/** What a value of `…__ACTIVATE` means on a POSIX system, and who sources its file. */

export const defaultShell = "/bin/sh";

export type ActivationValue =
  | { readonly kind: "nothing" }
  /** A command line of `/bin/sh`. */
  | { readonly kind: "command" }
  /** A file: of variables, or one that a shell sources. */
  | { readonly kind: "variables" | "script"; readonly path: string };

/**
 * With a slash in it, or `.env` at its end, it can be a file (relative to the block's
 * directory); a bare word is a command. What looks like nothing but a file is one, even
 * if it is not there.
 */
export function readActivation(
  value: string,
  isThere: (path: string) => boolean,
): ActivationValue {
  const path = value.trim();
  if (path === "") return { kind: "nothing" };
  const isVariables = path.endsWith(".env");
  if (!isVariables && !path.includes("/")) return { kind: "command" };
  if (!isThere(path)) {
    const isPlainPath = /^[^\s'"`$&|;<>(){}*?[\]#~=%\\]+$/.test(path);
    if (!isVariables && !(isPlainPath && path.startsWith("/")))
      return { kind: "command" };
    if (isVariables && !isPlainPath) return { kind: "command" };
  }
  return { kind: isVariables ? "variables" : "script", path };
}

const shells = /^(sh|bash|dash|ash|ksh|ksh93|mksh|yash|zsh|busybox)$/;

export type ScriptShell =
  /** The words that start it. */
  | { readonly words: readonly [string, ...string[]] }
  /** What its `#!` names is no POSIX shell. */
  | { readonly unknown: string };

/**
 * The shell that sources a file.
 * @param line what follows `#!` in its first line; nothing where it begins otherwise
 */
export function shellOfScript(line: string | undefined): ScriptShell {
  if (line === undefined) return { words: [defaultShell] };
  const words = line.trim().split(/\s+/);
  const isEnv = baseName(words[0]!) === "env";
  const shell = isEnv ? words.slice(1) : words;
  while (isEnv && shell[0]?.startsWith("-")) shell.shift();
  const name = baseName(shell[0] ?? "");
  if (!shells.test(name)) return { unknown: name || line };
  return { words: name === "busybox" ? [shell[0]!, "sh"] : [shell[0]!] };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
