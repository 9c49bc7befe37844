/** Random numbers that are the same for the same seed, on every machine. */
export class Random {
  #state: number;

  constructor(...seeds: readonly number[]) {
    this.#state = 0x9e3779b9;
    for (const seed of seeds) {
      this.#state = (this.#state ^ seed) >>> 0;
      for (let round = 0; round < 4; round += 1) this.#next();
    }
  }

  /** mulberry32, a well-known generator of 32 bits. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const result = (mixed ^ (mixed >>> 14)) >>> 0;
    this.#state = (this.#state ^ (result << 7)) >>> 0;
    return result;
  }

  /** From `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + (this.#next() % (high - low + 1));
  }

  /** As {@link integer}, but small ones are likelier: sizes, counts, pauses. */
  small(low: number, high: number): number {
    const part = this.#next() / 2 ** 32;
    return low + Math.floor(part * part * (high - low + 1));
  }

  /** @param percent how often it is true */
  chance(percent: number): boolean {
    return this.integer(0, 99) < percent;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)]!;
  }

  /** One of the names, each as often as its number says in relation to the others. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const names = Object.keys(weights) as Name[];
    let at = this.integer(0, names.reduce((sum, name) => sum + weights[name], 0) - 1);
    for (const name of names) {
      at -= weights[name];
      if (at < 0) return name;
    }
    return names[0]!;
  }
}
