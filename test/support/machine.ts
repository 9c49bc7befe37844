/** What this machine allows tests to do. What it does not is skipped by name. */
import { describe } from "vitest";

export const isRoot = process.getuid?.() === 0;

export function has(program: string): boolean {
  return Bun.which(program) !== null;
}

/** Whether namespaces can be made here; not in a container without privileges, say. */
export const hasNamespaces =
  isRoot &&
  has("unshare") &&
  Bun.spawnSync(["unshare", "--mount", "--pid", "--fork", "true"]).exitCode === 0;

/** Whether the executable under test was built with its launcher (it needs gcc). */
export const hasLauncher = process.env["SIDECAR_HAS_LAUNCHER"] === "1";

/** A group of tests that needs something; without it they are skipped, and say why. */
export function describeWhere(
  needs: Readonly<Record<string, boolean>>,
  name: string,
  tests: () => void,
): void {
  const missing = Object.keys(needs).filter((need) => !needs[need]);
  const title = missing.length > 0 ? `${name} [needs ${missing.join(", ")}]` : name;
  describe.skipIf(missing.length > 0)(title, tests);
}

/** A user of the platform, whom no passwd file knows. */
export const platformUser = 20_042;

/** The words that start a command as such a user, without any privilege. */
export function asPlatformUser(...words: string[]): string[] {
  return [
    "setpriv",
    `--reuid=${platformUser}`,
    `--regid=${platformUser}`,
    "--clear-groups",
    "--no-new-privs",
    "--bounding-set=-all",
    "--inh-caps=-all",
    ...words,
  ];
}
