/**
 * All that hangs together by digests: an index, its manifests, their blobs;
 * attestations, and whatever else is no image, are part of it. Copied whole, it keeps its digest, and
 * so its signatures.
 */
import * as z from "zod";
import type { Descriptor, Digest } from "../model.ts";
import { verifyBytes } from "../source/digest.ts";
import {
  descriptorDocument,
  indexDocument,
  invalid,
  parseDocument,
} from "../source/documents.ts";
import { documentLimit } from "../source/files.ts";
import { isIndex, isManifest } from "../source/media-types.ts";

export type Graph = {
  /** Indexes and manifests, what is named before what names it; the root is last. */
  readonly manifests: readonly (Descriptor & { readonly bytes: Uint8Array })[];
  /** Configurations, layers and others, each once. */
  readonly blobs: readonly Descriptor[];
};

const manifestDocument = z.looseObject({
  config: descriptorDocument,
  layers: z.array(descriptorDocument),
});

/** More than any image has; together they are kept in memory. */
const mostManifests = 1000;
const mostBytes = 32 << 20;
const deepest = 8;

/**
 * @param read gives the bytes of an index or a manifest; they are verified here
 * @param place for messages
 * @throws Failure `image-…`
 */
export async function graphOf(
  root: Descriptor,
  read: (descriptor: Descriptor) => Promise<Uint8Array>,
  place: string,
): Promise<Graph> {
  const manifests = new Map<Digest, Descriptor & { bytes: Uint8Array }>();
  const blobs = new Map<Digest, Descriptor>();
  let length = 0;
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    if (manifests.has(descriptor.digest)) return;
    const where = `${place}: ${descriptor.digest}`;
    if (depth > deepest || manifests.size === mostManifests || length > mostBytes)
      throw invalid(where, "it has more indexes and manifests than any image");
    if (descriptor.size > documentLimit)
      throw invalid(where, `it has ${descriptor.size} bytes`);
    const bytes = await read(descriptor);
    verifyBytes(bytes, descriptor, where);
    length += bytes.length;
    if (isIndex(descriptor.mediaType)) {
      const { value } = parseDocument(bytes, indexDocument, where);
      for (const child of value.manifests)
        if (isIndex(child.mediaType) || isManifest(child.mediaType))
          await visit(plain(child), depth + 1);
        else blobs.set(child.digest, plain(child));
    } else {
      const { value } = parseDocument(bytes, manifestDocument, where);
      for (const blob of [value.config, ...value.layers])
        blobs.set(blob.digest, plain(blob));
    }
    manifests.set(descriptor.digest, { ...plain(descriptor), bytes });
  };
  await visit(root, 0);
  return { manifests: [...manifests.values()], blobs: [...blobs.values()] };
}

type Essence = Pick<Descriptor, "mediaType" | "digest" | "size">;

const plain = ({ mediaType, digest, size }: Essence): Descriptor => ({
  mediaType,
  digest,
  size,
});
