/**
 * Signatures by an identity: a short-lived certificate that says who somebody was when
 * he signed, and a transparency log that says when (Sigstore). Everything is in the
 * annotations of the signature and in the policy's trusted root: nobody is asked.
 */
import { readFile } from "node:fs/promises";
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import {
  type TrustMaterial,
  toSignedEntity,
  toTrustMaterial,
  Verifier,
} from "@sigstore/verify";
import * as z from "zod";
import { invalid, type Signer } from "./policy.ts";

type Identity = Signer & { readonly kind: "identity" };

/** What cosign adds to a signature (cosign, specs/SIGNATURE_SPEC.md). */
const certificateAnnotation = "dev.sigstore.cosign/certificate";
const bundleAnnotation = "dev.sigstore.cosign/bundle";

const logEntry = z.looseObject({
  SignedEntryTimestamp: z.base64(),
  Payload: z.looseObject({
    body: z.base64(),
    integratedTime: z.int().positive(),
    logIndex: z.int().nonnegative(),
    logID: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

const logBody = z.looseObject({ kind: z.string(), apiVersion: z.string() });

/** @throws Failure `approval-policy-invalid` */
export async function readTrustedRoot(file: string): Promise<TrustMaterial> {
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(await readFile(file, "utf8")));
    if (root.certificateAuthorities.length === 0 || root.tlogs.length === 0)
      throw new Error("it has no authority for certificates, or no log");
    return toTrustMaterial(root);
  } catch (error) {
    throw invalid(file, `the trusted root cannot be read: ${(error as Error).message}`);
  }
}

/** Why a signature is not this identity's; nothing where it is. */
export function identityObjection(
  identity: Identity,
  trusted: TrustMaterial,
  payload: Uint8Array,
  signature: string,
  annotations: Readonly<Record<string, string>>,
): string | undefined {
  const certificate = annotations[certificateAnnotation];
  const logged = annotations[bundleAnnotation];
  if (certificate === undefined || logged === undefined)
    return "it has no certificate, or no entry of a transparency log";
  try {
    const bundle = bundleOf(payload, signature, certificate, logged);
    const { identity: signer } = new Verifier(trusted, {
      ctlogThreshold: 1,
      tlogThreshold: 1,
      timestampThreshold: 1,
    }).verify(toSignedEntity(bundle, Buffer.from(payload)));
    // Compared here: the package takes what is expected for a regular expression.
    const subject = signer?.subjectAlternativeName;
    const issuer = signer?.extensions?.issuer;
    if (subject === identity.subject && issuer === identity.issuer) return undefined;
    return `it is ${subject ?? "nobody"}'s, as ${issuer ?? "nobody"} says`;
  } catch (error) {
    // Whatever it is that such a thing consists of, it is no proof.
    return `it does not hold: ${error instanceof Error ? error.message : error}`;
  }
}

/** Cosign's annotations in the form that the packages of Sigstore read. */
function bundleOf(
  payload: Uint8Array,
  signature: string,
  certificate: string,
  logged: string,
) {
  const { Payload: entry, SignedEntryTimestamp: promise } = logEntry.parse(
    JSON.parse(logged),
  );
  const body = logBody.parse(JSON.parse(Buffer.from(entry.body, "base64").toString()));
  const digest = new Bun.CryptoHasher("sha256").update(payload).digest("base64");
  return bundleFromJSON({
    mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: derOf(certificate) }] },
      tlogEntries: [
        {
          logIndex: String(entry.logIndex),
          logId: { keyId: Buffer.from(entry.logID, "hex").toString("base64") },
          kindVersion: { kind: body.kind, version: body.apiVersion },
          integratedTime: String(entry.integratedTime),
          inclusionPromise: { signedEntryTimestamp: promise },
          canonicalizedBody: entry.body,
        },
      ],
    },
    messageSignature: { messageDigest: { algorithm: "SHA2_256", digest }, signature },
  });
}

/** Base64 of what is between the lines of the first certificate in PEM. */
function derOf(pem: string): string {
  const found = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/.exec(pem);
  return found ? found[1]!.replace(/\s/g, "") : "";
}
