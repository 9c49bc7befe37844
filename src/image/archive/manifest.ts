/** Manifests and indexes: changed in one place, or made where there was none. */
import type { Descriptor, Image, JsonDescriptor, JsonObject } from "../model.ts";
import { compressionOf, mediaTypes } from "../source/media-types.ts";
import type { Written } from "./writer.ts";

/** What an image is made of, as it was written. */
export type Parts = {
  readonly configuration: Written;
  /** From the lowest to the topmost. */
  readonly layers: readonly Descriptor[];
};

/** The types of the family that the image belongs to: registries refuse a mixture. */
export function familyOf({ manifest }: Image): (typeof mediaTypes)["oci" | "docker"] {
  return manifest?.mediaType === mediaTypes.docker.manifest
    ? mediaTypes.docker
    : mediaTypes.oci;
}

/**
 * The image's own manifest with other parts, or a new one. Descriptors of layers that
 * stay are kept as they are.
 */
export function manifestOf(image: Image, parts: Parts): JsonObject {
  const { manifest } = image;
  const family = familyOf(image);
  const old = manifest ? (parse(manifest.bytes) as OldManifest) : undefined;
  const config = {
    ...old?.config,
    mediaType: old?.config.mediaType ?? family.configuration,
    ...described(parts.configuration),
  };
  const known = new Map(old?.layers?.map((layer) => [layer.digest, layer]));
  return {
    ...(old ?? { schemaVersion: 2, mediaType: family.manifest }),
    config: withoutData(config),
    layers: parts.layers.map(({ mediaType, digest, size }) => {
      return known.get(digest) ?? { mediaType, digest, size };
    }),
  };
}

type OldManifest = JsonObject & {
  readonly config: Descriptor;
  readonly layers?: readonly Descriptor[];
};

/** The index with other children; those that are no images are no more. */
export function indexOf(json: JsonObject, children: readonly JsonObject[]): JsonObject {
  return { ...json, manifests: children };
}

/** A descriptor for what took the place of another's bytes. */
export function replaced(old: JsonDescriptor, written: Written): JsonObject {
  return withoutData({ ...old.json, ...described(written) });
}

/** A layer's type in manifests of OCI, where the source has none of its own. */
export function ociLayerType(mediaType: string): string {
  const compression = compressionOf(mediaType);
  const { plainLayer } = mediaTypes.oci;
  return compression === "none" ? plainLayer : `${plainLayer}+${compression}`;
}

export function serialize(json: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(json));
}

function described({ digest, size }: Written): Written {
  return { digest, size };
}

/** A descriptor may hold what it describes; that would be the old bytes. */
function withoutData({ data: _, ...descriptor }: JsonObject): JsonObject {
  return descriptor;
}

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
