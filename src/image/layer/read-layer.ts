/** A layer's entries: the pass, the scanner and the collector put together. */
import type { Compression, ImageSource, Layer } from "../model.ts";
import { TarScanner } from "../tar/scanner.ts";
import { Collector, type Keeping } from "./collector.ts";
import type { LayerEntries } from "./entries.ts";
import type { Inventory } from "./inventory.ts";
import { type PassOptions, passLayer } from "./pass.ts";

export type ReadLayer = {
  readonly entries: LayerEntries;
  readonly compression: Compression;
};

/** @throws Failure `image-layer-…`, `image-tar-…`, `image-too-large` */
export async function readLayer(
  source: ImageSource,
  layer: Layer,
  inventory: Inventory,
  keeping: Keeping,
  options: Omit<PassOptions, "limits">,
): Promise<ReadLayer> {
  const archive = `layer ${layer.index}`;
  const collector = new Collector(inventory, keeping, archive);
  const scanner = new TarScanner(collector, archive);
  const { limits } = inventory;
  const compression = await passLayer(source, layer, (piece) => scanner.write(piece), {
    ...options,
    limits,
  });
  scanner.end();
  return { entries: collector.entries, compression };
}
