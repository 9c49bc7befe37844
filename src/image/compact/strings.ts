/**
 * Byte strings, each kept once: names of files, where links lead, first lines of scripts.
 * A string is a number; 0 is the empty one.
 */
import { tooLarge } from "../limits.ts";
import { Column, unsigned } from "./columns.ts";
import { HashIndex, hashBytes } from "./hash-index.ts";

const pieceLength = 1 << 18;

export class Strings {
  readonly #pieces: Uint8Array[] = [];
  /** Where the next string goes, counted over all pieces. */
  #end = 0;
  readonly #starts: Column = unsigned();
  readonly #lengths: Column = new Column(Uint16Array);
  #count = 1;
  readonly #index = new HashIndex((string) => {
    const bytes = this.get(string);
    return hashBytes(bytes, 0, bytes.length);
  });

  /** @param limit bytes of all strings together */
  constructor(readonly limit: number) {}

  /**
   * The string that is `bytes` from `start` to `end`, which may be 65535 long.
   * @throws Failure `image-too-large`
   */
  intern(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (start === end) return 0;
    const hash = hashBytes(bytes, start, end);
    const found = this.#index.find(hash, (string) =>
      this.#is(string, bytes, start, end),
    );
    if (found >= 0) return found;
    const string = this.#append(bytes.subarray(start, end));
    this.#index.add(hash, string);
    return string;
  }

  /** What `bytes` would be, or -1 if nobody had it yet. */
  find(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    const hash = hashBytes(bytes, 0, bytes.length);
    return this.#index.find(hash, (string) => this.#is(string, bytes, 0, bytes.length));
  }

  /** Not to be changed. */
  get(string: number): Uint8Array {
    if (string === 0) return new Uint8Array(0);
    const start = this.#starts.get(string);
    const piece = this.#pieces[Math.floor(start / pieceLength)]!;
    const within = start % pieceLength;
    return piece.subarray(within, within + this.#lengths.get(string));
  }

  #is(string: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.#lengths.get(string);
    if (length !== end - start) return false;
    const position = this.#starts.get(string);
    const piece = this.#pieces[Math.floor(position / pieceLength)]!;
    const within = position % pieceLength;
    for (let at = 0; at < length; at += 1)
      if (piece[within + at] !== bytes[start + at]) return false;
    return true;
  }

  /** A string lies in one piece. */
  #append(bytes: Uint8Array): number {
    const room = this.#pieces.length * pieceLength - this.#end;
    if (bytes.length > room) {
      this.#end = this.#pieces.length * pieceLength;
      if (this.#end + pieceLength > this.limit) throw tooLarge.names(this.limit);
      this.#pieces.push(new Uint8Array(pieceLength));
    }
    const string = this.#count;
    this.#pieces.at(-1)!.set(bytes, this.#end % pieceLength);
    this.#starts.set(string, this.#end);
    this.#lengths.set(string, bytes.length);
    this.#end += bytes.length;
    this.#count += 1;
    return string;
  }
}
