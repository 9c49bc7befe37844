/** Tar archives by the byte, for tests of what reads them. */
import type { TarEntry } from "../../src/image/tar/entry.ts";
import { TarScanner } from "../../src/image/tar/scanner.ts";

export type HeaderFields = {
  readonly name?: string | Uint8Array;
  readonly flag?: string;
  readonly mode?: string;
  readonly uid?: string | Uint8Array;
  readonly size?: number | string | Uint8Array;
  readonly target?: string;
  readonly prefix?: string;
  readonly magic?: string;
  /** What the checksum is wrong by. */
  readonly wrongBy?: number;
};

const latin1 = (text: string) => Buffer.from(text, "latin1");
const octal = (value: number, digits: number) =>
  value.toString(8).padStart(digits, "0");

/** One header block. Names are of UTF-8 or bytes, other fields are as they are given. */
export function header(fields: HeaderFields): Uint8Array {
  const { name = "a", flag = "0", mode = "0000644", uid = "0000000" } = fields;
  const { size = 0, target = "", prefix = "", magic = "ustar\x0000" } = fields;
  const block = Buffer.alloc(512);
  const put = (at: number, value: string | Uint8Array) =>
    block.set(typeof value === "string" ? latin1(value) : value, at);
  put(0, typeof name === "string" ? Buffer.from(name) : name);
  put(100, mode);
  put(108, uid);
  put(116, "0000000");
  put(124, typeof size === "number" ? octal(size, 11) : size);
  put(136, "00000000000");
  put(156, flag);
  put(157, Buffer.from(target));
  put(257, magic);
  put(345, prefix);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, fields.wrongBy ?? 0);
  put(148, `${octal(sum, 6)}\0 `);
  return block;
}

/** Content, and zeros up to the next block. */
export function padded(content: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A member of any type with its content. */
export function member(fields: HeaderFields, content: string | Uint8Array = "") {
  const size = Buffer.from(content as string).length;
  return Buffer.concat([header({ size, ...fields }), padded(content)]);
}

/** A record of an extended header, its length included. */
export function record(key: string, value: string | Uint8Array): Uint8Array {
  const rest = Buffer.concat([
    Buffer.from(` ${key}=`),
    Buffer.from(value as string),
    Buffer.from("\n"),
  ]);
  let length = rest.length;
  while (String(length).length + rest.length !== length)
    length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** An extended header: for the member that follows, or with flag "g" for all. */
export const pax = (records: readonly Uint8Array[], flag = "x") =>
  member({ name: "PaxHeaders/x", flag }, Buffer.concat(records));

export const end = Buffer.alloc(1024);

export const archive = (...parts: readonly Uint8Array[]) =>
  Buffer.concat([...parts, end]);

export type Scanned = TarEntry & { readonly content: string };

/** @param pieceLength the archive comes in pieces of so many bytes @throws Failure */
export function scan(bytes: Uint8Array, pieceLength = bytes.length): Scanned[] {
  const found: { entry: TarEntry; pieces: Uint8Array[] }[] = [];
  const scanner = new TarScanner(
    {
      entry: (entry) => found.push({ entry, pieces: [] }),
      content: (piece) => found.at(-1)!.pieces.push(new Uint8Array(piece)),
    },
    "layer 7",
  );
  for (let at = 0; at < bytes.length; at += pieceLength)
    scanner.write(bytes.subarray(at, at + pieceLength));
  scanner.end();
  return found.map(({ entry, pieces }) => ({
    ...entry,
    content: Buffer.concat(pieces).toString("latin1"),
  }));
}

/** The same archive, whether it comes at once or in pieces of any size. */
export function scanInPieces(bytes: Uint8Array): Scanned[] {
  const whole = outcome(() => scan(bytes));
  for (const length of [1, 511, 512, 513, 1000]) {
    const parts = outcome(() => scan(bytes, length));
    if (JSON.stringify(parts) !== JSON.stringify(whole))
      throw new Error(`in pieces of ${length} bytes it is another archive`);
  }
  return scan(bytes);
}

function outcome(scanning: () => Scanned[]): unknown {
  try {
    return scanning();
  } catch (error) {
    return String(error);
  }
}

export const nameOf = ({ name }: TarEntry) => Buffer.from(name).toString();
