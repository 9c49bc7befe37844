/** Images too large to be held in memory, written piece by piece into a directory. */
import { createHash } from "node:crypto";
import {
  createWriteStream,
  mkdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, createZstdCompress } from "node:zlib";
import { type ImageFileSet, json, sha256 } from "./images.ts";
import { end, header, padded } from "./tar.ts";

type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

const compressors = {
  "": undefined,
  "+gzip": () => createGzip({ level: 1 }),
  "+zstd": () => createZstdCompress(),
};

export type Suffix = keyof typeof compressors;

/**
 * An OCI layout of one image.
 * @param layers the archive of each layer, in pieces; and how it is compressed
 */
export async function writeLargeImage(
  directory: string,
  layers: readonly (readonly [Pieces, Suffix])[],
): Promise<string> {
  const blobs = join(directory, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const written = [];
  for (const [pieces, suffix] of layers)
    written.push(await writeLayer(pieces, suffix, blobs));
  const files: ImageFileSet = new Map();
  const blob = (mediaType: string, value: unknown) => {
    const bytes = json(value);
    files.set(`blobs/sha256/${sha256(bytes)}`, bytes);
    return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
  };
  const oci = "application/vnd.oci.image";
  const config = blob(`${oci}.config.v1+json`, {
    os: "linux",
    architecture: "amd64",
    config: {},
    rootfs: { type: "layers", diff_ids: written.map(({ diffId }) => diffId) },
    history: written.map(() => ({ created_by: "RUN make-many-files" })),
  });
  const manifest = blob(`${oci}.manifest.v1+json`, {
    schemaVersion: 2,
    config,
    layers: written.map(({ descriptor }) => descriptor),
  });
  files.set("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
  files.set("index.json", json({ schemaVersion: 2, manifests: [manifest] }));
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
  return directory;
}

async function writeLayer(pieces: Pieces, suffix: Suffix, blobs: string) {
  const plain = createHash("sha256");
  const stored = createHash("sha256");
  const path = join(blobs, "new");
  const through = async function* (
    source: Pieces,
    hash: ReturnType<typeof createHash>,
  ) {
    for await (const piece of source) {
      hash.update(piece);
      yield piece;
    }
  };
  const compressor = compressors[suffix]?.();
  const compressed = compressor
    ? Readable.from(through(pieces, plain)).pipe(compressor)
    : through(pieces, plain);
  await pipeline(through(compressed, stored), createWriteStream(path));
  const digest = stored.digest("hex");
  renameSync(path, join(blobs, digest));
  const { size } = statSync(join(blobs, digest));
  const mediaType = `application/vnd.oci.image.layer.v1.tar${suffix}`;
  return {
    diffId: `sha256:${plain.digest("hex")}`,
    descriptor: { mediaType, digest: `sha256:${digest}`, size },
  };
}

/** Members in pieces of some hundred KiB, and the end of the archive. */
export function* inPieces(members: Iterable<Uint8Array>): Generator<Uint8Array> {
  let gathered: Uint8Array[] = [];
  let length = 0;
  for (const member of members) {
    gathered.push(member);
    length += member.length;
    if (length < 200_000) continue;
    yield Buffer.concat(gathered);
    gathered = [];
    length = 0;
  }
  yield Buffer.concat([...gathered, end]);
}

/** Directories of fifty files each, named as packages of a language are. */
export function* manyFiles(count: number): Generator<Uint8Array> {
  const content = padded("#!/bin/sh\n");
  for (let at = 0; at < count; at += 1) {
    const [directory, file] = [Math.floor(at / 50), at % 50];
    const folder = `opt/app/node_modules/package-${directory % 5000}/lib/part-${Math.floor(directory / 5000)}`;
    if (file === 0) yield header({ name: `${folder}/`, flag: "5", mode: "0000755" });
    else if (file % 10 === 1) {
      yield header({ name: `${folder}/run-${file}`, mode: "0000755", size: 10 });
      yield content;
    } else yield header({ name: `${folder}/module-${at}.js` });
  }
}
