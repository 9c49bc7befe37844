/** What shell completion offers. */
import { commands } from "./commands.ts";
import { options } from "./options.ts";

/**
 * What may stand where the last of `typed` is being typed.
 * @param known the options of the command that is typed, where it has a table of them
 */
export function completions(
  typed: readonly string[],
  runenvs: readonly string[],
  known: readonly string[] = [],
): string[] {
  const current = typed.at(-1) ?? "";
  const before = typed.slice(0, -1);
  if (before.includes("--exec")) return [];
  if (current.startsWith("--runenv="))
    return runenvs.map((name) => `--runenv=${name},0`);
  if (before.length === 0 && !current.startsWith("-"))
    return Object.keys(commands).filter((name) => name.startsWith(current));
  const unused = (names: readonly string[]) =>
    names.filter((name) => name.startsWith(current) && !before.includes(name));
  if (known.length > 0) return current.startsWith("-") ? unused(known) : [];
  if (before[0] === "check") return unused(["--help", "--json", "--runenv"]);
  if (before[0] === "freeze")
    return unused([...runenvs, "--check", "--help", "--input", "--remove"]);
  // Without a proposal the shell offers files.
  if (before[0] === "install") return current.startsWith("-") ? ["--help"] : [];
  if (before.includes("--version"))
    return ["--verbose"].filter((name) => name.startsWith(current));
  return ["exec", "help", "version", ...Object.keys(options)]
    .map((name) => `--${name}`)
    .filter((name) => name.startsWith(current) && !before.includes(name));
}
