/** What is in the new layer, which depends on what is in the image already. */
import type { Image, ImageSource } from "../model.ts";
import { type Progress, readImageFiles } from "../tree/read.ts";
import type { Tree } from "../tree/tree.ts";
import type { Content, LayerMember } from "./layer.ts";
import { conflict, fileAt, placeOf } from "./places.ts";
import { withGroups, withUsers } from "./users.ts";

/** Where everybody looks for it, and where all of the documentation has it. */
export const sidecarPath = "/usr/local/bin/sidecar";

export type LayerWishes = {
  /** Entries for all users of the platform in passwd and group. */
  readonly users: boolean;
  /** /tmp, for their homes, where the image has none. */
  readonly temporary: boolean;
};

/** Bytes: passwd files of whole companies have some megabytes. */
const accountLimit = 16 << 20;

const accounts = [
  ["/etc/passwd", withUsers],
  ["/etc/group", withGroups],
] as const;

/** @throws Failure `image-…` */
export async function layerContents(
  source: ImageSource,
  image: Image,
  sidecar: Content,
  wishes: LayerWishes,
  progress?: Progress,
): Promise<LayerMember[]> {
  const names = wishes.users ? ["passwd", "group"] : [];
  const wanted = { names, limit: accountLimit };
  const { tree } = await readImageFiles(source, image, wanted, progress);
  const members = new Map<string, LayerMember>();
  const add = (path: string, attributes: Omit<LayerMember, "path">) => {
    const at = path.lastIndexOf("/");
    const place = placeOf(path.slice(0, at), tree);
    for (const directory of place.directories) members.set(directory.path, directory);
    const real = `${place.path === "/" ? "" : place.path}${path.slice(at)}`;
    members.set(real, { path: real, ...attributes });
  };
  const taken = tree.resolve(sidecarPath, true);
  if (taken.kind === "found" && taken.node.type === "directory")
    throw conflict(sidecarPath, "directory");
  add(sidecarPath, { mode: 0o755, uid: 0, gid: 0, content: sidecar });
  if (wishes.users)
    for (const [path, extend] of accounts) {
      const { path: real, file, ...attributes } = await account(path, tree);
      add(real, { ...attributes, content: extend(file) });
    }
  if (wishes.temporary && tree.resolve("/tmp", true).kind !== "found")
    add("/tmp", { mode: 0o1777, uid: 0, gid: 0 });
  return [...members.values()];
}

/** The file as it is, or as it would be made. */
async function account(path: string, tree: Tree) {
  const node = fileAt(path, tree);
  if (!node) return { path, file: new Uint8Array(), mode: 0o644, uid: 0, gid: 0 };
  const { mode, uid, gid, size } = node;
  if (size > accountLimit) throw conflict(path, `file of ${size} bytes`);
  const file = await tree.content(node, accountLimit);
  return { path: node.path, file, mode, uid, gid };
}
