/** The Debian that Dockerfiles begin with, and the one that is made here. */

/** What they call it, where nobody says another. */
export const debian = "debian:bookworm-slim";

/** Where ours is, seen from the repository. */
export const debianRoot = ".cache/root";

/**
 * Makes it, where it is not there yet: that takes root, a mirror and a minute.
 * @param root the repository @throws Error behind what went wrong
 */
export function makeDebian(root: string): void {
  const { exitCode } = Bun.spawnSync(["sh", "scripts/make-root.sh", debianRoot], {
    cwd: root,
    stdout: "ignore",
    stderr: "inherit",
  });
  if (exitCode !== 0) throw new Error("there is no Debian to build on");
}
