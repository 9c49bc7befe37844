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
import type { ImageWriter, Written } from "./writer.ts";

/** What becomes of an image: a configuration, and layers on top of those kept. */
export type Changed = {
  readonly configuration: JsonObject;
  readonly added: readonly Descriptor[];
};

export type Change = {
  /** How many layers stay, from the lowest. */
  readonly kept: (image: Image) => number;
  /**
   * Reads what it must while layers are copied, and returns what writes the rest. It
   * verifies all layers that stay: they are copied without another look at them.
   */
  readonly prepare: (
    image: Image,
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
  /** Layers whose digest the source does not tell. */
  private readonly hashed = new Map<Digest, Descriptor>();

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
    const { bytes } = image.configuration;
    const kept = image.layers.slice(0, change?.kept(image));
    const [layers, write] = await both(
      this.layers(kept),
      change?.prepare(image) ?? Promise.resolve(undefined),
    );
    const changed = await write?.(writer);
    const configuration = writer.blob(
      changed ? serialize(changed.configuration) : bytes,
    );
    const parts = { configuration, layers: [...layers, ...(changed?.added ?? [])] };
    const manifest =
      image.manifest && !changed
        ? image.manifest.bytes
        : serialize(manifestOf(image, parts));
    return { ...parts, manifest: writer.blob(manifest), names: image.names };
  }

  private async layers(layers: readonly Layer[]): Promise<Descriptor[]> {
    const written: Descriptor[] = [];
    for (const layer of layers) written.push(await this.layer(layer));
    return written;
  }

  private async layer(layer: Layer): Promise<Descriptor> {
    const { stored, diffId } = layer;
    const { size } = stored;
    const isPlain = compressionOf(stored.mediaType) === "none";
    const digest = stored.digest ?? (isPlain ? diffId : undefined);
    const mediaType = stored.digest ? stored.mediaType : ociLayerType(stored.mediaType);
    const pieces = this.source.open(layer, true);
    if (digest === undefined) {
      const known = this.hashed.get(diffId) ?? {
        mediaType,
        ...(await this.writer.stream(pieces)),
      };
      this.hashed.set(diffId, known);
      return known;
    }
    if (this.change) await this.writer.copy(pieces, { digest, size });
    else await this.writer.stream(pieces, { digest, size });
    return { ...stored, mediaType, digest };
  }

  /** A manifest of something that is no image, with all that it names. */
  private async other(descriptor: JsonDescriptor): Promise<void> {
    const bytes = await this.blob(descriptor);
    const { config, layers = [] } = JSON.parse(bytes.toString());
    for (const one of [...(config ? [config] : []), ...layers])
      await this.writer.stream(this.open(one), { digest: one.digest, size: one.size });
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

/** Waits for both, even where one fails: nothing may be written after a failure. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}
