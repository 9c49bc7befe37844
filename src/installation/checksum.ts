/** The checksum of an open file, read from its beginning, in pieces. */
import { seek } from "#system/copy.ts";
import { readSome } from "#system/descriptors.ts";

export type Checksum = {
  readonly bytes: number;
  /** In hexadecimal, as sha256sum(1) prints it. */
  readonly sha256: string;
};

/** @param goOn is called before every piece, and may throw */
export function checksum(descriptor: number, goOn: () => void = () => {}): Checksum {
  seek(descriptor, 0);
  const hasher = new Bun.CryptoHasher("sha256");
  const buffer = new Uint8Array(1 << 20);
  let bytes = 0;
  for (;;) {
    goOn();
    const length = readSome(descriptor, buffer);
    if (length === undefined) continue;
    if (length === 0) return { bytes, sha256: hasher.digest("hex") };
    hasher.update(buffer.subarray(0, length));
    bytes += length;
  }
}

export function isSame(one: Checksum, other: Checksum): boolean {
  return one.bytes === other.bytes && one.sha256 === other.sha256;
}
