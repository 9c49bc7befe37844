/** SHA256SUMS: what `sha256sum --check` reads. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const name = "SHA256SUMS";

/** SHA-256 in hexadecimal. */
export function checksum(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

/** Writes the checksums of all files in a directory into it, and of none below it. */
export function writeChecksums(directory: string): void {
  const files = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== name)
    .map((entry) => entry.name);
  const lines = files
    .sort()
    .map((file) => `${checksum(readFileSync(join(directory, file)))}  ${file}\n`);
  writeFileSync(join(directory, name), lines.join(""));
}
