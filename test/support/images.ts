/**
 * Small images, made in a moment: layers from a description, in the form of Docker or
 * of OCI. Written by tar-stream and by hand, with nothing of what reads them.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Header, pack } from "tar-stream";

/** What is at a path of a layer; a text is a file's content. */
export type FileDescription =
  | string
  | Uint8Array
  | (Partial<Omit<Header, "name" | "size">> & {
      readonly content?: string | Uint8Array;
    });

/**
 * Paths, without a slash at the beginning, in the order in which they are written; one
 * that ends with a slash is a directory. A `Uint8Array` is the archive itself.
 */
export type LayerDescription = Readonly<Record<string, FileDescription>> | Uint8Array;

export type LayerCompression = "none" | "gzip" | "zstd";

export type ImageDescription = {
  readonly layers: readonly LayerDescription[];
  /** `Env`, `User`, `Entrypoint`, `Labels` …: what configurations have in `config`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Whatever else a configuration has, or what replaces what it would have. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** The line of the Dockerfile for each layer. */
  readonly createdBy?: readonly string[];
  readonly names?: readonly string[];
  readonly platform?: { readonly architecture: string; readonly variant?: string };
  readonly compression?: LayerCompression;
};

/** Files by their names, as an archive or a directory has them. */
export type ImageFileSet = Map<string, Uint8Array>;

export type Blob = {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
};

export const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export const sha256 = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

/** A layer as a tar archive. */
export async function layerTar(layer: LayerDescription): Promise<Uint8Array> {
  if (layer instanceof Uint8Array) return layer;
  const archive = pack();
  const whole = buffer(archive);
  for (const [name, described] of Object.entries(layer)) {
    const { content, ...header } =
      typeof described === "string" || described instanceof Uint8Array
        ? { content: described }
        : described;
    const isDirectory = name.endsWith("/");
    archive.entry(
      {
        mtime: new Date(0),
        mode: isDirectory ? 0o755 : 0o644,
        type: isDirectory ? "directory" : "file",
        ...header,
        name,
      },
      Buffer.from(content ?? ""),
    );
  }
  archive.finalize();
  return whole;
}

const suffixes = { none: "", gzip: "+gzip", zstd: "+zstd" };

export function compress(bytes: Uint8Array, how: LayerCompression): Uint8Array {
  if (how === "gzip") return gzipSync(bytes);
  return how === "zstd" ? zstdCompressSync(bytes) : bytes;
}

type Built = {
  readonly configuration: Uint8Array;
  readonly layers: readonly {
    readonly tar: Uint8Array;
    readonly stored: Uint8Array;
  }[];
};

