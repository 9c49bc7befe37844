/**
 * One header block of 512 bytes (POSIX.1-2017, pax, "ustar Interchange Format"; GNU
 * tar's manual, "Basic Tar Format"). What readers are known to take in different ways
 * is refused, not guessed.
 */
import { malformed, noHeader, type TarPlace } from "./problem.ts";

export const blockSize = 512;

export type Header = {
  /** A character: "0" file, "5" directory, "x" extended header, … */
  readonly flag: string;
  readonly name: Uint8Array;
  readonly target: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modified: number;
};

const slash = 0x2f;

/** @throws Failure `image-tar-invalid` */
export function parseHeader(block: Uint8Array, place: TarPlace): Header {
  checkSum(block, place);
  const dialect = dialectOf(block, place);
  const name = text(block, 0, 100);
  const prefix = dialect === "ustar" ? text(block, 345, 155) : empty;
  return {
    flag: block[156] === 0 ? "0" : String.fromCharCode(block[156]!),
    name: prefix.length > 0 ? join(prefix, name) : name,
    target: text(block, 157, 100),
    mode: parseNumber(block, 100, 108, "mode", place) & 0o7777,
    uid: parseNumber(block, 108, 116, "uid", place),
    gid: parseNumber(block, 116, 124, "gid", place),
    size: parseNumber(block, 124, 136, "size", place),
    modified: parseNumber(block, 136, 148, "mtime", place),
  };
}

/** All bytes as unsigned numbers, those of the checksum itself counted as blanks. */
function checkSum(block: Uint8Array, place: TarPlace): void {
  let sum = 8 * 0x20;
  for (let at = 0; at < 148; at += 1) sum += block[at]!;
  for (let at = 156; at < blockSize; at += 1) sum += block[at]!;
  if (parseOctal(block, 148, 156) !== sum) throw noHeader(place);
}

type Dialect = "ustar" | "gnu" | "v7";

const magics: Readonly<Record<Dialect, Uint8Array>> = {
  ustar: Buffer.from("ustar\x0000"),
  gnu: Buffer.from("ustar  \0"),
  v7: new Uint8Array(8),
};

function dialectOf(block: Uint8Array, place: TarPlace): Dialect {
  if (hasMagic(block, magics.ustar)) return "ustar";
  if (hasMagic(block, magics.gnu)) return "gnu";
  if (hasMagic(block, magics.v7)) return "v7";
  throw malformed(place, "a header of an unknown form of tar");
}

function hasMagic(block: Uint8Array, magic: Uint8Array): boolean {
  for (let at = 0; at < magic.length; at += 1)
    if (block[257 + at] !== magic[at]) return false;
  return true;
}

/** Octal digits, or GNU's base 256. */
function parseNumber(
  block: Uint8Array,
  start: number,
  end: number,
  what: string,
  place: TarPlace,
): number {
  if (block[start]! >= 0x80) return parseBase256(block, start, end, what, place);
  const value = parseOctal(block, start, end);
  if (value === undefined) throw malformed(place, `a ${what} that is no octal number`);
  return value;
}

/** Octal digits with blanks around them; nothing at all is 0. */
function parseOctal(block: Uint8Array, start: number, end: number): number | undefined {
  let value = 0;
  let at = start;
  while (at < end && block[at] === 0x20) at += 1;
  for (; at < end; at += 1) {
    const digit = block[at]! - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; at < end; at += 1) if (block[at] !== 0 && block[at] !== 0x20) return undefined;
  return value;
}

/** Two's complement in all bits but the first, which says that it is such a number. */
function parseBase256(
  block: Uint8Array,
  start: number,
  end: number,
  what: string,
  place: TarPlace,
): number {
  const negative = block[start] === 0xff;
  if (!negative && block[start] !== 0x80)
    throw malformed(place, `a ${what} that is too large`);
  let value = negative ? -1 : 0;
  for (let at = start + 1; at < end; at += 1) value = value * 256 + block[at]!;
  if (!Number.isSafeInteger(value))
    throw malformed(place, `a ${what} that is too large`);
  return value;
}

const empty = new Uint8Array(0);

/** A copy, up to the first NUL or of the whole field; of a Buffer `slice` is none. */
function text(block: Uint8Array, start: number, length: number): Uint8Array {
  if (block[start] === 0) return empty;
  const end = block.indexOf(0, start);
  const limit = start + length;
  return new Uint8Array(block.subarray(start, end < 0 || end > limit ? limit : end));
}

function join(prefix: Uint8Array, name: Uint8Array): Uint8Array {
  const joined = new Uint8Array(prefix.length + 1 + name.length);
  joined.set(prefix);
  joined[prefix.length] = slash;
  joined.set(name, prefix.length + 1);
  return joined;
}
