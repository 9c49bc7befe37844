/** The two ways to write an image's files: into one archive, or into a directory. */

/** One file that is being written. */
export type Sink = {
  readonly write: (piece: Uint8Array) => void;
  /** Gives it its name. */
  readonly finish: (name: string) => void;
};

/** Files come one after the other. All of it may throw a SystemError. */
export type Target = {
  readonly begin: () => Sink;
  /** Waits until all is on disk, and gives it its name in one step. */
  readonly finish: () => void;
  /** Removes what there is of it, unless it is finished. */
  readonly abandon: () => void;
};

/** What a file in the making is called, with random digits. */
export const temporaryPrefix = ".sidecar-image-";
