/** Manifests and indexes as registries send them: what they are is not taken on trust. */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Descriptor, Digest } from "../model.ts";
import { digestOf } from "../source/digest.ts";
import { isIndex, isManifest, mediaTypes } from "../source/media-types.ts";
import { wrong } from "./refusal.ts";

export type Manifest = Descriptor & { readonly bytes: Uint8Array };

/** What is asked for; a registry that has another form may turn it into one of them. */
export const manifestTypes = [
  mediaTypes.oci.index,
  mediaTypes.oci.manifest,
  mediaTypes.docker.index,
  mediaTypes.docker.manifest,
].join(", ");

/** @throws Failure `registry-answer-invalid`, `image-media-type` */
export function manifestFrom(
  bytes: Uint8Array,
  answer: Response,
  name: string,
  what: string,
): Manifest {
  const digest = digestOf(bytes);
  if (name.startsWith("sha256:") && name !== digest)
    throw wrong(`${what} was asked for, and something else came: ${digest}`);
  requireDigest(answer, digest, what);
  const told = answer.headers.get("content-type")?.split(";")[0]?.trim();
  const own = mediaTypeOf(bytes);
  if (own && told && isKnown(told) && own !== told)
    throw wrong(`${what} calls itself ${printable(own)}, and is sent as ${told}`);
  const mediaType = own ?? told ?? "";
  if (!isKnown(mediaType))
    throw new Failure(
      "image-media-type",
      `${what} is no image: its media type is ${printable(mediaType) || "none"}`,
      "sidecar reads images of OCI, and of Docker's version 2, schema 2",
    );
  return { mediaType, digest, size: bytes.length, bytes };
}

const isKnown = (type: string) => isIndex(type) || isManifest(type);

function mediaTypeOf(bytes: Uint8Array): string | undefined {
  try {
    const { mediaType } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof mediaType === "string" ? mediaType : undefined;
  } catch {
    return undefined;
  }
}

/** @throws Failure `registry-answer-invalid` */
export function requireDigest(answer: Response, digest: Digest, what: string): void {
  const told = answer.headers.get("docker-content-digest");
  if (told === null || told === digest) return;
  throw wrong(`${what} has the digest ${digest}; the registry says ${printable(told)}`);
}