async function build(image: ImageDescription): Promise<Built> {
  const { compression = "gzip", platform = { architecture: "amd64" } } = image;
  const tars = await Promise.all(image.layers.map(layerTar));
  const configuration = json({
    created: "2026-01-02T03:04:05Z",
    os: "linux",
    ...platform,
    config: image.config ?? {},
    rootfs: { type: "layers", diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
    history: tars.map((_, index) => ({
      created: "2026-01-02T03:04:05Z",
      created_by: image.createdBy?.[index] ?? `RUN make-layer ${index}`,
    })),
    ...image.configuration,
  });
  const layers = tars.map((tar) => ({ tar, stored: compress(tar, compression) }));
  return { configuration, layers };
}

/** Adds a blob to a layout. */
export function addBlob(
  files: ImageFileSet,
  mediaType: string,
  bytes: Uint8Array,
): Blob {
  const digest = sha256(bytes);
  files.set(`blobs/sha256/${digest}`, bytes);
  return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}

const oci = "application/vnd.oci.image";

/** Adds an image to a layout. @returns the descriptor of its manifest */
export async function addImage(
  files: ImageFileSet,
  image: ImageDescription,
): Promise<Blob> {
  const { configuration, layers } = await build(image);
  const suffix = suffixes[image.compression ?? "gzip"];
  const manifest = {
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: addBlob(files, `${oci}.config.v1+json`, configuration),
    layers: layers.map(({ stored }) =>
      addBlob(files, `${oci}.layer.v1.tar${suffix}`, stored),
    ),
  };
  return addBlob(files, manifest.mediaType, json(manifest));
}

/** An OCI layout with these entries in its index.json. */
export function finishLayout(
  files: ImageFileSet,
  manifests: readonly unknown[],
): ImageFileSet {
  files.set("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
  const mediaType = `${oci}.index.v1+json`;
  files.set("index.json", json({ schemaVersion: 2, mediaType, manifests }));
  return files;
}

/** An OCI layout of one image, with an entry for each of its names. */
export async function ociLayout(image: ImageDescription): Promise<ImageFileSet> {
  const files: ImageFileSet = new Map();
  const manifest = await addImage(files, image);
  return finishLayout(files, named(manifest, image.names));
}

/**
 * An OCI layout of one image for several platforms: an index in the index.
 * @param attested whether there is an attestation of each, as buildx makes them
 */
export async function multiPlatformLayout(
  images: readonly ImageDescription[],
  names: readonly string[] = [],
  attested = false,
): Promise<ImageFileSet> {
  const files: ImageFileSet = new Map();
  const manifests: unknown[] = [];
  for (const image of images) {
    const manifest = await addImage(files, image);
    const platform = { os: "linux", ...(image.platform ?? { architecture: "amd64" }) };
    manifests.push({ ...manifest, platform });
    if (attested) manifests.push(addAttestation(files, manifest));
  }
  const mediaType = `${oci}.index.v1+json`;
  const index = addBlob(
    files,
    mediaType,
    json({ schemaVersion: 2, mediaType, manifests }),
  );
  return finishLayout(files, named(index, names));
}

/** What buildx says of how an image was built: a manifest for no platform at all. */
function addAttestation(files: ImageFileSet, of: Blob): unknown {
  const statement = json({ _type: "https://in-toto.io/Statement/v0.1", of: of.digest });
  const layer = addBlob(files, "application/vnd.in-toto+json", statement);
  const configuration = json({
    os: "unknown",
    architecture: "unknown",
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: addBlob(files, `${oci}.config.v1+json`, configuration),
    layers: [layer],
  };
  return {
    ...addBlob(files, manifest.mediaType, json(manifest)),
    annotations: {
      "vnd.docker.reference.digest": of.digest,
      "vnd.docker.reference.type": "attestation-manifest",
    },
    platform: { os: "unknown", architecture: "unknown" },
  };
}

/** Descriptors as Docker and containerd name them: one for each name. */
export function named(blob: Blob, names: readonly string[] = []): unknown[] {
  if (names.length === 0) return [blob];
  return names.map((name) => ({
    ...blob,
    annotations: {
      "io.containerd.image.name": name,
      "org.opencontainers.image.ref.name": /:([\w.-]+)$/.exec(name)?.[1] ?? "latest",
    },
  }));
}

/** An archive of Docker before 25: <id>/layer.tar, plain unless it says otherwise. */
export async function dockerArchive(image: ImageDescription): Promise<ImageFileSet> {
  const { configuration, layers } = await build({ compression: "none", ...image });
  const files: ImageFileSet = new Map();
  const config = `${sha256(configuration)}.json`;
  files.set(config, configuration);
  const names = layers.map(({ tar, stored }, index) => {
    const name = `${sha256(Buffer.from(`${index} ${sha256(tar)}`))}/layer.tar`;
    files.set(name, stored);
    return name;
  });
  const item = { Config: config, RepoTags: image.names ?? null, Layers: names };
  files.set("manifest.json", json([item]));
  return files;
}

/** An archive of Docker since 25: an OCI layout, with a manifest.json beside. */
export async function newDockerArchive(image: ImageDescription): Promise<ImageFileSet> {
  const files = await ociLayout({ compression: "none", ...image });
  const index = JSON.parse(Buffer.from(files.get("index.json")!).toString());
  const blob = (digest: string) => `blobs/${digest.replace(":", "/")}`;
  const manifest = JSON.parse(
    Buffer.from(files.get(blob(index.manifests[0].digest))!).toString(),
  );
  const item = {
    Config: blob(manifest.config.digest),
    RepoTags: image.names ?? null,
    Layers: manifest.layers.map(({ digest }: Blob) => blob(digest)),
  };
  files.set("manifest.json", json([item]));
  return files;
}

/** Writes files into a directory. @returns the directory */
export function writeDirectory(files: ImageFileSet, directory: string): string {
  for (const [name, bytes] of files) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return directory;
}

/** Writes files into a tar archive. @returns its path */
export async function writeArchive(files: ImageFileSet, path: string): Promise<string> {
  writeFileSync(path, await layerTar(Object.fromEntries(files)));
  return path;
}
