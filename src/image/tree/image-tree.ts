/** The merged layers as whoever asks sees them: nodes are made when they are asked for. */
import { decode, encode } from "../../system/text.ts";
import type { EntryKind } from "../layer/entries.ts";
import type { Contents } from "./content.ts";
import type { State } from "./state.ts";
import type { NodeType, Program, Resolution, Tree, TreeNode } from "./tree.ts";
import { split, walk } from "./walk.ts";

const impliedMode = 0o755;

export class ImageTree implements Tree {
  /** So that a node that was made here is found again at once. */
  readonly #numbers = new WeakMap<TreeNode, number>();

  constructor(
    readonly state: State,
    readonly contents: Contents,
  ) {}

  resolve(path: string, keepLast = false): Resolution {
    const steps = [this.#node(0)];
    const walked = walk(this.state, 0, split(encode(path)), {
      keepLast,
      step: (number) => steps.push(this.#node(number)),
    });
    const { paths } = this.state.inventory;
    switch (walked.kind) {
      case "found":
        return { kind: "found", steps, node: this.#node(walked.path) };
      case "missing": {
        const parent = paths.text(walked.parent);
        const missing = `${parent === "/" ? "" : parent}/${decode(walked.name)}`;
        return { kind: "missing", steps, path: missing };
      }
      default:
        return { kind: walked.kind, steps, path: paths.text(walked.path) };
    }
  }

  *children(directory: TreeNode): Generator<TreeNode> {
    for (const child of this.#sortedChildren(this.#numberOf(directory)))
      yield this.#node(child);
  }

  *nodes(): Generator<TreeNode> {
    const ways = [[0].values()] as Iterator<number>[];
    for (let way = ways.at(-1); way !== undefined; way = ways.at(-1)) {
      const { value, done } = way.next();
      if (done) ways.pop();
      else {
        yield this.#node(value);
        if (this.state.isDirectory(value))
          ways.push(this.#sortedChildren(value).values());
      }
    }
  }

  content(file: TreeNode, limit: number): Promise<Uint8Array> {
    const located = this.state.locate(this.#numberOf(file));
    if (located === undefined || file.type !== "file")
      return Promise.resolve(new Uint8Array(0));
    return this.contents.read(located, limit);
  }

  program(file: TreeNode): Program | undefined {
    const located = this.state.locate(this.#numberOf(file));
    const string = located?.entries.program(located.entry) ?? 0;
    if (string === 0) return undefined;
    return JSON.parse(decode(this.state.inventory.strings.get(string)));
  }

  same(one: TreeNode, other: TreeNode): boolean {
    return this.state.isSame(this.#numberOf(one), this.#numberOf(other));
  }

  /** By their bytes, so that the order is the same however the layers were read. */
  #sortedChildren(directory: number): Int32Array {
    const { paths, strings } = this.state.inventory;
    const children: number[] = [];
    for (const child of paths.children(directory))
      if (this.state.exists(child)) children.push(child);
    const name = (path: number) => strings.get(paths.name(path));
    return Int32Array.from(children).sort((one, other) =>
      Buffer.compare(name(one), name(other)),
    );
  }

  #numberOf(node: TreeNode): number {
    const number = this.#numbers.get(node);
    if (number !== undefined) return number;
    const found = walk(this.state, 0, split(encode(node.path)), { keepLast: true });
    if (found.kind !== "found") throw new Error(`no node of this tree: ${node.path}`);
    return found.path;
  }

  #node(number: number): TreeNode {
    const node = this.#describe(number);
    this.#numbers.set(node, number);
    return node;
  }

  #describe(number: number): TreeNode {
    const { paths, strings } = this.state.inventory;
    const path = paths.text(number);
    const located = this.state.locate(number);
    if (located === undefined)
      return { path, type: "directory", mode: impliedMode, uid: 0, gid: 0, size: 0 };
    const { layer, entries, entry } = located;
    const kind = entries.kind(entry);
    const capabilities = entries.capabilities(entry);
    return {
      path,
      type: typeOf(kind),
      mode: entries.mode(entry),
      uid: entries.uid(entry),
      gid: entries.gid(entry),
      size: entries.size(entry),
      layer,
      ...(kind === "symlink"
        ? { target: decode(strings.get(entries.target(entry))) }
        : {}),
      ...(capabilities === 0
        ? {}
        : { capabilities: strings.get(capabilities).slice() }),
    };
  }
}

/** Of what is in the state, where no hard link and no whiteout is. */
function typeOf(kind: EntryKind): NodeType {
  return kind as NodeType;
}
