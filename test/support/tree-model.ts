/**
 * Layers merged in the plainest way: objects that hold each other. The oracle for what
 * merges them in columns of numbers; it shares no line with that.
 */

export type ModelEntry =
  | {
      readonly kind: "file" | "directory";
      readonly path: string;
      readonly mode: number;
    }
  | {
      readonly kind: "symlink" | "hard-link";
      readonly path: string;
      readonly target: string;
    }
  | { readonly kind: "whiteout" | "opaque"; readonly path: string };

type ModelNode = {
  readonly type: "file" | "directory" | "symlink";
  mode: number;
  layer: number | undefined;
  readonly target: string;
  readonly children: Map<string, ModelNode>;
};

type Directory = { readonly node: ModelNode; readonly above: Directory | undefined };

const node = (
  type: ModelNode["type"],
  mode: number,
  layer: number | undefined,
  target = "",
): ModelNode => ({ type, mode, layer, target, children: new Map() });

const parts = (path: string) => path.split("/").filter((part) => part && part !== ".");
const parentOf = (path: string) => parts(path).slice(0, -1).join("/");
const nameIn = (path: string) => parts(path).at(-1)!;

export class TreeModel {
  readonly root = node("directory", 0o755, undefined);

  add(entries: readonly ModelEntry[], layer: number): void {
    const written = new Set(
      entries.filter(({ kind }) => kind === "directory").map(({ path }) => clean(path)),
    );
    const removals: (() => void)[] = [];
    for (const { kind, path } of entries) {
      if (kind === "whiteout") {
        const directory = this.#lower(parentOf(path), written);
        removals.push(() => directory?.children.delete(nameIn(path)));
      } else if (kind === "opaque") {
        const directory = this.#lower(path, written);
        removals.push(() => directory?.children.clear());
      }
    }
    for (const remove of removals) remove();
    for (const entry of entries) this.#apply(entry, layer);
  }

  lines(): string[] {
    const found: string[] = [];
    const visit = (at: ModelNode, path: string) => {
      const arrow = at.type === "symlink" ? ` -> ${at.target}` : "";
      const owner = `0:0 ${at.layer ?? "-"}`;
      found.push(`${path || "/"} ${at.type} ${at.mode.toString(8)} ${owner}${arrow}`);
      for (const name of [...at.children.keys()].sort())
        visit(at.children.get(name)!, `${path}/${name}`);
    };
    visit(this.root, "");
    return found;
  }

  #apply(entry: ModelEntry, layer: number): void {
    const { kind, path } = entry;
    if (kind === "whiteout" || kind === "opaque") return;
    if (parts(path).length === 0) {
      if (kind === "directory") Object.assign(this.root, { mode: entry.mode, layer });
      return;
    }
    const parent = this.#directory(parts(parentOf(path)), true);
    if (parent === undefined) return;
    const name = nameIn(path);
    const before = parent.node.children.get(name);
    if (kind === "directory" && before?.type === "directory") {
      Object.assign(before, { mode: entry.mode, layer });
      return;
    }
    parent.node.children.delete(name);
    if (kind === "hard-link") {
      const directory = this.#directory(parts(parentOf(entry.target)), false);
      const linked = directory?.node.children.get(nameIn(entry.target));
      if (linked && linked.type !== "directory") parent.node.children.set(name, linked);
    } else if (kind === "symlink")
      parent.node.children.set(name, node("symlink", 0o777, layer, entry.target));
    else if (kind === "file" || kind === "directory")
      parent.node.children.set(name, node(kind, entry.mode, layer));
  }

  /** Nothing where the layer has a directory in the place of a link on the way. */
  #lower(path: string, written: ReadonlySet<string>): ModelNode | undefined {
    let at: Directory = { node: this.root, above: undefined };
    let literal = "";
    for (const name of parts(path)) {
      literal = `${literal}/${name}`;
      const next = at.node.children.get(name);
      const real = `${pathOf(this.root, at.node)}/${name}`;
      if (next?.type === "symlink" && (written.has(literal) || written.has(real)))
        return undefined;
      const found = this.#walk(at, [name], false, { links: 0 });
      if (found === undefined) return undefined;
      at = found;
    }
    return at.node;
  }

  #directory(names: string[], make: boolean): Directory | undefined {
    return this.#walk({ node: this.root, above: undefined }, names, make, { links: 0 });
  }

  #walk(
    start: Directory,
    names: readonly string[],
    make: boolean,
    count: { links: number },
  ): Directory | undefined {
    let at: Directory | undefined = start;
    for (const name of names) {
      if (at === undefined) return undefined;
      if (name === "..") {
        at = at.above ?? at;
        continue;
      }
      let next = at.node.children.get(name);
      if (next === undefined && make) {
        next = node("directory", 0o755, undefined);
        at.node.children.set(name, next);
      }
      if (next?.type === "directory") at = { node: next, above: at };
      else if (next?.type === "symlink") {
        count.links += 1;
        if (count.links > 40) return undefined;
        const from: Directory = next.target.startsWith("/")
          ? { node: this.root, above: undefined }
          : at;
        at = this.#walk(from, parts(next.target), make, count);
      } else return undefined;
    }
    return at;
  }
}

const clean = (path: string) =>
  parts(path)
    .map((part) => `/${part}`)
    .join("");

/** Where a directory is; "" is the root. */
function pathOf(root: ModelNode, wanted: ModelNode, path = ""): string | undefined {
  if (root === wanted) return path;
  for (const [name, child] of root.children) {
    const found = pathOf(child, wanted, `${path}/${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
