/**
 * Other users' folders that can be seen from here.
 *
 * A task gets its own folders mounted, never the root of all users' homes or of all
 * apps: an image's author would reach every user's files. Folders of users, apps and
 * runs are named by numbers (/Users/42, /Apps/13/Runs/42), so a number beside the one
 * that belongs to this task is somebody else's.
 */
import { sharedRoots as roots } from "#companion/surroundings.ts";
import { ancestry, joinPath } from "#system/paths.ts";
import type { Notice } from "../contract/failure.ts";
import { printable } from "../system/text.ts";

/** The names in a directory; none where it cannot be listed. */
export type List = (directory: string) => readonly string[];

const number = /^\d+$/;

export type Exposure = { readonly directory: string; readonly others: number };

/**
 * @param storage absolute paths that belong to this task
 * @param mounted whether something is mounted at exactly this path
 */
export function findExposures(
  storage: readonly string[],
  list: List,
  mounted: (directory: string) => boolean,
): Exposure[] {
  const own = new Set(storage.flatMap(ancestry));
  const directories = new Set([
    ...roots,
    ...storage.flatMap((path) => ancestry(path).slice(0, -1)),
  ]);
  const found: Exposure[] = [];
  for (const directory of directories) {
    const inside = list(directory).filter((name) => number.test(name));
    const others = inside.filter((name) => !own.has(joinPath(directory, name))).length;
    const root = roots.includes(directory) && mounted(directory);
    // Beside a folder that is no number of its own, numbers mean nothing.
    const siblings = roots.includes(directory) || inside.length > others;
    if (root || (others > 0 && siblings)) found.push({ directory, others });
  }
  return found;
}

export function exposureNotice({ directory, others }: Exposure): Notice {
  const seen = others > 0 ? `: ${others} of others' folders can be seen` : "";
  return {
    level: "warning",
    code: "exposed-folders",
    message: `the whole of ${printable(directory)} is mounted here${seen}`,
    hint: "mount only the folders of this task (the user's home, the app's run)",
    concernsSafety: true,
  };
}

/** The places in /proc/self/mountinfo where something is mounted (proc(5)). */
export function mountPoints(mountinfo: string): Set<string> {
  const points = mountinfo
    .split("\n")
    .map((line) => line.split(" ")[4])
    .filter((point) => point !== undefined);
  return new Set(
    points.map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    ),
  );
}
