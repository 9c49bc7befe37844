/** Sidecar, and what goes with it, as one more layer of images. */
import type { Change } from "../archive/copy.ts";
import { familyOf } from "../archive/manifest.ts";
import type { Written } from "../archive/writer.ts";
import type { Descriptor, Digest, Image } from "../model.ts";
import type { Progress } from "../tree/read.ts";
import type { Compressor } from "./compression.ts";
import {
  type ConfigurationWishes,
  hasOwnLayer,
  withLayer,
  withoutTopLayer,
} from "./configuration.ts";
import { type LayerWishes, layerContents } from "./contents.ts";
import { gzipped, measure } from "./layer.ts";
import { type Sidecar, sidecarFor } from "./sidecar-file.ts";

export type AppendWishes = LayerWishes & ConfigurationWishes;

/**
 * The change for `writeOutput`. A layer that was appended before is replaced, where it
 * is the topmost; what others put on top of it is theirs.
 */
export function appending(
  sidecars: readonly Sidecar[],
  wishes: AppendWishes,
  compressor: Compressor,
  progress?: Progress,
): Change {
  const made = new Map<Digest, Written>();
  const kept = ({ layers, configuration }: Image) =>
    layers.length - (hasOwnLayer(configuration) ? 1 : 0);
  return {
    kept,
    prepare: async (image, source) => {
      const { configuration } = image;
      const sidecar = sidecarFor(configuration.platform, sidecars);
      compressor.begin(sidecar);
      const base = { ...image, layers: image.layers.slice(0, kept(image)) };
      const members = await layerContents(source, base, sidecar, wishes, progress);
      const measured = measure(members);
      const { diffId } = measured;
      const json = hasOwnLayer(configuration)
        ? withoutTopLayer(configuration.json)
        : configuration.json;
      const changed = withLayer(json, diffId, wishes);
      return async (writer) => {
        const same = storedAs(diffId, base);
        if (same) return { configuration: changed, added: [same] };
        const mediaType = familyOf(image).gzipLayer;
        const compressed = await compressor.result(sidecar);
        const layer = gzipped(members, measured, () => compressed);
        const written =
          made.get(diffId) ?? (await writer.stream(layer.pieces(), layer));
        made.set(diffId, written);
        return { configuration: changed, added: [{ mediaType, ...written }] };
      };
    },
  };
}

/** The layer that has it all already: below others it cannot be replaced. */
function storedAs(diffId: Digest, { layers }: Image): Descriptor | undefined {
  const { stored } = layers.find((layer) => layer.diffId === diffId) ?? {};
  const { digest } = stored ?? {};
  return stored && digest && { ...stored, digest };
}
