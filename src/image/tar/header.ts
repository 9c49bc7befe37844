/**
 * One header block of 512 bytes (POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar's
 * manual, "Basic Tar Format"). What readers are known to take in different ways is
 * refused, not guessed.
 */
import { malformed, type TarPlace } from "./problem.ts";

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
  const number = (what: string, start: number, length: number) =>
    parseNumber(block.subarray(start, start + length), what, place);
  const name = text(block, 0, 100);
  const prefix = dialect === "ustar" ? text(block, 345, 155) : name.subarray(0, 0);
  return {
    flag: block[156] === 0 ? "0" : String.fromCharCode(block[156]!),
    name: prefix.length > 0 ? join(prefix, name) : name,
    target: text(block, 157, 100),
    mode: number("mode", 100, 8) & 0o7777,
    uid: number("uid", 108, 8),
    gid: number("gid", 116, 8),
    size: number("size", 124, 12),
    modified: number("mtime", 136, 12),
  };
}

/** All bytes as unsigned numbers, those of the checksum itself counted as blanks. */
function checkSum(block: Uint8Array, place: TarPlace): void {
  let sum = 8 * 0x20;
  for (let at = 0; at < 148; at += 1) sum += block[at]!;
  for (let at = 156; at < blockSize; at += 1) sum += block[at]!;
  const told = parseNumber(block.subarray(148, 156), "checksum", place);
  if (told !== sum) throw malformed(place, "no header (its checksum is wrong)");
}

function dialectOf(block: Uint8Array, place: TarPlace): "ustar" | "gnu" | "v7" {
  const magic = String.fromCharCode(...block.subarray(257, 265));
  if (magic === "ustar\x0000") return "ustar";
  if (magic === "ustar  \0") return "gnu";
  if (magic === "\0\0\0\0\0\0\0\0") return "v7";
  throw malformed(place, "a header of an unknown form of tar");
}

/** Octal digits with blanks around them, or GNU's base 256. Nothing at all is 0. */
export function parseNumber(field: Uint8Array, what: string, place: TarPlace): number {
  if (field[0]! >= 0x80) return parseBase256(field, what, place);
  let value = 0;
  let at = 0;
  while (field[at] === 0x20) at += 1;
  for (; at < field.length; at += 1) {
    const digit = field[at]! - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; at < field.length; at += 1)
    if (field[at] !== 0 && field[at] !== 0x20)
      throw malformed(place, `a ${what} that is no octal number`);
  return value;
}

/** Two's complement in all bits but the first, which says that it is such a number. */
function parseBase256(field: Uint8Array, what: string, place: TarPlace): number {
  const negative = field[0] === 0xff;
  if (!negative && field[0] !== 0x80)
    throw malformed(place, `a ${what} that is too large`);
  let value = negative ? -1 : 0;
  for (let at = 1; at < field.length; at += 1) value = value * 256 + field[at]!;
  if (!Number.isSafeInteger(value))
    throw malformed(place, `a ${what} that is too large`);
  return value;
}

/** A copy, up to the first NUL or of the whole field; of a Buffer `slice` is none. */
function text(block: Uint8Array, start: number, length: number): Uint8Array {
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
