/**
 * How much an image may be: whatever somebody hands in, sidecar's memory stays below
 * 150 MB (half a million files take 125) and its work ends.
 */
import { Failure } from "../contract/failure.ts";

export type Limits = {
  /**
   * Paths that all layers name together, directories that none of them has included.
   */
  readonly paths: number;
  /** Members of all layers together. */
  readonly entries: number;
  /** Bytes of different names and link targets together. */
  readonly names: number;
  /** Bytes of one layer without compression. */
  readonly layer: number;
  /** Bytes of content that are kept in memory, of all files together. */
  readonly kept: number;
  /** Components of paths and links that are looked up while layers are merged. */
  readonly steps: number;
  /** Problems that are told; more are only counted. */
  readonly problems: number;
};

export const defaultLimits: Limits = {
  paths: 600_000,
  entries: 650_000,
  names: 18 << 20,
  layer: 256 * 2 ** 30,
  kept: 4 << 20,
  steps: 50_000_000,
  problems: 1000,
};

const failure = (what: string) =>
  new Failure(
    "image-too-large",
    what,
    "sidecar reads no larger images; leave out of the image what it need not have",
  );

export const tooLarge = {
  files: (limit: number) => failure(`the image has more than ${limit} files`),
  names: (limit: number) =>
    failure(`the names of the image's files take more than ${limit} bytes`),
  steps: () => failure("the image's links and replaced directories have no end"),
  layer: (index: number, limit: number) =>
    failure(`layer ${index} has more than ${limit} bytes when it is unpacked`),
};
