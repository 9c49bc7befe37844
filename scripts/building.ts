/** What a build needs beside the compiler. */

/** The commit of a checkout, marked where files differ from it. */
export function currentCommit(root: string): string {
  const git = (...words: string[]) =>
    Bun.spawnSync(["git", "-C", root, ...words], { stderr: "ignore" });
  if (!Bun.which("git")) return "unknown";
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head.exitCode !== 0) return "unknown";
  const changed = git("status", "--porcelain").stdout.length > 0;
  return head.stdout.toString().trim() + (changed ? "-changed" : "");
}

/**
 * Runs a command to its end in `directory`.
 * @param home an empty directory: files of this machine's user mean nothing to a build
 * @returns its standard output
 */
export function runIn(directory: string, words: string[], home: string): string {
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync(words, {
    cwd: directory,
    env: {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: home,
      LC_ALL: "C",
    },
  });
  if (exitCode !== 0)
    throw new Error(
      `${words.slice(0, 2).join(" ")} ended with ${exitCode ?? signalCode}:\n${stdout}${stderr}`,
    );
  return stdout.toString();
}
