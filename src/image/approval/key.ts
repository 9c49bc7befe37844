/** Signatures by a key: ECDSA P-256, RSA (PKCS #1 v1.5), both of SHA-256, or Ed25519. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { invalid } from "./policy.ts";

/** Bits; NIST SP 800-131A. */
const shortestRsa = 2048;

/** @throws Failure `approval-policy-invalid` */
export async function readKey(file: string): Promise<KeyObject> {
  let key: KeyObject;
  try {
    const pem = await readFile(file, "utf8");
    // From a private key Node would take the public half, and nobody would notice.
    if (!/^-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(pem.trimStart()))
      throw new Error("it is no public key in PEM");
    key = createPublicKey(pem);
  } catch (error) {
    throw invalid(file, `the key cannot be read: ${(error as Error).message}`);
  }
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const isKnown =
    key.asymmetricKeyType === "ed25519" ||
    (key.asymmetricKeyType === "ec" && namedCurve === "prime256v1") ||
    (key.asymmetricKeyType === "rsa" && modulusLength >= shortestRsa);
  if (isKnown) return key;
  throw invalid(
    file,
    `the key is ${key.asymmetricKeyType} ${namedCurve ?? (modulusLength || "")}; ` +
      `ECDSA P-256, RSA of ${shortestRsa} bits or more, and Ed25519 are known`,
  );
}

/** @param signature ECDSA's is DER */
export function isSignedBy(
  key: KeyObject,
  payload: Uint8Array,
  signature: Uint8Array,
): boolean {
  const algorithm = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  try {
    return verify(algorithm, payload, key, signature);
  } catch {
    // No signature at all, by its form.
    return false;
  }
}
