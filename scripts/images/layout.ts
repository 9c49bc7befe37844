/**
 * An image as an OCI layout in a directory (image-spec, image-layout.md), one layer after
 * the other.
 */
import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

type Descriptor = { mediaType: string; digest: string; size: number };

const kinds = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  configuration: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** What an image says of itself, as far as a Dockerfile here can say it. */
export type Configuration = {
  architecture: string;
  os: string;
  config: {
    Env?: string[];
    Entrypoint?: string[];
    User?: string;
    [other: string]: unknown;
  };
  rootfs: { type: "layers"; diff_ids: string[] };
  history: { created_by: string; empty_layer?: boolean }[];
};

export type Layout = {
  readonly directory: string;
  configuration: Configuration;
  layers: Descriptor[];
};

const blob = (directory: string, digest: string) =>
  join(directory, "blobs/sha256", digest.slice("sha256:".length));

export function emptyLayout(directory: string): Layout {
  mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
  return {
    directory,
    configuration: {
      architecture: "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [] },
      history: [],
    },
    layers: [],
  };
}

/** Of the one image that is in a layout. */
export function readLayout(directory: string): Layout {
  const read = (file: string) => JSON.parse(readFileSync(file, "utf8"));
  const [first] = read(join(directory, "index.json")).manifests;
  const manifest = read(blob(directory, first.digest));
  return {
    directory,
    configuration: read(blob(directory, manifest.config.digest)),
    layers: manifest.layers,
  };
}

/** Another layout with the same content; blobs, which never change, are shared. */
export function copyLayout(layout: Layout, directory: string): Layout {
  const copy = emptyLayout(directory);
  for (const { digest } of layout.layers)
    linkSync(blob(layout.directory, digest), blob(directory, digest));
  copy.configuration = structuredClone(layout.configuration);
  copy.layers = [...layout.layers];
  return copy;
}

/** Takes a tar archive into a layout, as its topmost layer; the file is gone then. */
export async function addLayer(layout: Layout, tar: string, line: string) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(tar, { highWaterMark: 1 << 20 }), hash);
  const digest = `sha256:${hash.digest("hex")}`;
  layout.layers.push({ mediaType: kinds.layer, digest, size: statSync(tar).size });
  const file = blob(layout.directory, digest);
  if (existsSync(file)) rmSync(tar);
  else renameSync(tar, file);
  layout.configuration.rootfs.diff_ids.push(digest);
  layout.configuration.history.push({ created_by: line });
}

/** Changes what the image says of itself, without a layer. */
export function say(
  layout: Layout,
  line: string,
  change: (config: Configuration["config"]) => void,
): void {
  change(layout.configuration.config);
  layout.configuration.history.push({ created_by: line, empty_layer: true });
}

/** Makes the directory an OCI layout that others can read; the image has these names. */
export function writeLayout(
  { directory, configuration, layers }: Layout,
  names: readonly string[] = [],
): void {
  const put = (mediaType: string, value: unknown): Descriptor => {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    writeFileSync(blob(directory, digest), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const manifest = put(kinds.manifest, {
    schemaVersion: 2,
    mediaType: kinds.manifest,
    config: put(kinds.configuration, configuration),
    layers,
  });
  const named = names.map((name) => ({
    ...manifest,
    annotations: {
      "io.containerd.image.name": name,
      "org.opencontainers.image.ref.name": name.split(":")[1]!,
    },
  }));
  const manifests = named.length > 0 ? named : [manifest];
  const index = { schemaVersion: 2, mediaType: kinds.index, manifests };
  writeFileSync(join(directory, "index.json"), JSON.stringify(index));
  writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
}
