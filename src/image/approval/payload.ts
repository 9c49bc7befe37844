/**
 * What a signature of cosign is of: a statement in the form of "simple signing"
 * (cosign, specs/SIGNATURE_SPEC.md; containers/image, docs/containers-signature.5.md).
 */
import * as z from "zod";
import { Failure } from "../../contract/failure.ts";
import {
  isSameRepository,
  parseReference,
  type Reference,
} from "../../contract/image-reference.ts";
import type { Digest } from "../model.ts";

export const payloadType = "application/vnd.dev.cosign.simplesigning.v1+json";

const statement = z.looseObject({
  critical: z.strictObject({
    type: z.literal("cosign container image signature"),
    identity: z.strictObject({ "docker-reference": z.string() }),
    image: z.strictObject({ "docker-manifest-digest": z.string() }),
  }),
  optional: z.record(z.string(), z.unknown()).nullish(),
});

export type Expected = {
  readonly reference: Reference;
  readonly digest: Digest;
  /** What is asked for by; nothing where it is by digest only. */
  readonly tag?: string;
  /** The optional claim that must be that tag. */
  readonly tagClaim?: string;
};

/**
 * Why a statement, whose signature is good, does not speak of this image; nothing where
 * it does.
 */
export function objection(payload: Uint8Array, expected: Expected): string | undefined {
  const { reference, digest, tag, tagClaim } = expected;
  const parsed = statement.safeParse(json(payload));
  if (!parsed.success) return "it signs no statement about an image";
  const { critical, optional } = parsed.data;
  const { "docker-manifest-digest": signed } = critical.image;
  if (signed !== digest) return `it is of another image, ${signed}`;
  const named = referenceFrom(critical.identity["docker-reference"]);
  if (!named || !isSameRepository(named, reference))
    return `it is of another repository, ${critical.identity["docker-reference"]}`;
  if (named.digest !== undefined && named.digest !== digest)
    return `it names another image, ${named.digest}`;
  if (named.tag !== undefined && tag !== undefined && named.tag !== tag)
    return `it is of another tag, ${named.tag}`;
  if (tagClaim === undefined) return undefined;
  const claimed = optional?.[tagClaim];
  if (tag === undefined) return `no tag was asked for that ${tagClaim} could be`;
  if (claimed !== tag)
    return `its claim ${tagClaim} is ${JSON.stringify(claimed) ?? "missing"}, not ${tag}`;
  return undefined;
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function referenceFrom(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
