/**
 * All paths that any layer names, and their parents: a path is a number, 0 is `/`. Paths
 * are shared by all layers; whether there is a file in the image says merge.ts.
 */
import { decode } from "../../system/text.ts";
import { tooLarge } from "../limits.ts";
import { signed } from "./columns.ts";
import { HashIndex, hashPair } from "./hash-index.ts";
import type { Strings } from "./strings.ts";

const slash = 0x2f;

export class Paths {
  readonly #parents = signed();
  readonly #names = signed();
  readonly #firstChildren = signed();
  readonly #nextSiblings = signed();
  #count = 1;
  readonly #sought = { parent: 0, name: 0 };
  readonly #index = new HashIndex({
    hashOf: (path) => hashPair(this.#parents.get(path), this.#names.get(path)),
    isSought: (path) =>
      this.#parents.get(path) === this.#sought.parent &&
      this.#names.get(path) === this.#sought.name,
  });

  /** @param limit how many paths there may be */
  constructor(
    readonly strings: Strings,
    readonly limit: number,
  ) {}

  /** Paths are the numbers below it. */
  get count(): number {
    return this.#count;
  }

  parent(path: number): number {
    return this.#parents.get(path);
  }

  /** A number of `strings`. */
  name(path: number): number {
    return this.#names.get(path);
  }

  /** The path of `name` in `parent`. @throws Failure `image-too-large` */
  child(parent: number, name: number): number {
    const found = this.findChild(parent, name);
    if (found >= 0) return found;
    if (this.#count >= this.limit) throw tooLarge.files(this.limit);
    const path = this.#count;
    this.#count += 1;
    this.#parents.set(path, parent);
    this.#names.set(path, name);
    this.#nextSiblings.set(path, this.#firstChildren.get(parent));
    this.#firstChildren.set(parent, path);
    this.#index.add(hashPair(parent, name), path);
    return path;
  }

  /** As `child`, but -1 where nobody has named it. */
  findChild(parent: number, name: number): number {
    this.#sought.parent = parent;
    this.#sought.name = name;
    return this.#index.find(hashPair(parent, name));
  }

  /** Of a path, or of what is between slashes in it; `.` and empty parts count nothing. */
  intern(bytes: Uint8Array): number {
    let path = 0;
    for (let start = 0; start < bytes.length; ) {
      const end = componentEnd(bytes, start);
      if (isName(bytes, start, end))
        path = this.child(path, this.strings.intern(bytes, start, end));
      start = end + 1;
    }
    return path;
  }

  /**
   * The first of the paths in a directory that any layer names, whether they are there or
   * not; 0 where there is none. They are in no order. (A generator would make an object
   * for each of half a million.)
   */
  firstChild(path: number): number {
    return this.#firstChildren.get(path);
  }

  /** 0 after the last one. */
  nextSibling(path: number): number {
    return this.#nextSiblings.get(path);
  }

  text(path: number): string {
    if (path === 0) return "/";
    const parts: string[] = [];
    for (let at = path; at !== 0; at = this.#parents.get(at))
      parts.push(this.nameText(at));
    return `/${parts.reverse().join("/")}`;
  }

  nameText(path: number): string {
    return decode(this.strings.get(this.#names.get(path)));
  }
}

/** Where the component of a path that begins at `start` ends: at a slash, or with it. */
export function componentEnd(bytes: Uint8Array, start: number): number {
  const end = bytes.indexOf(slash, start);
  return end < 0 ? bytes.length : end;
}

/** Whether a component is one, and neither nothing nor `.`. */
export function isName(bytes: Uint8Array, start: number, end: number): boolean {
  return end > start && !(end - start === 1 && bytes[start] === 0x2e);
}
