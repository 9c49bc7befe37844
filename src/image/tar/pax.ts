/**
 * Extended headers: records `LENGTH KEY=VALUE\n` (POSIX.1-2017, pax, "pax Extended
 * Header"). Values are bytes: those of `SCHILY.xattr.…` are no text.
 */
import { malformed, type TarPlace, unsupported } from "./problem.ts";

/** Of the many keys those that matter to an image; the others are passed over. */
const used = [
  "path",
  "linkpath",
  "size",
  "uid",
  "gid",
  "mtime",
  "SCHILY.xattr.security.capability",
] as const;

export type PaxKey = (typeof used)[number];

export type PaxRecords = ReadonlyMap<PaxKey, Uint8Array>;

const known: ReadonlySet<string> = new Set(used);
const ascii = new TextDecoder("latin1");

/** @throws Failure `image-tar-invalid`, `image-tar-unsupported` */
export function parsePax(bytes: Uint8Array, place: TarPlace): PaxRecords {
  const records = new Map<PaxKey, Uint8Array>();
  for (let at = 0; at < bytes.length; ) {
    const { key, value, end } = parseRecord(bytes, at, place);
    if (key.startsWith("GNU.sparse.")) throw unsupported(place, "a sparse file");
    if (known.has(key)) records.set(key as PaxKey, value);
    at = end;
  }
  return records;
}

function parseRecord(bytes: Uint8Array, start: number, place: TarPlace) {
  const wrong = (what: string) => malformed(place, `an extended header with ${what}`);
  const blank = bytes.indexOf(0x20, start);
  const digits = blank < 0 ? "" : ascii.decode(bytes.subarray(start, blank));
  if (!/^[1-9][0-9]{0,9}$/.test(digits)) throw wrong("a record without a length");
  const end = start + Number(digits);
  if (end > bytes.length) throw wrong("a record that is longer than it");
  if (end <= blank || bytes[end - 1] !== 0x0a) throw wrong("a record without an end");
  const equals = bytes.indexOf(0x3d, blank + 1);
  if (equals <= blank + 1 || equals >= end) throw wrong("a record without a key");
  return {
    key: ascii.decode(bytes.subarray(blank + 1, equals)),
    value: bytes.slice(equals + 1, end - 1),
    end,
  };
}

/**
 * Tar lets a global header say these of all that follows; what loads images passes over
 * global headers. So an archive that has them holds two different things.
 */
export function checkGlobal(records: PaxRecords, place: TarPlace): void {
  for (const key of records.keys())
    if (key !== "mtime")
      throw malformed(
        place,
        `a global header sets ${key}, which tar obeys and loaders of images do not`,
      );
}

/** A whole number, which stands there in decimal digits. */
export function paxNumber(value: Uint8Array, key: PaxKey, place: TarPlace): number {
  const digits = ascii.decode(value);
  const number = /^[0-9]+$/.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isSafeInteger(number))
    throw malformed(place, `an extended header whose ${key} is no number`);
  return number;
}

/** Seconds; they may be negative and have a fraction. */
export function paxTime(value: Uint8Array, place: TarPlace): number {
  const digits = ascii.decode(value);
  const number = /^-?[0-9]+(\.[0-9]*)?$/.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isFinite(number))
    throw malformed(place, "an extended header whose mtime is no time");
  return number;
}
