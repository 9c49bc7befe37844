/** An image in a registry, as a source of images like any other. */
import { Failure } from "../../contract/failure.ts";
import { type Reference, referenceName } from "../../contract/image-reference.ts";
import type { Descriptor, ImageSource, Layer } from "../model.ts";
import { descriptorDocument } from "../source/documents.ts";
import { imagesIn, readListed } from "../source/listing.ts";
import { isIndex, isManifest } from "../source/media-types.ts";
import { type Access, Registry } from "./client.ts";
import { downloadBlob, readBlob } from "./download.ts";
import type { Manifest } from "./manifest.ts";

/** What a reference without tag and digest means, as everywhere. */
export const defaultTag = "latest";

/**
 * The tag, if there is no digest, is looked up once: all else is asked for by digest.
 * @throws Failure `registry-…`, `image-…`
 */
export async function openRegistry(
  reference: Reference,
  access: Access,
): Promise<ImageSource> {
  const registry = new Registry(reference, access);
  const { path } = reference;
  const top = await resolve(registry, reference);
  const { bytes, ...descriptor } = top;
  const name = referenceName(reference);
  const listed = await readListed(
    [descriptor],
    [descriptorDocument.parse(descriptor)],
    {
      place: name,
      names: [name],
      read: async (wanted) =>
        wanted.digest === top.digest ? bytes : readDocument(registry, path, wanted),
    },
  );
  const images = imagesIn(listed);
  if (images.length === 0)
    throw new Failure(
      "image-none",
      `${name} is no image, but something else that registries keep`,
      "name an image: signatures and bills of material have tags too",
    );
  return {
    form: "registry",
    name,
    images,
    listed,
    open: ({ stored }: Layer) => piecesOf(registry, path, stored as Descriptor),
    close: async () => {},
  };
}

/** @throws Failure `registry-not-found` and others */
export async function resolve(
  registry: Registry,
  { path, tag = defaultTag, digest }: Pick<Reference, "path" | "tag" | "digest">,
): Promise<Manifest> {
  const name = digest ?? tag;
  const found = await registry.manifest(path, name);
  if (found) return found;
  throw new Failure(
    "registry-not-found",
    `${registry.name}/${path.join("/")} has no image ${name}`,
    "see whether repository and tag are right, and whether this user may see them",
  );
}

/** A manifest, an index or a configuration; its digest is looked at by whoever asks. */
export async function readDocument(
  registry: Registry,
  path: readonly string[],
  { mediaType, digest, size }: Descriptor,
): Promise<Uint8Array> {
  if (!isIndex(mediaType) && !isManifest(mediaType))
    return readBlob(registry, path, { digest, size });
  return (await resolve(registry, { path, digest })).bytes;
}

async function* piecesOf(
  registry: Registry,
  path: readonly string[],
  wanted: Descriptor,
): AsyncGenerator<Uint8Array> {
  if (isIndex(wanted.mediaType) || isManifest(wanted.mediaType))
    yield await readDocument(registry, path, wanted);
  else yield* gathered(downloadBlob(registry, path, wanted));
}

/** Bytes: whoever reads layers does better with few pieces than with many. */
const pieceSize = 256 << 10;

/** The same bytes in pieces that are not small. */
async function* gathered(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    parts.push(piece);
    length += piece.length;
    if (length < pieceSize) continue;
    yield parts.length === 1 ? piece : Buffer.concat(parts);
    parts = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(parts);
}
