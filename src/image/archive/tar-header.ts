/**
 * Headers of members of a tar archive, the same bytes for the same member: ustar
 * (POSIX.1-1988), with an extended header (POSIX.1-2001, pax) for names that do not fit,
 * and GNU's base 256 for numbers that do not.
 *
 * tar-stream's `pack` does not do here: a mode of 0 becomes 0644, and a user above 262143
 * becomes 262143, while parents must keep what they have.
 */
import { encode } from "../../system/text.ts";

export type TarMember = {
  /** As system/text.ts has it; a directory's ends with a slash. */
  readonly name: string;
  readonly type: "file" | "directory";
  /** 0…0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the content that follows. */
  readonly size: number;
};

export const blockSize = 512;

/** What a file of the image's own archive is: nobody's in particular, and of no time. */
export function plainMember(name: string, size: number): TarMember {
  return { name, type: "file", mode: 0o644, uid: 0, gid: 0, size };
}

/** All headers of a member: one block, or three and more. */
export function tarHeader(member: TarMember): Uint8Array {
  const name = encode(member.name);
  if (name.length <= 100) return ustar(member, name);
  const record = paxRecord("path", name);
  const extended = plainMember("", record.length);
  return Buffer.concat([
    ustar(extended, encode("././@PaxHeader"), "x"),
    record,
    padding(record.length),
    ustar(member, name.subarray(0, 100)),
  ]);
}

/** What fills a content up to whole blocks. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((blockSize - (size % blockSize)) % blockSize);
}

/** What ends an archive: two empty blocks. */
export const tarEnd = new Uint8Array(2 * blockSize);

function ustar(member: TarMember, name: Uint8Array, type?: string): Uint8Array {
  const block = Buffer.alloc(blockSize);
  block.set(name, 0);
  writeNumber(block, 100, 8, member.mode);
  writeNumber(block, 108, 8, member.uid);
  writeNumber(block, 116, 8, member.gid);
  writeNumber(block, 124, 12, member.size);
  writeNumber(block, 136, 12, 0);
  block.write(type ?? (member.type === "directory" ? "5" : "0"), 156, "latin1");
  block.write("ustar\0" + "00", 257, "latin1");
  writeNumber(block, 329, 8, 0);
  writeNumber(block, 337, 8, 0);
  // The sum is of the block with blanks where it will stand.
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Octal digits and NUL; what does not fit is binary, with its first bit set. */
function writeNumber(block: Buffer, at: number, width: number, value: number): void {
  const octal = value.toString(8);
  if (octal.length < width) {
    block.write(`${octal.padStart(width - 1, "0")}\0`, at, "latin1");
    return;
  }
  let left = BigInt(value);
  for (let index = at + width - 1; index >= at; index -= 1) {
    block[index] = Number(left & 0xffn);
    left >>= 8n;
  }
  block[at]! |= 0x80;
}

/** `LENGTH KEYWORD=VALUE`, where the length counts its own digits too. */
function paxRecord(keyword: string, value: Uint8Array): Uint8Array {
  const rest = Buffer.concat([encode(` ${keyword}=`), value, encode("\n")]);
  let length = rest.length;
  while (String(length).length + rest.length !== length)
    length = String(length).length + rest.length;
  return Buffer.concat([encode(String(length)), rest]);
}
