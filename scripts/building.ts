/** What both builds need: build.ts and build-windows.ts. */

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
 * Runs a command to its end in `directory`, which is its HOME too: Bun obeys a
 * bunfig.toml of both, so it should be empty.
 * @returns its standard output
 */
export function runIn(directory: string, words: string[]): string {
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync(words, {
    cwd: directory,
    env: {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: directory,
      LC_ALL: "C",
    },
  });
  if (exitCode !== 0)
    throw new Error(
      `${words.slice(0, 2).join(" ")} ended with ${exitCode ?? signalCode}:\n${stdout}${stderr}`,
    );
  return stdout.toString();
}
