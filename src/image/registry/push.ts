/** Images into a registry: the same bytes, all platforms, or nothing under the name. */
import { buffer } from "node:stream/consumers";
import { Failure } from "../../contract/failure.ts";
import {
  isSameRepository,
  parseReference,
  type Reference,
  referenceName,
  registryName,
  repositoryName,
} from "../../contract/image-reference.ts";
import { printable } from "../../system/text.ts";
import { manifestOf, ociLayerType, serialize } from "../archive/manifest.ts";
import type {
  Descriptor,
  Digest,
  Image,
  ImageSource,
  Layer,
  Listed,
} from "../model.ts";
import { digestOf, mismatch } from "../source/digest.ts";
import { compressionOf, mediaTypes } from "../source/media-types.ts";
import { type Access, Registry } from "./client.ts";
import { graphOf } from "./graph.ts";
import type { Manifest } from "./manifest.ts";
import { defaultTag } from "./source.ts";
import { type Blob, type Uploaded, uploadBlob } from "./upload.ts";

export type Pushed = {
  /** `REPOSITORY@DIGEST`. */
  readonly image: string;
  readonly digest: Digest;
  /** How many of its blobs were there, or had to be brought there in which way. */
  readonly blobs: Readonly<Record<Uploaded, number>>;
};

type Cargo = {
  readonly blobs: readonly Blob[];
  /** What is named before what names it; the last is what gets the tag. */
  readonly manifests: readonly Manifest[];
};

/**
 * @param tell how far it has come, in bytes
 * @throws Failure `registry-…`, `image-…`
 */
export async function pushImage(
  source: ImageSource,
  reference: Reference,
  access: Access,
  tell: (done: number, of: number) => void,
): Promise<Pushed> {
  const cargo = await load(chosen(source, reference), source);
  const top = cargo.manifests.at(-1)!;
  if (reference.digest !== undefined && reference.digest !== top.digest)
    throw mismatch(source.name, reference.digest, top.digest);
  const registry = new Registry(reference, access);
  const { path } = reference;
  const from = neighbour(source, reference);
  const total = cargo.blobs.reduce((sum, { size }) => sum + size, 0);
  const blobs = { present: 0, mounted: 0, sent: 0 };
  let done = 0;
  for (const blob of cargo.blobs) {
    const start = done;
    const counting = {
      ...blob,
      open: () => verified(blob, (length) => tell(start + length, total)),
    };
    blobs[await uploadBlob(registry, path, counting, from)] += 1;
    done += blob.size;
    tell(done, total);
  }
  for (const manifest of cargo.manifests.slice(0, -1))
    await registry.putManifest(path, manifest.digest, manifest);
  const tag = reference.tag ?? (reference.digest ? undefined : defaultTag);
  await registry.putManifest(path, tag ?? top.digest, top);
  const image = `${repositoryName(reference)}@${top.digest}`;
  return { image, digest: top.digest, blobs };
}

/** What is to be pushed: all there is, or what has that name. @throws Failure */
function chosen(source: ImageSource, reference: Reference): Listed {
  const different = (all: readonly Listed[]) => [
    ...new Map(all.map((one, at) => [one.descriptor?.digest ?? at, one])).values(),
  ];
  const all = different(source.listed);
  const named = different(source.listed.filter((one) => hasName(one, reference)));
  const found = all.length === 1 ? all : named;
  if (found.length === 1) return found[0]!;
  throw new Failure(
    "image-names-ambiguous",
    `${printable(source.name)} has ${all.length} images, of which ` +
      `${found.length} are called ${referenceName(reference)}`,
    "save the one that is meant alone, or push it under a name that it has",
  );
}

function hasName(listed: Listed, reference: Reference): boolean {
  if (listed.kind === "index")
    return listed.children.some((child) => hasName(child, reference));
  return listed.image.names.some((name) => {
    try {
      const named = parseReference(name);
      return (
        isSameRepository(named, reference) &&
        (named.tag ?? defaultTag) === (reference.tag ?? defaultTag)
      );
    } catch {
      // Layouts may have any text for a name.
      return false;
    }
  });
}

async function load(listed: Listed, source: ImageSource): Promise<Cargo> {
  if (listed.kind === "image" && !listed.descriptor) return make(listed.image, source);
  const open = (wanted: Descriptor) =>
    source.open({ index: 0, stored: wanted, diffId: wanted.digest });
  const { manifests, blobs } = await graphOf(
    listed.descriptor!,
    (wanted) => buffer(open(wanted)),
    source.name,
  );
  return {
    manifests,
    blobs: blobs.map((blob) => ({ ...blob, open: () => open(blob) })),
  };
}

/** A manifest for an image that has none: an archive of Docker before 25. */
async function make(image: Image, source: ImageSource): Promise<Cargo> {
  const { bytes } = image.configuration;
  const configuration = { digest: digestOf(bytes), size: bytes.length };
  const layers = new Map<Digest, Descriptor & Blob>();
  const stored: Descriptor[] = [];
  for (const layer of image.layers) {
    const { size, mediaType } = layer.stored;
    const digest = await digestOfLayer(layer, source);
    const described = { mediaType: ociLayerType(mediaType), digest, size };
    stored.push(described);
    layers.set(digest, { ...described, open: () => source.open(layer) });
  }
  const manifest = serialize(manifestOf(image, { configuration, layers: stored }));
  return {
    blobs: [
      {
        ...configuration,
        open: async function* () {
          yield bytes;
        },
      },
      ...layers.values(),
    ],
    manifests: [
      {
        mediaType: mediaTypes.oci.manifest,
        digest: digestOf(manifest),
        size: manifest.length,
        bytes: manifest,
      },
    ],
  };
}

async function digestOfLayer(layer: Layer, source: ImageSource): Promise<Digest> {
  const { digest, mediaType } = layer.stored;
  if (digest !== undefined) return digest;
  if (compressionOf(mediaType) === "none") return layer.diffId;
  const hash = new Bun.CryptoHasher("sha256");
  for await (const piece of source.open(layer)) hash.update(piece);
  return `sha256:${hash.digest("hex")}`;
}

/** The path of the source, if it is another repository of the same registry. */
function neighbour(
  { form, name }: ImageSource,
  reference: Reference,
): readonly string[] | undefined {
  if (form !== "registry") return undefined;
  const from = parseReference(name);
  const isNear =
    registryName(from) === registryName(reference) &&
    !isSameRepository(from, reference);
  return isNear ? from.path : undefined;
}

/** A blob's bytes, if they are those that its digest is of. */
async function* verified(
  { open, size, digest }: Blob,
  tell: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  const hash = new Bun.CryptoHasher("sha256");
  let length = 0;
  for await (const piece of open()) {
    hash.update(piece);
    length += piece.length;
    yield piece;
    tell(Math.min(length, size));
  }
  if (length !== size) throw mismatch(digest, `${size} bytes`, `${length} bytes`);
  const found = `sha256:${hash.digest("hex")}`;
  if (found !== digest) throw mismatch("a blob", digest, found);
}
