/**
 * Layers on top of each other (image-spec, layer.md). Whiteouts take away from lower layers
 * only, wherever in the archive they are; then entries are applied in their order. What
 * loaders of images would take in different ways is told as a problem.
 */
import { small } from "../compact/columns.ts";
import type { Paths } from "../compact/paths.ts";
import type { LayerEntries } from "../layer/entries.ts";
import type { Inventory } from "../layer/inventory.ts";
import type { Layer } from "../model.ts";
import { type MergedLayer, State } from "./state.ts";
import type { LayerProblem } from "./tree.ts";
import { type WalkOptions, walk } from "./walk.ts";

/** Linux: PATH_MAX without the NUL at the end. */
const longestPath = 4095;

export class Merger {
  readonly state: State;
  readonly problems: LayerProblem[] = [];
  omittedProblems = 0;
  readonly #paths: Paths;
  /** For each path the last layer, counted from 1, that … has an entry of it, */
  readonly #claimed = small();
  /** … takes it away, */
  readonly #whitedOut = small();
  /** … has a directory of that name, as it is written. */
  readonly #writtenDirectories = small();

  constructor(readonly inventory: Inventory) {
    this.state = new State(inventory);
    this.#paths = inventory.paths;
  }

  /** Puts a layer on top of those before. */
  add(layer: Layer, entries: LayerEntries): void {
    const merged = this.state.addLayer(layer, entries);
    const stamp = this.state.layers.length;
    for (let entry = 0; entry < entries.length; entry += 1)
      if (entries.kind(entry) === "directory")
        this.#writtenDirectories.set(entries.path(entry), stamp);
    this.#takeAway(entries, stamp);
    for (let entry = 0; entry < entries.length; entry += 1) {
      const kind = entries.kind(entry);
      if (kind !== "whiteout" && kind !== "opaque" && kind !== "ignored")
        this.#apply(merged, entry, stamp);
    }
  }

  /** All are found in what lower layers made before any is taken away. */
  #takeAway(entries: LayerEntries, stamp: number): void {
    const victims: number[] = [];
    const emptied = new Set<number>();
    for (let entry = 0; entry < entries.length; entry += 1) {
      const path = entries.path(entry);
      if (entries.kind(entry) === "whiteout") {
        const directory = this.#lowerDirectory(this.#paths.parent(path), stamp);
        if (directory < 0) continue;
        victims.push(this.#paths.child(directory, this.#paths.name(path)));
      } else if (entries.kind(entry) === "opaque") {
        const directory = this.#lowerDirectory(path, stamp);
        if (directory >= 0) emptied.add(directory);
      }
    }
    for (const victim of victims) {
      this.#whitedOut.set(victim, stamp);
      this.state.remove(victim);
    }
    for (const directory of emptied) this.state.clear(directory);
  }

