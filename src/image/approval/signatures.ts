/** Whether one who may has signed an image: what a registry keeps beside it. */
import type { KeyObject } from "node:crypto";
import type { TrustMaterial } from "@sigstore/verify";
import { repositoryName } from "../../contract/image-reference.ts";
import type { Digest } from "../model.ts";
import type { Registry } from "../registry/client.ts";
import { readBlob } from "../registry/download.ts";
import { manifestDocument, parseDocument } from "../source/documents.ts";
import { isSignedBy, readKey } from "./key.ts";
import { type Expected, objection, payloadType } from "./payload.ts";
import type { Signer } from "./policy.ts";

const signatureAnnotation = "dev.cosignproject.cosign/signature";

/** More than any image has; whoever has so many wants us to be busy. */
const mostSignatures = 64;
/** Bytes. */
const largestPayload = 64 << 10;

/** Characters: some of it is what anybody may write. */
const longestReason = 300;

/** A signer with what proves that it is him. */
export type Prepared =
  | { readonly signer: Signer & { kind: "key" }; readonly key: KeyObject }
  | { readonly signer: Signer & { kind: "identity" }; readonly trusted: TrustMaterial };

/** @throws Failure `approval-policy-invalid` */
export function prepare(signers: readonly Signer[]): Promise<readonly Prepared[]> {
  return Promise.all(
    signers.map(async (signer): Promise<Prepared> => {
      if (signer.kind === "key") return { signer, key: await readKey(signer.key) };
      const { readTrustedRoot } = await import("./identity.ts");
      return { signer, trusted: await readTrustedRoot(signer.trustedRoot) };
    }),
  );
}

export type Signed =
  | { readonly kind: "signed"; readonly by: Signer }
  /** For each signature that is there, why it does not count. */
  | { readonly kind: "unsigned"; readonly reasons: readonly string[] };

/** Where cosign keeps the signatures of an image (specs/SIGNATURE_SPEC.md). */
export const signatureTag = (digest: Digest) => `${digest.replace(":", "-")}.sig`;

/** @throws Failure where it cannot be seen whether there is a signature */
export async function findSignature(
  registry: Registry,
  expected: Expected,
  signers: readonly Prepared[],
): Promise<Signed> {
  const { path } = expected.reference;
  const tag = signatureTag(expected.digest);
  const manifest = await registry.manifest(path, tag);
  if (!manifest) return { kind: "unsigned", reasons: ["there is no signature"] };
  const where = `${repositoryName(expected.reference)}:${tag}`;
  const { layers } = parseDocument(manifest.bytes, manifestDocument, where).value;
  const reasons: string[] = [];
  for (const { mediaType, digest, size, annotations } of layers.slice(
    0,
    mostSignatures,
  )) {
    const signature = annotations?.[signatureAnnotation];
    if (mediaType !== payloadType || signature === undefined) continue;
    if (size > largestPayload) {
      reasons.push(`it has a statement of ${size} bytes`);
      continue;
    }
    const payload = await readBlob(registry, path, { digest, size });
    const found = await signerOf(payload, signature, annotations ?? {}, signers);
    const against = typeof found === "string" ? found : objection(payload, expected);
    if (typeof found !== "string" && against === undefined)
      return { kind: "signed", by: found };
    if (against !== undefined) reasons.push(against.slice(0, longestReason));
  }
  if (reasons.length === 0) reasons.push("there is no signature");
  return { kind: "unsigned", reasons };
}

/** @returns whose it is, or why it is nobody's who may sign */
async function signerOf(
  payload: Uint8Array,
  signature: string,
  annotations: Readonly<Record<string, string>>,
  signers: readonly Prepared[],
): Promise<Signer | string> {
  const bytes = Buffer.from(signature, "base64");
  let reason = "it is not of a key that may sign";
  for (const one of signers) {
    if ("key" in one) {
      if (isSignedBy(one.key, payload, bytes)) return one.signer;
      continue;
    }
    const { identityObjection } = await import("./identity.ts");
    const { signer, trusted } = one;
    const against = identityObjection(signer, trusted, payload, signature, annotations);
    if (against === undefined) return signer;
    reason = against;
  }
  return reason;
}
