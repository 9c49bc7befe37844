/** From an image to its files: the one way that linting and appending take. */
import type { Image, ImageSource } from "../model.ts";
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
  readonly problems: readonly LayerProblem[];
};

/**
 * Reads and verifies all layers of an image once, and merges them.
 * @throws Failure `image-…`: a layer is not what its descriptor says, or no tar archive
 */
export async function readImageFiles(
  source: ImageSource,
  image: Image,
  wanted: Wanted,
  progress?: Progress,
): Promise<ImageFiles> {
  void [source, image, wanted, progress];
  throw new Error("not here yet");
}