  /**
   * The directory of lower layers that a layer means by a path, or -1. Where the layer puts
   * a directory in a link's place, it means that, and not what the link leads to.
   */
  #lowerDirectory(written: number, stamp: number): number {
    if (this.state.isDirectory(written)) return written;
    const names = this.#names(written);
    let at = 0;
    let literal = 0;
    for (const name of names) {
      literal = this.#paths.child(literal, this.inventory.strings.intern(name));
      const kept = this.#walk(at, [name], { keepLast: true });
      if (kept.kind !== "found") return -1;
      const isLink = this.state.kind(kept.path) === "symlink";
      const isReplaced = [literal, kept.path].some(
        (path) => this.#writtenDirectories.get(path) === stamp,
      );
      if (isLink && isReplaced) return -1;
      const found = this.#walk(at, [name]);
      if (found.kind !== "found" || !this.state.isDirectory(found.path)) return -1;
      at = found.path;
    }
    return at;
  }

  #apply(merged: MergedLayer, entry: number, stamp: number): void {
    const { entries } = merged;
    const written = entries.path(entry);
    const isInPlace =
      written === 0 || this.state.isDirectory(this.#paths.parent(written));
    const path = isInPlace ? written : this.#place(merged, written, stamp);
    if (path === undefined) return;
    if (this.#claimed.get(path) === stamp)
      this.#problem("duplicate-entry", path, merged.layer);
    if (this.#whitedOut.get(path) === stamp)
      this.#problem("whiteout-and-entry", path, merged.layer);
    this.#claimed.set(path, stamp);
    const kind = entries.kind(entry);
    const isChanged = kind === "directory" && this.state.isDirectory(path);
    if (!isChanged && this.state.exists(path)) this.#replace(path, merged.layer, stamp);
    if (kind === "hard-link") this.#link(path, entries.target(entry), merged.layer);
    else this.state.set(path, merged, entry);
  }

  #replace(path: number, layer: Layer, stamp: number): void {
    this.state.remove(path, (removed) => {
      if (removed !== path && this.#claimed.get(removed) === stamp)
        this.#problem("entry-below-non-directory", removed, layer);
    });
  }

  #link(path: number, target: number, layer: Layer): void {
    const found = this.#walk(0, this.#names(target), { keepLast: true });
    if (found.kind === "found" && !this.state.isDirectory(found.path)) {
      this.state.link(path, found.path);
      return;
    }
    const kind =
      found.kind === "found" ? "hard-link-to-directory" : "hard-link-missing";
    this.#problem(kind, path, layer, this.#paths.text(target));
  }

  /** Where an entry goes: links to its parent are followed, and what is missing is made. */
  #place(merged: MergedLayer, written: number, stamp: number): number | undefined {
    const parent = this.#paths.parent(written);
    let isBelowOwn = false;
    const walked = this.#walk(0, this.#names(parent), {
      step: (path) => {
        const isOwn = this.#claimed.get(path) === stamp;
        if (isOwn && !this.state.isDirectory(path)) isBelowOwn = true;
      },
      make: (directory, name) => this.#makeDirectory(directory, name),
    });
    if (isBelowOwn) this.#problem("entry-below-non-directory", written, merged.layer);
    const unusable = (at: number) => {
      const target = this.#paths.text(at);
      this.#problem("parent-unusable", written, merged.layer, target);
      return undefined;
    };
    if (walked.kind === "missing") return unusable(walked.parent);
    if (walked.kind !== "found") return unusable(walked.path);
    if (!this.state.isDirectory(walked.path)) return unusable(walked.path);
    const name = this.#paths.name(written);
    if (this.#tooLong(walked.path, this.inventory.strings.length(name)))
      return unusable(walked.path);
    return this.#paths.child(walked.path, name);
  }

  #makeDirectory(parent: number, name: Uint8Array): number | undefined {
    if (this.#tooLong(parent, name.length)) return undefined;
    const path = this.#paths.child(parent, this.inventory.strings.intern(name));
    this.state.setImplied(path);
    return path;
  }

  #tooLong(parent: number, more: number): boolean {
    let length = 1 + more;
    for (let at = parent; at !== 0; at = this.#paths.parent(at))
      length += 1 + this.inventory.strings.length(this.#paths.name(at));
    return length > longestPath;
  }

  #walk(start: number, names: readonly Uint8Array[], options: WalkOptions = {}) {
    const count = () => this.inventory.countStep();
    return walk(this.state, start, names, { ...options, count });
  }

  #names(path: number): Uint8Array[] {
    const names: Uint8Array[] = [];
    for (let at = path; at !== 0; at = this.#paths.parent(at))
      names.push(this.inventory.strings.get(this.#paths.name(at)));
    return names.reverse();
  }

  #problem(
    kind: LayerProblem["kind"],
    path: number,
    layer: Layer,
    target?: string,
  ): void {
    if (this.problems.length >= this.inventory.limits.problems) {
      this.omittedProblems += 1;
      return;
    }
    const told = { kind, path: this.#paths.text(path), layer };
    this.problems.push(target === undefined ? told : { ...told, target });
  }
}
