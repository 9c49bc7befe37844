/** Images in memory, for tests of what reads layers. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { defaultLimits, type Limits } from "../../src/image/limits.ts";
import type { Compression, Digest, Image, ImageSource } from "../../src/image/model.ts";
import { readImageFiles, type Wanted } from "../../src/image/tree/read.ts";
import type { Tree } from "../../src/image/tree/tree.ts";
import { sha256 } from "./images.ts";

export type StoredLayer = {
  readonly tar: Uint8Array;
  readonly compression?: Compression;
  /** What the source gives instead of the compressed archive. */
  readonly given?: Uint8Array;
  /** Where its descriptor or the configuration say something else. */
  readonly size?: number;
  readonly digest?: Digest | undefined;
  readonly diffId?: Digest;
};

export const digestOf = (bytes: Uint8Array): Digest => `sha256:${sha256(bytes)}`;

export function compressed(tar: Uint8Array, compression: Compression): Uint8Array {
  if (compression === "gzip") return gzipSync(tar);
  return compression === "zstd" ? zstdCompressSync(tar) : tar;
}

export type Opened = {
  readonly image: Image;
  readonly source: ImageSource;
  opened: number;
};

/** @param pieceLength the source gives pieces of so many bytes */
export function imageOf(layers: readonly StoredLayer[], pieceLength = 10_000): Opened {
  const stored = layers.map(({ tar, compression = "none", given }) => ({
    right: compressed(tar, compression),
    given: given ?? compressed(tar, compression),
  }));
  const image = {
    names: [],
    configuration: {} as Image["configuration"],
    layers: layers.map((layer, index) => {
      const { right } = stored[index]!;
      const digest = "digest" in layer ? layer.digest : digestOf(right);
      return {
        index,
        stored: {
          mediaType: "application/vnd.oci.image.layer.v1.tar",
          size: layer.size ?? right.length,
          ...(digest ? { digest } : {}),
        },
        diffId: layer.diffId ?? digestOf(layer.tar),
      };
    }),
  };
  const opened: Opened = {
    image,
    opened: 0,
    source: {
      form: "oci-layout",
      name: "test",
      images: [image],
      listed: [],
      open: async function* ({ index }) {
        opened.opened += 1;
        const { given } = stored[index]!;
        for (let at = 0; at < given.length; at += pieceLength)
          yield given.slice(at, at + pieceLength);
      },
      close: async () => {},
    },
  };
  return opened;
}

export const nothingWanted: Wanted = { names: [], limit: 0 };

export function read(
  { source, image }: Opened,
  wanted = nothingWanted,
  limits: Partial<Limits> = {},
) {
  return readImageFiles(source, image, wanted, undefined, {
    ...defaultLimits,
    ...limits,
  });
}

/** Every node in a line, as a test would write it down. */
export function lines(tree: Tree): string[] {
  return [...tree.nodes()].map((node) => {
    const layer = node.layer === undefined ? "-" : node.layer.index;
    const target = node.target === undefined ? "" : ` -> ${node.target}`;
    const owner = `${node.uid}:${node.gid}`;
    return `${node.path} ${node.type} ${node.mode.toString(8)} ${owner} ${layer}${target}`;
  });
}
