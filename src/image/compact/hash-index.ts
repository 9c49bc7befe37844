/** Finds numbers by a hash: open addressing over typed arrays, three quarters full at most. */

/** What is indexed. */
export type Indexed = {
  /** Of a value that was added; asked again when the index grows. */
  readonly hashOf: (value: number) => number;
  /** Whether a value is the one that is looked for. */
  readonly isSought: (value: number) => boolean;
};

export class HashIndex {
  /** Values plus one; 0 is an empty place. */
  #places = new Int32Array(1 << 12);
  #count = 0;

  constructor(readonly indexed: Indexed) {}

  /** The value with this hash that is sought, or -1. */
  find(hash: number): number {
    const mask = this.#places.length - 1;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const value = this.#places[place]! - 1;
      if (value < 0 || this.indexed.isSought(value)) return value;
    }
  }

  add(hash: number, value: number): void {
    this.#count += 1;
    if (this.#count * 4 > this.#places.length * 3) this.#grow();
    this.#put(hash, value);
  }

  #put(hash: number, value: number): void {
    const mask = this.#places.length - 1;
    let place = hash & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = value + 1;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Int32Array(before.length * 2);
    for (let place = 0; place < before.length; place += 1) {
      const value = before[place]! - 1;
      if (value >= 0) this.#put(this.indexed.hashOf(value), value);
    }
  }
}

/** FNV-1a, with its bits mixed once more: low ones choose the place. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1)
    hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return mixed(hash);
}

export function hashPair(one: number, other: number): number {
  return mixed(Math.imul(one, 0x9e3779b1) ^ Math.imul(other + 1, 0x85ebca6b));
}

function mixed(hash: number): number {
  const first = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  const second = Math.imul(first ^ (first >>> 15), 0x846ca68b);
  return (second ^ (second >>> 16)) >>> 0;
}
