/** From an image to its files: the one way that linting and appending take. */
import { encode } from "../../system/text.ts";
import { collectGarbage } from "../layer/garbage.ts";
import { Inventory } from "../layer/inventory.ts";
import { type ReadLayer, readLayer } from "../layer/read-layer.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import type { Compression, Image, ImageSource, Layer } from "../model.ts";
import { Contents } from "./content.ts";
import { ImageTree } from "./image-tree.ts";
import { Merger } from "./merge.ts";
import type { LayerProblem, Tree } from "./tree.ts";

/** Files whose content will be asked for: it is kept while layers are read. */
export type Wanted = {
  /**
   * Names of files without directories: `passwd`, `os-release`, `activate`. By name, since
   * links and usr-merge give a file other paths than the one that is asked for.
   */
  readonly names: readonly string[];
  /** Bytes that are kept of each; whoever wants more reads again. */
  readonly limit: number;
};

/** Bytes as they are stored, of all layers together. */
export type Progress = (read: number, total: number) => void;

export type ImageFiles = {
  readonly tree: Tree;
  /** By layers, and in their order; at most a thousand. */
  readonly problems: readonly LayerProblem[];
  /** How many more there are. */
  readonly omittedProblems: number;
  /** What each layer's bytes are compressed with, whatever its media type says. */
  readonly compressions: readonly Compression[];
};

/**
 * Decompression has threads of its own, so two layers at once use three processors; more
 * layers would take more memory and wait for the one thread that hashes.
 */
const layersAtOnce = 2;

/**
 * Reads and verifies all layers of an image once, and merges them.
 * @throws Failure `image-layer-…`, `image-tar-…`: a layer is not what its descriptor says,
 *   or no tar archive; `image-too-large`; what `source.open` throws
 */
export async function readImageFiles(
  source: ImageSource,
  image: Image,
  wanted: Wanted,
  progress?: Progress,
  limits: Limits = defaultLimits,
): Promise<ImageFiles> {
  const inventory = new Inventory(limits);
  const names = wanted.names.map((name) => inventory.strings.intern(encode(name)));
  const keeping = { names: new Set(names), limit: wanted.limit };
  const total = image.layers.reduce((sum, { stored }) => sum + stored.size, 0);
  let read = 0;
  const count = (bytes: number) => {
    read += bytes;
    progress?.(read, total);
  };
  const layers = await readAll(image.layers, (layer, signal) =>
    readLayer(source, layer, inventory, keeping, { signal, progress: count }),
  );
  collectGarbage();
  const merger = new Merger(inventory);
  image.layers.forEach((layer, index) => {
    merger.add(layer, layers[index]!.entries);
  });
  collectGarbage();
  return {
    tree: new ImageTree(merger.state, new Contents(source, limits)),
    problems: merger.problems,
    omittedProblems: merger.omittedProblems,
    compressions: layers.map(({ compression }) => compression),
  };
}

/** The largest first, so that none is left alone at the end. */
async function readAll(
  layers: readonly Layer[],
  readOne: (layer: Layer, signal: AbortSignal) => Promise<ReadLayer>,
): Promise<ReadLayer[]> {
  const results: ReadLayer[] = [];
  const stop = new AbortController();
  const queue = [...layers.keys()].toSorted(
    (one, other) => layers[other]!.stored.size - layers[one]!.stored.size,
  );
  const work = async () => {
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      stop.signal.throwIfAborted();
      results[index] = await readOne(layers[index]!, stop.signal);
    }
  };
  const failing = Array.from({ length: layersAtOnce }, () =>
    work().catch((error: unknown) => {
      // The first reason stays: what others say afterwards is that they were stopped.
      stop.abort(error);
    }),
  );
  await Promise.all(failing);
  stop.signal.throwIfAborted();
  return results;
}
