/**
 * Growing arrays of numbers, in pieces: half a million files stay small, and nothing is
 * copied when a column grows. What was never set is 0 and takes no memory.
 */

const bits = 14;
const pieceLength = 1 << bits;
const mask = pieceLength - 1;

type NumberArray = Uint16Array | Int32Array | Uint32Array | Float64Array;

export class Column {
  readonly #pieces: (NumberArray | undefined)[] = [];

  constructor(readonly kind: new (length: number) => NumberArray) {}

  get(index: number): number {
    const piece = this.#pieces[index >> bits];
    return piece === undefined ? 0 : piece[index & mask]!;
  }

  set(index: number, value: number): void {
    let piece = this.#pieces[index >> bits];
    if (piece === undefined) {
      if (value === 0) return;
      piece = new this.kind(pieceLength);
      this.#pieces[index >> bits] = piece;
    }
    piece[index & mask] = value;
  }
}

/** Sixteen and thirty-two bits, and whole numbers up to 2⁵³. */
export const small = () => new Column(Uint16Array);
export const signed = () => new Column(Int32Array);
export const unsigned = () => new Column(Uint32Array);
export const large = () => new Column(Float64Array);
