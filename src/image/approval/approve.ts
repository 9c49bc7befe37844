/**
 * Whether an image is one of those that may run. A tag is looked up once; everything
 * after that is about the digest that came of it, which the verdict names.
 */
import { readFile } from "node:fs/promises";
import type { Environment } from "../../contract/environment.ts";
import { Failure } from "../../contract/failure.ts";
import { parseReference, repositoryName } from "../../contract/image-reference.ts";
import { type Access, Registry } from "../registry/client.ts";
import type { Manifest } from "../registry/manifest.ts";
import { defaultTag, resolve } from "../registry/source.ts";
import { indexDocument, parseDocument } from "../source/documents.ts";
import { isIndex } from "../source/media-types.ts";
import { entryFor, invalid, type Policy, readPolicy } from "./policy.ts";
import { findSignature, prepare } from "./signatures.ts";
import { policyFrom } from "./variables.ts";
import { signerOf, type Verdict } from "./verdict.ts";

/** @param file of the policy; without it, it is in variables @throws Failure */
export async function findPolicy(
  file: string | undefined,
  environment: Environment,
): Promise<Policy> {
  const policy = file === undefined ? policyFrom(environment) : await readPolicy(file);
  if (policy) return policy;
  throw new Failure(
    "approval-policy-missing",
    "there is no policy, so nothing is approved",
    "write --policy FILE, or set DA__P7__PCLUSTER__REGISTRY=HOST[:PORT][/PATH]",
  );
}

/** @throws Failure where it could not be checked */
export async function approve(
  asked: string,
  policy: Policy,
  access: Omit<Access, "certificates" | "insecure">,
): Promise<Verdict> {
  const reference = parseReference(asked);
  const about = { schema: "sidecar-approval-1", asked, policy: policy.origin } as const;
  const entry = entryFor(policy, reference);
  if (!entry) {
    const reason = `no entry of the policy covers ${repositoryName(reference)}`;
    return { ...about, verdict: "denied", reasons: [reason] };
  }
  const signers = await prepare(entry.signers);
  const registry = new Registry(reference, {
    ...access,
    insecure: false,
    ...(entry.authority ? { certificates: await readAuthority(entry.authority) } : {}),
  });
  const manifest = await resolve(registry, reference);
  const found = {
    ...about,
    digest: manifest.digest,
    ...describe(manifest, asked),
    entry: repositoryName(entry.repository),
  };
  const approved = {
    ...found,
    verdict: "approved",
    image: `${repositoryName(reference)}@${manifest.digest}`,
  } as const;
  if (signers.length === 0) return approved;
  const tag = reference.tag ?? (reference.digest ? undefined : defaultTag);
  const signed = await findSignature(
    registry,
    {
      reference,
      digest: manifest.digest,
      ...(tag === undefined ? {} : { tag }),
      ...(entry.tagClaim === undefined ? {} : { tagClaim: entry.tagClaim }),
    },
    signers,
  );
  if (signed.kind === "signed") return { ...approved, signer: signerOf(signed.by) };
  return { ...found, verdict: "denied", reasons: [...signed.reasons] };
}

/** The verdict on what could not be checked. */
export function unchecked(
  asked: string,
  { code, message, hint }: Failure,
  policy: Policy | undefined,
): Verdict {
  return {
    schema: "sidecar-approval-1",
    verdict: "could-not-check",
    asked: asked.toWellFormed(),
    ...(policy ? { policy: policy.origin } : {}),
    failure: { code, message, hint },
  };
}

/** @throws Failure `image-document-invalid` */
function describe({ mediaType, digest, bytes }: Manifest, asked: string) {
  if (!isIndex(mediaType)) return { manifests: [{ digest }] };
  const { manifests } = parseDocument(bytes, indexDocument, asked).value;
  return {
    index: digest,
    manifests: manifests.map((one) => {
      const { os, architecture, variant } = one.platform ?? {};
      const platform = [os, architecture, variant].filter(Boolean).join("/");
      return { digest: one.digest, ...(platform ? { platform } : {}) };
    }),
  };
}

async function readAuthority(file: string): Promise<string> {
  try {
    const text = await readFile(file, "utf8");
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
    throw new Error("it has no certificate in PEM");
  } catch (error) {
    throw invalid(file, `the authority cannot be read: ${(error as Error).message}`);
  }
}
