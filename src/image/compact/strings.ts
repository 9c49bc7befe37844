/**
 * Byte strings, each kept once: names of files, where links lead, first lines of scripts.
 * A string is a number; 0 is the empty one. Nothing is made when one is looked for: with
 * millions of lookups that would be most of the memory.
 */
import { tooLarge } from "../limits.ts";
import { Column, unsigned } from "./columns.ts";
import { HashIndex, hashBytes } from "./hash-index.ts";

const pieceBits = 18;
const pieceLength = 1 << pieceBits;
const mask = pieceLength - 1;
const empty = new Uint8Array(0);

export class Strings {
  readonly #pieces: Uint8Array[] = [];
  /** Where the next string goes, counted over all pieces. */
  #end = 0;
  readonly #starts: Column = unsigned();
  readonly #lengths: Column = new Column(Uint16Array);
  #count = 1;
  readonly #sought = { bytes: empty as Uint8Array, start: 0, end: 0 };
  readonly #index = new HashIndex({
    hashOf: (string) => {
      const start = this.#starts.get(string);
      const within = start & mask;
      return hashBytes(this.#piece(start), within, within + this.#lengths.get(string));
    },
    isSought: (string) => this.#isSought(string),
  });

  /** @param limit bytes of all strings together */
  constructor(readonly limit: number) {}

  /**
   * The string that is `bytes` from `start` to `end`, at most 65535 of them.
   * @throws Failure `image-too-large`
   */
  intern(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (start === end) return 0;
    const hash = hashBytes(bytes, start, end);
    const found = this.#find(hash, bytes, start, end);
    if (found >= 0) return found;
    const string = this.#append(bytes, start, end);
    this.#index.add(hash, string);
    return string;
  }

  /** What `bytes` would be, or -1 if nobody had it yet. */
  find(bytes: Uint8Array): number {
    const { length } = bytes;
    if (length === 0) return 0;
    return this.#find(hashBytes(bytes, 0, length), bytes, 0, length);
  }

  length(string: number): number {
    return this.#lengths.get(string);
  }

  /** Not to be changed. */
  get(string: number): Uint8Array {
    if (string === 0) return empty;
    const start = this.#starts.get(string);
    const within = start & mask;
    return this.#piece(start).subarray(within, within + this.#lengths.get(string));
  }

  /** Less than 0 where `one` comes first by its bytes. */
  compare(one: number, other: number): number {
    const oneStart = this.#starts.get(one);
    const otherStart = this.#starts.get(other);
    const oneLength = this.#lengths.get(one);
    const otherLength = this.#lengths.get(other);
    const onePiece = this.#piece(oneStart);
    const otherPiece = this.#piece(otherStart);
    const length = Math.min(oneLength, otherLength);
    for (let at = 0; at < length; at += 1) {
      const difference =
        onePiece[(oneStart & mask) + at]! - otherPiece[(otherStart & mask) + at]!;
      if (difference !== 0) return difference;
    }
    return oneLength - otherLength;
  }

  #find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    this.#sought.bytes = bytes;
    this.#sought.start = start;
    this.#sought.end = end;
    return this.#index.find(hash);
  }

  #isSought(string: number): boolean {
    const { bytes, start, end } = this.#sought;
    const length = this.#lengths.get(string);
    if (length !== end - start) return false;
    const position = this.#starts.get(string);
    const piece = this.#piece(position);
    for (let at = 0; at < length; at += 1)
      if (piece[(position & mask) + at] !== bytes[start + at]) return false;
    return true;
  }

  #piece(start: number): Uint8Array {
    return this.#pieces[start >>> pieceBits]!;
  }

  /** A string lies in one piece. */
  #append(bytes: Uint8Array, start: number, end: number): number {
    const room = this.#pieces.length * pieceLength - this.#end;
    if (end - start > room) {
      this.#end = this.#pieces.length * pieceLength;
      if (this.#end + pieceLength > this.limit) throw tooLarge.names(this.limit);
      this.#pieces.push(new Uint8Array(pieceLength));
    }
    const string = this.#count;
    const piece = this.#pieces.at(-1)!;
    for (let at = start; at < end; at += 1)
      piece[(this.#end & mask) + at - start] = bytes[at]!;
    this.#starts.set(string, this.#end);
    this.#lengths.set(string, end - start);
    this.#end += end - start;
    this.#count += 1;
    return string;
  }
}
