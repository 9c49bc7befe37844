/**
 * Writes the images of a source anew: as they are, or changed. What nobody changes is
 * copied byte for byte: layers, manifests, configurations, indexes.
 */
import { buffer } from "node:stream/consumers";
import type {
  Descriptor,
  Digest,
  Image,
  ImageSource,
  JsonDescriptor,
  JsonObject,
  Layer,
  Listed,
} from "../model.ts";
import { digestOf } from "../source/digest.ts";
import { compressionOf, mediaTypes } from "../source/media-types.ts";
import {
  indexOf,
  manifestOf,
  ociLayerType,
  type Parts,
  replaced,
  serialize,
} from "./manifest.ts";
import type { Expected, ImageWriter, Written } from "./writer.ts";

/** What becomes of an image: a configuration, and layers on top of those kept. */
export type Changed = {
  readonly configuration: JsonObject;
  readonly added: readonly Descriptor[];
};

export type Change = {
  /** How many layers stay, from the lowest. */
  readonly kept: (image: Image) => number;
  /**
   * Reads and verifies all layers that stay, from `source`; returns what writes the rest.
   */
  readonly prepare: (
    image: Image,
    source: ImageSource,
  ) => Promise<(writer: ImageWriter) => Promise<Changed>>;
};

/** An entry of the new listing. */
export type CopiedEntry = {
  /** Nothing where the source had none. */
  readonly old?: JsonDescriptor;
  readonly descriptor: JsonObject;
  readonly images: readonly CopiedImage[];
};

export type CopiedImage = Parts & {
  readonly manifest: Written;
  /** What its source calls it. */
  readonly names: readonly string[];
};

export class Copier {
  /** By digest of the configuration: an image may be listed more than once. */
  private readonly images = new Map<Digest, CopiedImage>();
  /** Layers that are written, by what they are without compression. */
  private readonly done = new Map<Digest, Descriptor>();

  constructor(
    private readonly source: ImageSource,
    private readonly writer: ImageWriter,
    private readonly change?: Change,
  ) {}

  async entries(): Promise<CopiedEntry[]> {
    const entries: CopiedEntry[] = [];
    for (const listed of this.source.listed) entries.push(await this.entry(listed));
    return entries;
  }

  private async entry(listed: Listed): Promise<CopiedEntry> {
    if (listed.kind === "image") return this.imageEntry(listed);
    const children: CopiedEntry[] = [];
    for (const child of listed.children) children.push(await this.entry(child));
    const images = children.flatMap((child) => child.images);
    const { descriptor: old } = listed;
    if (!this.change) {
      for (const other of listed.others) await this.other(other);
      return { old, images, descriptor: replaced(old, this.writer.blob(listed.bytes)) };
    }
    const index = indexOf(
      listed.json,
      children.map(({ descriptor }) => descriptor),
    );
    const written = this.writer.blob(serialize(index));
    return { old, images, descriptor: replaced(old, written) };
  }

  private async imageEntry({
    image,
    descriptor: old,
  }: Extract<Listed, { kind: "image" }>): Promise<CopiedEntry> {
    const key = old?.digest ?? digestOf(image.configuration.bytes);
    const known = this.images.get(key) ?? (await this.image(image));
    this.images.set(key, known);
    const images = [{ ...known, names: image.names }];
    if (old) return { old, images, descriptor: replaced(old, known.manifest) };
    const { platform } = image.configuration;
    const { digest, size } = known.manifest;
    const mediaType = mediaTypes.oci.manifest;
    return { images, descriptor: { mediaType, digest, size, platform } };
  }

  private async image(image: Image): Promise<CopiedImage> {
    const { writer, change } = this;
    // What is read to be changed is written as it passes: each layer is read once.
    const write = await change?.prepare(image, this.passing(image));
    const changed = await write?.(writer);
    const layers: Descriptor[] = [];
    for (const layer of image.layers.slice(0, change?.kept(image)))
      layers.push(this.done.get(layer.diffId) ?? (await this.layer(layer)));
    const configuration = writer.blob(
      changed ? serialize(changed.configuration) : image.configuration.bytes,
    );
    const parts = { configuration, layers: [...layers, ...(changed?.added ?? [])] };
    const manifest =
      image.manifest && !changed
        ? image.manifest.bytes
        : serialize(manifestOf(image, parts));
    return { ...parts, manifest: writer.blob(manifest), names: image.names };
  }

  /** The source, such that layers of `image` are written when they are read first. */
  private passing(image: Image): ImageSource {
    const { source, writer } = this;
    const left = new Set(image.layers.map(({ diffId }) => diffId));
    for (const diffId of this.done.keys()) left.delete(diffId);
    const open: ImageSource["open"] = (layer, reuses) => {
      const pieces = source.open(layer, reuses);
      if (!left.delete(layer.diffId)) return pieces;
      return writer.pass(pieces, expectedOf(layer), (written) =>
        this.done.set(layer.diffId, describe(layer, written)),
      );
    };
    return { ...source, open };
  }

  private async layer(layer: Layer): Promise<Descriptor> {
    const pieces = this.source.open(layer, true);
    const written = await this.writer.stream(pieces, expectedOf(layer));
    const descriptor = describe(layer, written);
    this.done.set(layer.diffId, descriptor);
    return descriptor;
  }

  /** A manifest of something that is no image, with all that it names. */
  private async other(descriptor: JsonDescriptor): Promise<void> {
    const bytes = await this.blob(descriptor);
    const { config, layers = [] } = JSON.parse(bytes.toString());
    for (const one of [...(config ? [config] : []), ...layers])
      await this.writer.stream(this.open(one), one);
  }

  private async blob(descriptor: Descriptor): Promise<Buffer> {
    const bytes = await buffer(this.open(descriptor));
    this.writer.blob(bytes);
    return bytes;
  }

  private open(stored: Descriptor): AsyncIterable<Uint8Array> {
    return this.source.open({ index: 0, stored, diffId: stored.digest });
  }
}

/** Docker's old archives tell no digest, but of plain layers the one of their content. */
function expectedOf({ stored, diffId }: Layer): Expected {
  const isPlain = compressionOf(stored.mediaType) === "none";
  return { size: stored.size, digest: stored.digest ?? (isPlain ? diffId : undefined) };
}

function describe({ stored }: Layer, written: Written): Descriptor {
  const mediaType = stored.digest ? stored.mediaType : ociLayerType(stored.mediaType);
  return { ...stored, mediaType, ...written };
}
