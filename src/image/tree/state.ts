/**
 * Which entry of which layer each path of the image is: a number a path. The parent of
 * whatever is there is a directory that is there.
 */
import { signed } from "../compact/columns.ts";
import type { EntryKind, LayerEntries } from "../layer/entries.ts";
import type { Inventory } from "../layer/inventory.ts";
import type { Layer } from "../model.ts";

export type MergedLayer = {
  readonly layer: Layer;
  readonly entries: LayerEntries;
  /** Entries of all layers are numbered together; this is the number of its first. */
  readonly first: number;
};

/** Where a number of an entry leads. */
export type Located = MergedLayer & { readonly entry: number };

/** In `#current`: nothing, a directory that is in no layer, and above them entries. */
const nothing = 0;
const implied = 1;
const firstEntry = 2;

export class State {
  readonly #current = signed();
  readonly #layers: MergedLayer[] = [];
  #entries = 0;

  constructor(readonly inventory: Inventory) {
    this.#current.set(0, implied);
  }

  get layers(): readonly MergedLayer[] {
    return this.#layers;
  }

  /** @returns what its entries are numbered from */
  addLayer(layer: Layer, entries: LayerEntries): MergedLayer {
    const merged = { layer, entries, first: this.#entries };
    this.#layers.push(merged);
    this.#entries += entries.length;
    return merged;
  }

  exists(path: number): boolean {
    return this.#current.get(path) !== nothing;
  }

  kind(path: number): EntryKind | undefined {
    const value = this.#current.get(path);
    if (value === nothing) return undefined;
    if (value === implied) return "directory";
    const layer = this.#layerOf(value);
    return layer.entries.kind(value - firstEntry - layer.first);
  }

  isDirectory(path: number): boolean {
    return this.kind(path) === "directory";
  }

  /** Where a symbolic link leads. */
  target(path: number): Uint8Array {
    const { entries, entry } = this.#locate(this.#current.get(path));
    return this.inventory.strings.get(entries.target(entry));
  }

  /** Nothing for a directory that is in no layer. */
  locate(path: number): Located | undefined {
    const value = this.#current.get(path);
    return value < firstEntry ? undefined : this.#locate(value);
  }

  /** A file with set-user-ID, set-group-ID or capabilities. */
  isPrivileged(path: number): boolean {
    const value = this.#current.get(path);
    if (value < firstEntry) return false;
    const { entries, first } = this.#layerOf(value);
    const entry = value - firstEntry - first;
    if (entries.kind(entry) !== "file") return false;
    return (entries.mode(entry) & 0o6000) !== 0 || entries.capabilities(entry) !== 0;
  }

  isSame(one: number, other: number): boolean {
    return (
      one === other ||
      (this.#current.get(one) >= firstEntry &&
        this.#current.get(one) === this.#current.get(other))
    );
  }

  set(path: number, { first }: MergedLayer, entry: number): void {
    this.#current.set(path, first + entry + firstEntry);
  }

  setImplied(path: number): void {
    this.#current.set(path, implied);
  }

  /** Makes `path` another name of what is at `target`. */
  link(path: number, target: number): void {
    this.#current.set(path, this.#current.get(target));
  }

  /** Takes away what is at `path` and below it. @param told each path that was there */
  remove(path: number, told?: (path: number) => void): void {
    if (!this.exists(path)) return;
    const stack = [path];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      told?.(at);
      if (this.isDirectory(at))
        for (const child of this.children(at, true)) stack.push(child);
      this.#current.set(at, nothing);
    }
  }

  /** Takes away what is below `path`. */
  clear(path: number): void {
    for (const child of this.children(path, true)) this.remove(child);
  }

  /** What is in a directory, in no order. @param counted as work that has to end */
  children(path: number, counted = false): number[] {
    const { paths } = this.inventory;
    const children: number[] = [];
    for (let child = paths.firstChild(path); child !== 0; ) {
      if (counted) this.inventory.countStep();
      if (this.exists(child)) children.push(child);
      child = paths.nextSibling(child);
    }
    return children;
  }

  #locate(value: number): Located {
    const layer = this.#layerOf(value);
    return { ...layer, entry: value - firstEntry - layer.first };
  }

  #layerOf(value: number): MergedLayer {
    const number = value - firstEntry;
    let low = 0;
    let high = this.#layers.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#layers[middle]!.first <= number) low = middle;
      else high = middle - 1;
    }
    return this.#layers[low]!;
  }
}
