/** The images of images/: what they are called, and what each is built from. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Member = {
  readonly folder: string;
  /** Of one image; `sidecar image names` says the same of those with a runenv. */
  readonly names: readonly string[];
  /** The members that its Dockerfile names. */
  readonly from: readonly string[];
};

const member = (folder: string, from: string[], ...names: string[]): Member => ({
  folder,
  names,
  from,
});

/** In the order in which they are built. */
export const family: readonly Member[] = [
  member("sidecar", [], "sidecar"),
  member("base", ["sidecar"], "sidecar-base"),
  member("shell", ["base"], "pseven-calc-shell-1"),
  member("cobol", ["base"], "pseven-calc-cobol-42"),
  member("python3", ["base"], "pseven-calc-python3-3"),
  member("python2-and-3", ["base"], "pseven-calc-python2-13", "pseven-calc-python3-42"),
  member("alpine-like", ["sidecar"], "pseven-calc-fatigue-1"),
  member("scratch-static", ["sidecar"], "pseven-calc-beam-1"),
];

/** Those named, behind what they are built from. @throws Error for an unknown name */
export function chosen(folders: readonly string[]): readonly Member[] {
  const wanted = new Set(folders);
  for (const { folder, from } of family.toReversed())
    if (wanted.has(folder)) for (const one of from) wanted.add(one);
  for (const folder of folders)
    if (!family.some((one) => one.folder === folder))
      throw new Error(
        `there is no image ${folder}; there are ` +
          family.map((one) => one.folder).join(", "),
      );
  return family.filter(({ folder }) => folders.length === 0 || wanted.has(folder));
}

/** What `docker build` is given to send; sidecar's own image needs dist/, too. */
export const contextOf = (folder: string) =>
  folder === "sidecar" ? "." : `images/${folder}`;

export const dockerfileOf = (root: string, folder: string) =>
  readFileSync(join(root, "images", folder, "Dockerfile"), "utf8");
