/** Digests, and whether bytes are what a descriptor says of them. */
import { createHash } from "node:crypto";
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Descriptor, Digest } from "../model.ts";

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** @throws Failure `image-digest-mismatch` */
export function verifyBytes(
  bytes: Uint8Array,
  expected: Pick<Descriptor, "digest" | "size">,
  where: string,
): void {
  if (bytes.length !== expected.size)
    throw mismatch(where, `${expected.size} bytes`, `${bytes.length} bytes`);
  const digest = digestOf(bytes);
  if (digest !== expected.digest) throw mismatch(where, expected.digest, digest);
}

/** The one error for bytes that are not what was said of them. */
export function mismatch(where: string, expected: string, found: string): Failure {
  return new Failure(
    "image-digest-mismatch",
    `${printable(where)}: expected ${expected}, found ${found}`,
    "copy or pull the image again: this one was changed or damaged on its way",
  );
}
