/**
 * Reads ELF files: the format of executables on Linux (elf(5)), as far as an executable
 * for x86-64 that is not position-independent needs it.
 *
 * An ELF file begins with a header and a table of segments, which says which part of
 * the file belongs at which address. One segment, called dynamic, holds what the loader
 * of shared libraries is to do: which symbols to look up, and where to write their
 * addresses.
 */

/** Kinds of segments. */
export const segmentType = {
  LOAD: 1,
  DYNAMIC: 2,
  INTERP: 3,
  NOTE: 4,
  PHDR: 6,
  TLS: 7,
  GNU_EH_FRAME: 0x6474e550,
  GNU_STACK: 0x6474e551,
  GNU_RELRO: 0x6474e552,
  GNU_PROPERTY: 0x6474e553,
} as const;

export const segmentSize = 56;

/** A segment; offsets, addresses and sizes in bytes. */
export type Segment = {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly alignment: number;
};

export type Symbol = {
  readonly name: string;
  /** Nobody has to have it. */
  readonly weak: boolean;
  /** Of this file itself; without it another has to bring it. */
  readonly defined: boolean;
  readonly address: number;
  readonly size: number;
  readonly threadLocal: boolean;
};

/** An order to the loader: write what `symbol` is at `address`. */
export type Relocation = {
  readonly address: number;
  readonly type: number;
  readonly addend: number;
  readonly symbol: Symbol;
};

/** A fact that does not hold; it names what was expected, of what. */
export class Unexpected extends Error {}

export function expect(fact: boolean, what: string): asserts fact {
  if (!fact) throw new Unexpected(`cannot link statically: expected that ${what}`);
}

export class Elf {
  readonly bytes: Uint8Array;
  readonly entry: number;
  readonly segments: readonly Segment[];
  readonly #view: DataView;
  readonly #what: string;

  /** @param what names the file in errors */
  constructor(bytes: Uint8Array, what: string) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    expect(bytes.length > 64 && view.getUint32(0) === 0x7f454c46, `${what} is ELF`);
    expect(view.getUint16(4) === 0x0201, `${what} is of 64 bits, little-endian`);
    expect(view.getUint16(16, true) === 2, `${what} is not position-independent`);
    expect(view.getUint16(18, true) === 62, `${what} is for x86-64`);
    expect(view.getUint16(54, true) === segmentSize, `${what} has segments as known`);
    this.bytes = bytes;
    this.#view = view;
    this.#what = what;
    this.entry = this.number(24);
    const table = this.number(32);
    this.segments = Array.from({ length: view.getUint16(56, true) }, (_, index) =>
      this.#segment(table + index * segmentSize),
    );
  }

  /** The 64-bit number at `offset` of the file. Addresses are far below 2^53. */
  number(offset: number): number {
    return Number(this.#view.getBigInt64(offset, true));
  }

  #segment(at: number): Segment {
    return {
      type: this.#view.getUint32(at, true),
      flags: this.#view.getUint32(at + 4, true),
      offset: this.number(at + 8),
      address: this.number(at + 16),
      fileSize: this.number(at + 32),
      memorySize: this.number(at + 40),
      alignment: this.number(at + 48),
    };
  }

  get loads(): readonly Segment[] {
    return this.segments.filter(({ type }) => type === segmentType.LOAD);
  }

  /** The only segment of a type. */
  one(type: keyof typeof segmentType): Segment {
    const found = this.segments.filter((s) => s.type === segmentType[type]);
    expect(found.length === 1, `${this.#what} has one segment ${type}`);
    return found[0]!;
  }

  /** Where in the file the byte of an address is. */
  offsetOf(address: number): number {
    for (const { address: start, fileSize, offset } of this.loads)
      if (address >= start && address < start + fileSize)
        return offset + address - start;
    throw new Unexpected(
      `cannot link statically: expected that ${this.#what} has ` +
        `0x${address.toString(16)}` +
        " in its file",
    );
  }

  /** The text at `offset` of the file, up to its NUL. */
  text(offset: number): string {
    const end = this.bytes.indexOf(0, offset);
    return new TextDecoder().decode(this.bytes.subarray(offset, end));
  }

  /** The entries of the dynamic segment, in order: a tag (DT_…) and its value. */
  dynamic(): readonly { readonly tag: number; readonly value: number }[] {
    const { offset, fileSize } = this.one("DYNAMIC");
    const entries = [];
    for (let at = offset; at < offset + fileSize; at += 16) {
      const tag = this.number(at);
      if (tag === 0) break;
      entries.push({ tag, value: this.number(at + 8) });
    }
    return entries;
  }

  /** Entry `index` of a symbol table; both tables by their offset in the file. */
  symbol(table: number, strings: number, index: number): Symbol {
    const at = table + index * 24;
    const kind = this.bytes[at + 4]!;
    return {
      name: this.text(strings + this.#view.getUint32(at, true)),
      weak: kind >> 4 === 2,
      threadLocal: (kind & 15) === 6,
      defined: this.#view.getUint16(at + 6, true) !== 0,
      address: this.number(at + 8),
      size: this.number(at + 16),
    };
  }

  /** The relocations in `size` bytes from `address` on (Elf64_Rela). */
  relocations(
    address: number,
    size: number,
    symbols: { readonly table: number; readonly strings: number },
  ): Relocation[] {
    const start = this.offsetOf(address);
    return Array.from({ length: size / 24 }, (_, index) => {
      const at = start + index * 24;
      return {
        address: this.number(at),
        type: this.#view.getUint32(at + 8, true),
        symbol: this.symbol(
          symbols.table,
          symbols.strings,
          this.#view.getUint32(at + 12, true),
        ),
        addend: this.number(at + 16),
      };
    });
  }

  /** The addresses of the names in the section of symbols that `strip` would remove. */
  namedAddresses(): ReadonlyMap<string, number> {
    const sections = this.number(40);
    const addresses = new Map<string, number>();
    const SHT_SYMTAB = 2;
    for (let index = 0; index < this.#view.getUint16(60, true); index += 1) {
      const section = sections + index * 64;
      if (this.#view.getUint32(section + 4, true) !== SHT_SYMTAB) continue;
      const strings = sections + this.#view.getUint32(section + 40, true) * 64;
      const count = this.number(section + 32) / 24;
      for (let entry = 0; entry < count; entry += 1) {
        const { name, address } = this.symbol(
          this.number(section + 24),
          this.number(strings + 24),
          entry,
        );
        if (name !== "") addresses.set(name, address);
      }
    }
    return addresses;
  }
}
