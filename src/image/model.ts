/**
 * Container images as data: the types that everything in this folder shares. The words
 * are those of the OCI image specification (image-spec, descriptor.md, manifest.md,
 * config.md); what is read is kept as it came, unknown fields included, because whoever
 * changes one field of an image must not lose the others.
 */
import type { Digest } from "../contract/image-reference.ts";

export type { Digest };

export type Platform = {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
};

/** What is said of some bytes before they are read. */
export type Descriptor = {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
};

/** Of an image's configuration, what sidecar reads; `ImageConfiguration.json` has all. */
export type ImageConfiguration = {
  readonly platform: Platform;
  /** `NAME=VALUE`, as they stand there. */
  readonly environment: readonly string[];
  /** "" where none is set, which means root. */
  readonly user: string;
  /** "" where none is set, which means `/`. */
  readonly workingDirectory: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** The whole object, for whoever changes it. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The bytes that its digest is of. */
  readonly bytes: Uint8Array;
};

export type Compression = "none" | "gzip" | "zstd";

export type Layer = {
  /** 0 is the lowest. */
  readonly index: number;
  /**
   * Of the layer as it is stored. Its digest is absent where the source tells none: an
   * archive of Docker before 25, which knows layers by their `diffId` only.
   */
  readonly stored: Omit<Descriptor, "digest"> & { readonly digest?: Digest };
  /** Of the layer as a tar archive, without compression. */
  readonly diffId: Digest;
  /** The line of the Dockerfile that made it, as the history tells it. */
  readonly createdBy?: string;
};

/** One image, for one platform. */
export type Image = {
  /** The names that its source gives it, as they are written there; may be empty. */
  readonly names: readonly string[];
  /** Its manifest with the bytes that it is of; an archive of old Docker has none. */
  readonly manifest?: Descriptor & { readonly bytes: Uint8Array };
  readonly configuration: ImageConfiguration;
  /** From the lowest to the topmost. */
  readonly layers: readonly Layer[];
};

export type SourceForm = "docker-archive" | "oci-archive" | "oci-layout" | "registry";

/**
 * What an index lists: images, and indexes in indexes (one for each platform, mostly).
 */
export type Listed =
  | {
      readonly kind: "image";
      readonly image: Image;
      /** Absent in an archive of Docker before 25, which has no manifest. */
      readonly descriptor?: JsonDescriptor;
    }
  | {
      readonly kind: "index";
      readonly descriptor: JsonDescriptor;
      /** The whole object, for whoever changes it, and the bytes that it was read from. */
      readonly json: JsonObject;
      readonly bytes: Uint8Array;
      readonly children: readonly Listed[];
      /** What it lists that is no image: attestations, signatures. */
      readonly others: readonly JsonDescriptor[];
    };

export type JsonObject = Readonly<Record<string, unknown>>;

/** A descriptor with its whole object, for whoever changes it. */
export type JsonDescriptor = Descriptor & { readonly json: JsonObject };

/** Where images come from. */
export type ImageSource = {
  readonly form: SourceForm;
  /** As the user named it; for messages. */
  readonly name: string;
  /** One for each platform, and for each further image of an archive; each once. */
  readonly images: readonly Image[];
  /** The same images as they are listed there; one may be listed under several names. */
  readonly listed: readonly Listed[];
  /**
   * A layer's bytes as they are stored, in pieces of any size, from the beginning. They
   * are not verified; `layer/` does that.
   * @param reuses whether a piece need not stay as it is once the next is asked for:
   *   new ones for each of a few gigabytes are more garbage than sidecar's memory may hold
   * @throws Failure `image-…` where they cannot be had
   */
  readonly open: (layer: Layer, reuses?: boolean) => AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
};
