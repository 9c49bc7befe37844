/** The merged layers as whoever asks sees them: nodes are made when they are asked for. */

import { decode, encode } from "../../system/text.ts";
import { small } from "../compact/columns.ts";
import type { EntryKind } from "../layer/entries.ts";
import { garbageOfNode, leaveGarbage } from "../layer/garbage.ts";
import type { Layer } from "../model.ts";
import type { Contents } from "./content.ts";
import type { State } from "./state.ts";
import type {
  NodeType,
  Program,
  Resolution,
  Selection,
  Tree,
  TreeNode,
} from "./tree.ts";
import { split, walk } from "./walk.ts";

export class ImageTree implements Tree {
  /** By their bytes, so that the order is the same however the layers were read. */
  readonly #byName = (one: number, other: number): number => {
    const { paths, strings } = this.state.inventory;
    return strings.compare(paths.name(one), paths.name(other));
  };

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
    const children = this.state.children(this.#numberOf(directory));
    for (const child of children.sort(this.#byName)) yield this.#node(child);
  }

  *nodes(selection?: Selection): Generator<TreeNode> {
    const isSelected = this.#selector(selection);
    const isOnTheWay = selection ? this.#ways(isSelected) : () => true;
    const left = [0];
    for (let number = left.pop(); number !== undefined; number = left.pop()) {
      if (isSelected(number)) {
        yield this.#node(number);
        leaveGarbage(garbageOfNode);
      }
      if (!this.state.isDirectory(number)) continue;
      // The last one is taken first.
      const children = this.state.children(number).filter(isOnTheWay);
      for (const child of children.sort(this.#byName).reverse()) left.push(child);
    }
  }

  #selector(selection: Selection | undefined): (number: number) => boolean {
    if (selection === undefined) return () => true;
    if (selection === "privileged") return (number) => this.state.isPrivileged(number);
    const { paths, strings } = this.state.inventory;
    const name = strings.find(encode(selection.name));
    return (number) => number !== 0 && paths.name(number) === name;
  }

  /** Whether a node is selected, or something below it. */
  #ways(isSelected: (number: number) => boolean): (number: number) => boolean {
    const { paths } = this.state.inventory;
    const marks = small();
    for (let number = 0; number < paths.count; number += 1) {
      if (!this.state.exists(number) || !isSelected(number)) continue;
      for (let at = number; marks.get(at) === 0; at = paths.parent(at))
        marks.set(at, 1);
    }
    return (number) => marks.get(number) === 1;
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

  #numberOf(node: TreeNode): number {
    if (node instanceof Numbered && node.tree === this) return node.number;
    const found = walk(this.state, 0, split(encode(node.path)), { keepLast: true });
    if (found.kind !== "found") throw new Error(`no node of this tree: ${node.path}`);
    return found.path;
  }

  #node(number: number, path = this.state.inventory.paths.text(number)): TreeNode {
    const located = this.state.locate(number);
    if (located === undefined) return new Numbered(this, number, path, "directory");
    const { strings } = this.state.inventory;
    const { layer, entries, entry } = located;
    const kind = entries.kind(entry);
    const node = new Numbered(this, number, path, typeOf(kind));
    node.mode = entries.mode(entry);
    node.uid = entries.uid(entry);
    node.gid = entries.gid(entry);
    node.size = entries.size(entry);
    node.layer = layer;
    const capabilities = entries.capabilities(entry);
    if (kind === "symlink") node.target = decode(strings.get(entries.target(entry)));
    if (capabilities !== 0) node.capabilities = strings.get(capabilities).slice();
    return node;
  }
}

/** A node that is found again at once. What is in no layer stays as it begins. */
class Numbered implements TreeNode {
  readonly #tree: ImageTree;
  readonly #number: number;
  mode = 0o755;
  uid = 0;
  gid = 0;
  size = 0;
  declare target?: string;
  declare capabilities?: Uint8Array;
  declare layer?: Layer;

  constructor(
    tree: ImageTree,
    number: number,
    readonly path: string,
    readonly type: NodeType,
  ) {
    this.#tree = tree;
    this.#number = number;
  }

  get tree() {
    return this.#tree;
  }

  get number() {
    return this.#number;
  }
}

/** Of what is in the state, where no hard link and no whiteout is. */
function typeOf(kind: EntryKind): NodeType {
  return kind as NodeType;
}
