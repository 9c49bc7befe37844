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
  readonly #index = new HashIndex((path) =>
    hashPair(this.#parents.get(path), this.#names.get(path)),
  );

  /** @param limit how many paths there may be */
  constructor(
    readonly strings: Strings,
    readonly limit: number,
  ) {}

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
    return this.#index.find(
      hashPair(parent, name),
      (path) => this.#parents.get(path) === parent && this.#names.get(path) === name,
    );
  }

  /** Of a path, or of what is between slashes in it; `.` and empty parts count nothing. */
  intern(bytes: Uint8Array): number {
    let path = 0;
    for (const [start, end] of components(bytes))
      path = this.child(path, this.strings.intern(bytes, start, end));
    return path;
  }

  /** Paths in a directory that any layer names, whether they are there or not. */
  *children(path: number): Generator<number> {
    for (let child = this.#firstChildren.get(path); child !== 0; ) {
      yield child;
      child = this.#nextSiblings.get(child);
    }
  }

  text(path: number): string {
    if (path === 0) return "/";
    const parts: string[] = [];
    for (let at = path; at !== 0; at = this.#parents.get(at))
      parts.push(decode(this.strings.get(this.#names.get(at))));
    return `/${parts.reverse().join("/")}`;
  }
}

/** Where the components of a path begin and end; `..` is one of them. */
export function* components(bytes: Uint8Array): Generator<[number, number]> {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(slash, start);
    const end = found < 0 ? bytes.length : found;
    const isDot = end - start === 1 && bytes[start] === 0x2e;
    if (end > start && !isDot) yield [start, end];
    start = end + 1;
  }
}
