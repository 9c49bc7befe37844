/**
 * Media types: of the OCI image specification (media-types.md) and of Docker's image
 * manifest, version 2, schema 2. No other is guessed at.
 */
import type { Compression } from "../model.ts";

const oci = "application/vnd.oci.image";
const docker = "application/vnd.docker";

export const mediaTypes = {
  oci: {
    index: `${oci}.index.v1+json`,
    manifest: `${oci}.manifest.v1+json`,
    configuration: `${oci}.config.v1+json`,
    plainLayer: `${oci}.layer.v1.tar`,
    gzipLayer: `${oci}.layer.v1.tar+gzip`,
  },
  docker: {
    index: `${docker}.distribution.manifest.list.v2+json`,
    manifest: `${docker}.distribution.manifest.v2+json`,
    configuration: `${docker}.container.image.v1+json`,
    gzipLayer: `${docker}.image.rootfs.diff.tar.gzip`,
    plainLayer: `${docker}.image.rootfs.diff.tar`,
    zstdLayer: `${docker}.image.rootfs.diff.tar.zstd`,
  },
} as const;

const indexes: readonly string[] = [mediaTypes.oci.index, mediaTypes.docker.index];
const manifests: readonly string[] = [
  mediaTypes.oci.manifest,
  mediaTypes.docker.manifest,
];

const configurations: readonly string[] = [
  mediaTypes.oci.configuration,
  mediaTypes.docker.configuration,
];

export const isIndex = (type: string): boolean => indexes.includes(type);
export const isManifest = (type: string): boolean => manifests.includes(type);
export const isConfiguration = (type: string): boolean => configurations.includes(type);

/** How layers of each type are stored. */
const layers = new Map<string, Compression>([
  [`${oci}.layer.v1.tar`, "none"],
  [`${oci}.layer.v1.tar+gzip`, "gzip"],
  [`${oci}.layer.v1.tar+zstd`, "zstd"],
  [`${oci}.layer.nondistributable.v1.tar`, "none"],
  [`${oci}.layer.nondistributable.v1.tar+gzip`, "gzip"],
  [`${oci}.layer.nondistributable.v1.tar+zstd`, "zstd"],
  [`${docker}.image.rootfs.diff.tar`, "none"],
  [`${docker}.image.rootfs.diff.tar.gzip`, "gzip"],
  [`${docker}.image.rootfs.diff.tar.zstd`, "zstd"],
]);

/** Nothing for what is no layer of files. */
export const compressionOf = (type: string): Compression | undefined =>
  layers.get(type);

export const layerTypes: readonly string[] = [...layers.keys()];
