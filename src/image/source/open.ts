/** Opens what a command names as SOURCE: an archive, a directory, or a reference. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Failure } from "../../contract/failure.ts";
import { hasRegistry, parseReference } from "../../contract/image-reference.ts";
import { printable } from "../../system/text.ts";
import type {
  Digest,
  Image,
  ImageSource,
  Layer,
  Listed,
  SourceForm,
} from "../model.ts";
import type { Access } from "../registry/client.ts";
import { openRegistry } from "../registry/source.ts";
import { agreed } from "./agreement.ts";
import { directoryFiles } from "./directory-files.ts";
import { type DockerImage, dockerFile, readDockerArchive } from "./docker-archive.ts";
import { missing, type SourceFiles, unreadable } from "./files.ts";
import { imagesIn } from "./listing.ts";
import {
  blobName,
  indexFile,
  layoutFile,
  readLayout,
  requireBlob,
} from "./oci-layout.ts";
import { tarFiles } from "./tar-files.ts";

/**
 * @param text a path, or the reference of an image in a registry, which must be written
 *   with the registry: a mistyped file name is not looked for at Docker's
 * @throws Failure `image-…`, `registry-…`
 */
export async function openSource(text: string, access: Access): Promise<ImageSource> {
  const local = await openLocalSource(text);
  if (local) return local;
  if (!hasRegistry(text))
    throw new Failure(
      "image-source-missing",
      `there is no file or directory ${printable(text)}`,
      "name an archive of docker save, an OCI layout, or REGISTRY/PATH:TAG",
    );
  return openRegistry(parseReference(text), access);
}

/**
 * @param text a path, as the user wrote it
 * @returns nothing where no file has that path: it may be a reference
 * @throws Failure `image-…`
 */
export async function openLocalSource(text: string): Promise<ImageSource | undefined> {
  let file: FileHandle;
  try {
    // A FIFO that nobody writes to is not waited for; Windows has no such flag.
    file = await open(text, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadable(text, error);
  }
  try {
    const status = await file.stat();
    if (status.isDirectory()) {
      await file.close();
      return await readSource(directoryFiles(text), "oci-layout");
    }
    if (!status.isFile()) throw neither(text, "it is no file and no directory");
    await refuseCompressed(file, text);
    return await readSource(await tarFiles(file, text), "oci-archive");
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readSource(files: SourceFiles, form: SourceForm): Promise<ImageSource> {
  const isLayout = (await files.size(layoutFile)) !== undefined;
  const isDocker =
    form !== "oci-layout" && (await files.size(dockerFile)) !== undefined;
  if (!isLayout && !isDocker)
    throw neither(
      files.place,
      `it has no ${layoutFile} with ${indexFile}, no ${dockerFile}`,
    );
  const docker = isDocker ? await readDockerArchive(files) : [];
  const layout = isLayout ? await readLayout(files, isDocker) : [];
  const isWhole = isLayout && !imagesIn(layout).some(lacksLayers);
  const listed = isWhole
    ? isDocker
      ? agreed(layout, docker, files.place)
      : layout
    : docker.map(({ image }): Listed => ({ kind: "image", image }));
  const images = imagesIn(listed);
  if (images.length === 0)
    throw new Failure(
      "image-none",
      `${printable(files.place)} has no image in it`,
      "name what docker save, skopeo copy or buildx wrote",
    );
  return {
    form: isDocker ? "docker-archive" : form,
    name: files.place,
    images,
    listed,
    open: opener(files, docker),
    close: files.close,
  };
}

/** Docker 25.0.0 wrote manifests of OCI without their layers (moby issue 47065). */
function lacksLayers({ layers, configuration }: Image): boolean {
  const { diff_ids } = configuration.json["rootfs"] as { diff_ids: unknown[] };
  return layers.length !== diff_ids.length;
}

function opener(
  files: SourceFiles,
  docker: readonly DockerImage[],
): ImageSource["open"] {
  const named = new Map<Digest, string>();
  for (const { image, layerFiles } of docker)
    for (const [index, { diffId }] of image.layers.entries())
      named.set(diffId, layerFiles[index]!);
  return async function* (layer: Layer, reuses?: boolean) {
    const { digest, size } = layer.stored;
    if (digest !== undefined) await requireBlob(files, { digest, size });
    const name = digest === undefined ? named.get(layer.diffId) : blobName(digest);
    if (name === undefined) throw missing(files.place, layer.diffId);
    yield* files.stream(name, reuses);
  };
}

async function refuseCompressed(file: FileHandle, place: string): Promise<void> {
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const magic = buffer.toString("hex");
  const kind = magic.startsWith("1f8b") ? "gzip" : magic === "28b52ffd" ? "zstd" : "";
  if (kind === "") return;
  throw new Failure(
    "image-source-compressed",
    `${printable(place)} is compressed as a whole, by ${kind}`,
    `undo that first: ${kind} -dc FILE >image.tar; layers in it may be compressed`,
  );
}

function neither(place: string, what: string): Failure {
  return new Failure(
    "image-source-unknown",
    `${printable(place)} is no archive of docker save and no OCI layout: ${what}`,
    "name what docker save, skopeo copy or buildx wrote",
  );
}
