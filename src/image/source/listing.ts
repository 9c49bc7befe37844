/**
 * From descriptors to images, through indexes in indexes. The same for a layout and for
 * a registry: they differ in how the bytes of a descriptor are had.
 */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type {
  Descriptor,
  Image,
  JsonDescriptor,
  JsonObject,
  Layer,
  Listed,
} from "../model.ts";
import { readConfiguration } from "./configuration.ts";
import { verifyBytes } from "./digest.ts";
import {
  type DescriptorDocument,
  indexDocument,
  invalid,
  type ManifestDocument,
  manifestDocument,
  parseDocument,
} from "./documents.ts";
import { compressionOf, isConfiguration, isIndex, isManifest } from "./media-types.ts";
import { namesOf } from "./names.ts";

/** The bytes that a descriptor is of; they are verified here. */
export type ReadBytes = (descriptor: Descriptor) => Promise<Uint8Array>;

type Context = {
  /** For messages: "image.tar". */
  readonly place: string;
  readonly read: ReadBytes;
  readonly depth: number;
  /** Names that an index gives to all that it lists. */
  readonly names: readonly string[];
  /** Whether a manifest without any layer is taken, though there must be some. */
  readonly mayLackLayers?: boolean;
};

/** Index in index: two are usual; who has more plays with us. */
const deepest = 8;

/**
 * The images that are listed; what else is listed is left out.
 * @param json the objects of an index's `manifests`
 * @throws Failure `image-…`
 */
export async function readListed(
  json: readonly JsonObject[],
  documents: readonly DescriptorDocument[],
  context: Pick<Context, "place" | "read"> & Partial<Context>,
): Promise<readonly Listed[]> {
  const all = await readAll(json, documents, { depth: 0, names: [], ...context });
  return all.listed;
}

type All = {
  readonly listed: readonly Listed[];
  readonly others: readonly JsonDescriptor[];
};

async function readAll(
  json: readonly JsonObject[],
  documents: readonly DescriptorDocument[],
  context: Context,
): Promise<All> {
  const listed: Listed[] = [];
  const others: JsonDescriptor[] = [];
  for (const [at, document] of documents.entries()) {
    const descriptor = { ...descriptorOf(document), json: json[at]! };
    const names = [...new Set([...context.names, ...namesOf(descriptor.annotations)])];
    const one = isForUs(document)
      ? await readOne(descriptor, { ...context, depth: context.depth + 1, names })
      : undefined;
    if (one) listed.push(one);
    else others.push(descriptor);
  }
  return { listed, others };
}

/** Nothing for an artifact that is no image. */
async function readOne(
  descriptor: JsonDescriptor,
  context: Context,
): Promise<Listed | undefined> {
  const { mediaType } = descriptor;
  if (isIndex(mediaType)) return readIndex(descriptor, context);
  if (!isManifest(mediaType))
    throw unknownType(mediaType, context.place, "an image or an index");
  const image = await readImage(descriptor, context);
  return image && { kind: "image", image, descriptor };
}

/**
 * Attestations of buildx stand beside images, for the platform unknown/unknown; other
 * artifacts (signatures, bills of material) have a type of their own.
 */
function isForUs({ annotations, platform, artifactType }: DescriptorDocument): boolean {
  if (annotations?.["vnd.docker.reference.type"] === "attestation-manifest")
    return false;
  if (platform?.os === "unknown" && platform.architecture === "unknown") return false;
  return artifactType === undefined || isConfiguration(artifactType);
}

async function readIndex(
  descriptor: JsonDescriptor,
  context: Context,
): Promise<Listed> {
  const where = `${context.place}: ${descriptor.digest}`;
  if (context.depth > deepest)
    throw invalid(where, `more than ${deepest} indexes, each in the other`);
  const bytes = await context.read(descriptor);
  verifyBytes(bytes, descriptor, where);
  const { value, json } = parseDocument(bytes, indexDocument, where);
  requireSameType(value.mediaType, descriptor, where);
  const manifests = json["manifests"] as readonly JsonObject[];
  const { listed, others } = await readAll(manifests, value.manifests, context);
  return { kind: "index", descriptor, json, bytes, children: listed, others };
}

/** Nothing for an artifact that is no image. */
async function readImage(
  descriptor: JsonDescriptor,
  { place, read, names, mayLackLayers }: Context,
): Promise<Image | undefined> {
  const where = `${place}: ${descriptor.digest}`;
  const bytes = await read(descriptor);
  verifyBytes(bytes, descriptor, where);
  const { value } = parseDocument(bytes, manifestDocument, where);
  requireSameType(value.mediaType, descriptor, where);
  if (value.artifactType !== undefined && !isConfiguration(value.artifactType))
    return undefined;
  if (!isConfiguration(value.config.mediaType))
    throw unknownType(value.config.mediaType, place, "a configuration");
  const configured = `${place}: ${value.config.digest}`;
  const content = await read(descriptorOf(value.config));
  verifyBytes(content, value.config, configured);
  const { configuration, diffIds, createdBy } = readConfiguration(content, configured);
  const isTaken = mayLackLayers && value.layers.length === 0;
  if (diffIds.length !== value.layers.length && !isTaken)
    throw invalid(
      where,
      `it has ${value.layers.length} layers, and its configuration ${diffIds.length}`,
    );
  const { json: _, ...rest } = descriptor;
  return {
    names,
    manifest: { ...rest, bytes },
    configuration,
    layers: layersOf(value, place).map((stored, index) => ({
      index,
      stored,
      diffId: diffIds[index]!,
      ...(createdBy[index] === undefined ? {} : { createdBy: createdBy[index] }),
    })),
  };
}

function layersOf(
  manifest: ManifestDocument,
  place: string,
): (Layer["stored"] & Descriptor)[] {
  return manifest.layers.map((document) => {
    if (!compressionOf(document.mediaType))
      throw unknownType(document.mediaType, place, "a layer");
    return descriptorOf(document);
  });
}

function descriptorOf(document: DescriptorDocument): Descriptor {
  const { mediaType, digest, size, annotations, platform } = document;
  return {
    mediaType,
    digest,
    size,
    ...(annotations ? { annotations } : {}),
    ...(platform
      ? {
          platform: {
            os: platform.os,
            architecture: platform.architecture,
            ...(platform.variant ? { variant: platform.variant } : {}),
          },
        }
      : {}),
  };
}

function requireSameType(
  type: string | undefined,
  descriptor: Descriptor,
  where: string,
): void {
  if (type !== undefined && type !== descriptor.mediaType)
    throw invalid(
      where,
      `it calls itself ${type}, and is listed as ${descriptor.mediaType}`,
    );
}

function unknownType(type: string, place: string, expected: string): Failure {
  return new Failure(
    "image-media-type",
    `${printable(place)}: ${printable(type)} is no media type of ${expected}`,
    "sidecar reads images of OCI, and of Docker's version 2, schema 2",
  );
}

/** All images in a listing, each once, with all the names that it has there. */
export function imagesIn(listed: readonly Listed[]): Image[] {
  const images = new Map<string, Image>();
  const visit = (one: Listed): void => {
    if (one.kind === "index") {
      one.children.forEach(visit);
      return;
    }
    const key = one.descriptor?.digest ?? String(images.size);
    const known = images.get(key);
    const names = [...new Set([...(known?.names ?? []), ...one.image.names])];
    images.set(key, { ...(known ?? one.image), names });
  };
  listed.forEach(visit);
  return [...images.values()];
}
