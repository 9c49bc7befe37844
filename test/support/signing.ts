/** Signs images as cosign does (cosign, specs/SIGNATURE_SPEC.md), by key or identity. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { initializeCA, initializeCTLog, initializeTLog } from "@sigstore/mock";

export const payloadType = "application/vnd.dev.cosign.simplesigning.v1+json";

export type Statement = {
  readonly repository: string;
  readonly digest: string;
  readonly type?: string;
  readonly optional?: Readonly<Record<string, unknown>> | null;
};

/** The statement that is signed, as cosign writes it. */
export function payload({
  repository,
  digest,
  type,
  optional = null,
}: Statement): Buffer {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { "docker-reference": repository },
        image: { "docker-manifest-digest": digest },
        type: type ?? "cosign container image signature",
      },
      optional,
    }),
  );
}

export type Signature = {
  readonly payload: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
  readonly mediaType?: string;
};

export const signatureAnnotation = "dev.cosignproject.cosign/signature";

export function signWith(key: KeyObject, statement: Uint8Array): Signature {
  const algorithm = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  const signature = sign(algorithm, statement, key).toString("base64");
  return { payload: statement, annotations: { [signatureAnnotation]: signature } };
}

export const makeKeys = {
  "ECDSA P-256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  RSA: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  Ed25519: () => generateKeyPairSync("ed25519"),
};

export const pem = (key: KeyObject) =>
  key.export({ type: "spki", format: "pem" }).toString();

/** Puts signatures beside an image: the manifest with the tag `sha256-….sig`. */
export async function attach(
  registry: string,
  path: string,
  digest: string,
  signatures: readonly Signature[],
): Promise<void> {
  const configuration = Buffer.from(
    JSON.stringify({
      architecture: "",
      os: "",
      rootfs: { type: "layers", diff_ids: [] },
      config: {},
    }),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: {
      mediaType: "application/vnd.oci.image.config.v1+json",
      ...(await putBlob(registry, path, configuration)),
    },
    layers: await Promise.all(
      signatures.map(async ({ payload, annotations, mediaType = payloadType }) => ({
        mediaType,
        ...(await putBlob(registry, path, payload)),
        annotations,
      })),
    ),
  };
  const tag = `${digest.replace(":", "-")}.sig`;
  await expectStatus(201, `http://${registry}/v2/${path}/manifests/${tag}`, {
    method: "PUT",
    headers: { "content-type": manifest.mediaType },
    body: JSON.stringify(manifest),
  });
}

async function putBlob(registry: string, path: string, bytes: Uint8Array) {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const begun = await expectStatus(
    202,
    `http://${registry}/v2/${path}/blobs/uploads/`,
    { method: "POST" },
  );
  const location = new URL(begun.headers.get("location")!, begun.url);
  location.searchParams.set("digest", digest);
  await expectStatus(201, location.href, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: bytes,
  });
  return { digest, size: bytes.length };
}

async function expectStatus(status: number, url: string, options: RequestInit) {
  const answer = await fetch(url, options);
  if (answer.status !== status) throw new Error(`${url}: ${await answer.text()}`);
  return answer;
}

export type Identity = { readonly issuer: string; readonly subject: string };

/** A Sigstore of the tests' own: authority for certificates, and both logs. */
export type Sigstore = {
  /** What its users trust, as its own tools write it. */
  readonly trustedRoot: unknown;
  readonly sign: (identity: Identity, statement: Uint8Array) => Promise<Signature>;
};

const issuerExtensions = ["1.3.6.1.4.1.57264.1.1", "1.3.6.1.4.1.57264.1.8"] as const;

export async function startSigstore(): Promise<Sigstore> {
  const keys = makeKeys["ECDSA P-256"]();
  const certificateLog = await initializeCTLog(keys);
  const authority = await initializeCA(keys, certificateLog);
  const log = await initializeTLog("https://rekor.example.com", keys);
  const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const base64 = (bytes: ArrayBufferView) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  const logId = createHash("sha256").update(log.publicKey).digest("base64");
  const asLog = (publicKey: Buffer, keyId: string) => ({
    baseUrl: "https://log.example.com",
    hashAlgorithm: "SHA2_256",
    publicKey: {
      rawBytes: base64(publicKey),
      keyDetails: "PKIX_ECDSA_P256_SHA_256",
      validFor: { start: anHourAgo },
    },
    logId: { keyId },
  });
  return {
    trustedRoot: {
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [asLog(log.publicKey, logId)],
      certificateAuthorities: [
        {
          subject: { organization: "tests", commonName: "tests" },
          uri: "https://fulcio.example.com",
          certChain: {
            certificates: [{ rawBytes: base64(authority.rootCertificate) }],
          },
          validFor: { start: anHourAgo },
        },
      ],
      ctlogs: [asLog(certificateLog.publicKey, base64(certificateLog.logID))],
      timestampAuthorities: [],
    },
    sign: async ({ issuer, subject }, statement) => {
      const { publicKey, privateKey } = makeKeys["ECDSA P-256"]();
      const certificate = await authority.issueCertificate({
        publicKey: publicKey.export({ type: "spki", format: "der" }),
        subjectAltName: subject,
        extensions: [
          { oid: issuerExtensions[0], value: issuer, legacy: true },
          { oid: issuerExtensions[1], value: issuer },
        ],
      });
      const lines = base64(certificate).replace(/.{64}/g, "$&\n");
      const written = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
      const signed = signWith(privateKey, statement);
      const [entry] = Object.values(
        await log.log({
          apiVersion: "0.0.1",
          kind: "hashedrekord",
          spec: {
            data: {
              hash: {
                algorithm: "sha256",
                value: createHash("sha256").update(statement).digest("hex"),
              },
            },
            signature: {
              content: signed.annotations[signatureAnnotation],
              publicKey: { content: Buffer.from(written).toString("base64") },
            },
          },
        }),
      );
      const { body, integratedTime, logIndex, logID, verification } = entry as {
        body: string;
        integratedTime: number;
        logIndex: number;
        logID: string;
        verification: { signedEntryTimestamp: string };
      };
      const bundle = {
        SignedEntryTimestamp: verification.signedEntryTimestamp,
        Payload: { body, integratedTime, logIndex, logID },
      };
      return {
        payload: statement,
        annotations: {
          ...signed.annotations,
          "dev.sigstore.cosign/certificate": written,
          "dev.sigstore.cosign/bundle": JSON.stringify(bundle),
        },
      };
    },
  };
}
