/** Reads tar archives strictly: what other readers might take otherwise is refused. */
import type { TarHandler } from "./entry.ts";
import {
  type ExtensionFlag,
  type Extensions,
  extend,
  isExtension,
  noExtensions,
} from "./extensions.ts";
import { blockSize, type Header, parseHeader } from "./header.ts";
import { readMember } from "./member.ts";
import { malformed, type TarPlace, truncated } from "./problem.ts";

/** What loads images refuses larger ones too. */
const largestExtension = 1 << 20;

const nothing = new Uint8Array(0);
const padding = (size: number) => (blockSize - (size % blockSize)) % blockSize;

/**
 * - "header": a block is awaited, or is in parts in `block`.
 * - "content": `left` bytes of a member go to the handler.
 * - "extension": `left` bytes of a header's content are gathered.
 * - "padding": `left` bytes up to the next block are passed over.
 * - "end": after two blocks of zeros; zeros only may follow.
 */
type State = "header" | "content" | "extension" | "padding" | "end";

/**
 * A state machine into which bytes are pushed; it holds at most one extended header.
 *
 *     const scanner = new TarScanner({ entry, content }, "layer 3");
 *     for (…) scanner.write(piece);
 *     scanner.end();
 */
export class TarScanner {
  #state: State = "header";
  /** Bytes that the scanner has seen or left out. */
  #offset = 0;
  #left = 0;
  /** Bytes of the member that is being read. */
  #contentSize = 0;
  /** A header, or the content of an extended one, of which a part is still missing. */
  readonly #block = new Uint8Array(blockSize);
  #gathered = nothing;
  #filled = 0;
  #zeroBlocks = 0;
  /** Of the extended header whose content is gathered. */
  #extension: { readonly flag: ExtensionFlag; readonly offset: number } | undefined;
  /** Where the member that is being read begins, its extended headers included. */
  #memberOffset: number | undefined;
  #extensions: Extensions = noExtensions;

  /** @param archive what it is, for messages: `layer 3`, `image.tar` */
  constructor(
    readonly handler: TarHandler,
    readonly archive: string,
  ) {}

  /** @throws Failure `image-tar-invalid`, `image-tar-unsupported` */
  write(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      const taken = this.#take(piece, at);
      at += taken;
    }
  }

  /** Bytes of content that come next; whoever can seek may leave them out. */
  get skippable(): number {
    return this.#state === "content" ? this.#left : 0;
  }

  /** Says that the next `count` bytes, at most `skippable`, are left out. */
  skip(count: number): void {
    if (count > this.skippable) throw new Error("more than the content is left out");
    this.#offset += count;
    this.#left -= count;
    if (this.#left === 0) this.#endContent();
  }

  /** @throws Failure `image-tar-truncated` */
  end(): void {
    if (this.#state === "end") return;
    const place = this.#place(this.#offset);
    if (this.#state === "content" || this.#state === "padding")
      throw truncated(place, "within a member");
    if (this.#state === "extension" || this.#filled > 0)
      throw truncated(place, "within a header");
    if (this.#memberOffset !== undefined)
      throw truncated(place, "between an extended header and its member");
    throw truncated(place, "without the two empty blocks that end an archive");
  }

  #place(offset: number): TarPlace {
    return { archive: this.archive, offset };
  }

  /** @returns how many bytes were taken: at least one */
  #take(piece: Uint8Array, at: number): number {
    const available = piece.length - at;
    switch (this.#state) {
      case "header":
        return this.#takeHeader(piece, at);
      case "content": {
        const count = Math.min(available, this.#left);
        this.handler.content(piece.subarray(at, at + count));
        this.skip(count);
        return count;
      }
      case "padding": {
        const count = Math.min(available, this.#left);
        this.#offset += count;
        this.#left -= count;
        if (this.#left === 0) this.#state = "header";
        return count;
      }
      case "extension": {
        const count = Math.min(available, this.#left);
        this.#gathered.set(piece.subarray(at, at + count), this.#filled);
        this.#filled += count;
        this.#offset += count;
        this.#left -= count;
        if (this.#left === 0) this.#endExtension();
        return count;
      }
      case "end":
        this.#requireZeros(piece, at);
        this.#offset += available;
        return available;
    }
  }

  /** Whole headers are read where they lie; what a piece cuts is put together. */
  #takeHeader(piece: Uint8Array, at: number): number {
    const count = Math.min(piece.length - at, blockSize - this.#filled);
    const begin = this.#offset - this.#filled;
    this.#offset += count;
    if (count === blockSize) {
      this.#header(piece.subarray(at, at + blockSize), begin);
      return count;
    }
    this.#block.set(piece.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (this.#filled === blockSize) {
      this.#filled = 0;
      this.#header(this.#block, begin);
    }
    return count;
  }

  #header(block: Uint8Array, offset: number): void {
    const place = this.#place(offset);
    if (isZero(block, 0)) {
      if (this.#memberOffset !== undefined)
        throw malformed(place, "an extended header without a member");
      this.#zeroBlocks += 1;
      if (this.#zeroBlocks === 2) this.#state = "end";
      return;
    }
    if (this.#zeroBlocks > 0)
      throw malformed(place, "one empty block, where the end of an archive has two");
    const header = parseHeader(block, place);
    const { flag, size } = header;
    if (isExtension(flag)) this.#startExtension(flag, size, place);
    else this.#member(header, place);
  }

  #startExtension(flag: ExtensionFlag, size: number, place: TarPlace): void {
    if (size < 0 || size > largestExtension)
      throw malformed(place, `an extended header of ${size} bytes`);
    if (flag === "g" && this.#memberOffset !== undefined)
      throw malformed(place, "a global header between an extended one and its member");
    if (flag !== "g") this.#memberOffset ??= place.offset;
    this.#extension = { flag, offset: place.offset };
    this.#gathered = new Uint8Array(size);
    this.#filled = 0;
    this.#left = size;
    this.#state = "extension";
    if (size === 0) this.#endExtension();
  }

  #endExtension(): void {
    const { flag, offset } = this.#extension!;
    const bytes = this.#gathered;
    this.#gathered = nothing;
    this.#filled = 0;
    this.#extensions = extend(this.#extensions, flag, bytes, this.#place(offset));
    this.#pad(bytes.length);
  }

  #member(header: Header, place: TarPlace): void {
    const entry = readMember(header, this.#extensions, place);
    if (this.#memberOffset !== undefined)
      this.#extensions = { ...noExtensions, global: this.#extensions.global };
    const first = this.#memberOffset ?? place.offset;
    this.#memberOffset = undefined;
    this.#left = entry.size;
    this.#contentSize = entry.size;
    this.#state = entry.size > 0 ? "content" : "header";
    this.handler.entry({ ...entry, offset: first, contentOffset: this.#offset });
  }

  #endContent(): void {
    this.#pad(this.#contentSize);
  }

  #pad(size: number): void {
    this.#left = padding(size);
    this.#state = this.#left > 0 ? "padding" : "header";
  }

  /** Other readers go on reading after the end; they would find other files. */
  #requireZeros(piece: Uint8Array, at: number): void {
    for (let index = at; index < piece.length; index += 1)
      if (piece[index] !== 0)
        throw malformed(
          this.#place(this.#offset + index - at),
          "something other than zeros after the end of the archive",
        );
  }
}

function isZero(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < bytes.length; at += 1) if (bytes[at] !== 0) return false;
  return true;
}
