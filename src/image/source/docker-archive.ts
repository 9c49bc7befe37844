/**
 * An archive of `docker save`: manifest.json names configurations and layers by their
 * files. Docker before 25 has <id>/layer.tar, some of them links to others; skopeo and
 * podman have <diff_id>.tar; Docker since 25 has blobs of an OCI layout.
 */
import type { Digest, Image, Layer } from "../model.ts";
import { readConfiguration } from "./configuration.ts";
import { digestOf, mismatch } from "./digest.ts";
import {
  type DockerItem,
  dockerDocument,
  invalid,
  parseDocument,
} from "./documents.ts";
import { missing, readDocument, type SourceFiles } from "./files.ts";
import { mediaTypes } from "./media-types.ts";

export const dockerFile = "manifest.json";

export type DockerImage = {
  readonly image: Image;
  readonly configurationDigest: Digest;
  /** The files of its layers, from the lowest. */
  readonly layerFiles: readonly string[];
};

/** @throws Failure `image-…` */
export async function readDockerArchive(files: SourceFiles): Promise<DockerImage[]> {
  const where = `${files.place}: ${dockerFile}`;
  const bytes = await readDocument(files, dockerFile);
  const { value: items } = parseDocument(bytes, dockerDocument, where);
  const images: DockerImage[] = [];
  for (const item of items) images.push(await readItem(item, files, where));
  return images;
}

async function readItem(
  item: DockerItem,
  files: SourceFiles,
  where: string,
): Promise<DockerImage> {
  const bytes = await readDocument(files, item.Config);
  const digest = digestOf(bytes);
  const named = digestIn(item.Config);
  const place = `${files.place}: ${item.Config}`;
  if (named !== undefined && named !== digest) throw mismatch(place, named, digest);
  const { configuration, diffIds, createdBy } = readConfiguration(bytes, place);
  const layerFiles = item.Layers ?? [];
  if (layerFiles.length !== diffIds.length)
    throw invalid(
      where,
      `${item.Config} has ${diffIds.length} layers, Layers has ${layerFiles.length}`,
    );
  const layers: Layer[] = [];
  for (const [index, file] of layerFiles.entries())
    layers.push({
      index,
      stored: await storedAs(file, files),
      diffId: diffIds[index]!,
      ...(createdBy[index] === undefined ? {} : { createdBy: createdBy[index] }),
    });
  return {
    image: { names: item.RepoTags ?? [], configuration, layers },
    configurationDigest: digest,
    layerFiles,
  };
}

/** What the bytes are is seen by their beginning: names of files tell nothing. */
async function storedAs(file: string, files: SourceFiles): Promise<Layer["stored"]> {
  const size = await files.size(file);
  if (size === undefined) throw missing(files.place, file);
  const magic = Buffer.from(await files.beginning(file, 4)).toString("hex");
  const mediaType = magic.startsWith("1f8b")
    ? mediaTypes.docker.gzipLayer
    : magic === "28b52ffd"
      ? mediaTypes.docker.zstdLayer
      : mediaTypes.docker.plainLayer;
  const digest = file.startsWith("blobs/") ? digestIn(file) : undefined;
  return { mediaType, size, ...(digest ? { digest } : {}) };
}

/** The digest that a file is named by; a configuration by that of its own bytes. */
function digestIn(name: string): Digest | undefined {
  const match = /^(?:blobs\/sha256\/|sha256:)?([0-9a-f]{64})(?:\.json)?$/.exec(name);
  return match ? `sha256:${match[1]}` : undefined;
}
