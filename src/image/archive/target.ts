/** The two ways to write an image's files: into one archive, or into a directory. */

/** One file that is being written. */
export type Sink = {
  readonly write: (piece: Uint8Array) => void;
  /** Gives it its name; all of it must have been written. */
  readonly finish: (name: string) => void;
  /** Gives it up; the target is good for nothing then but to be abandoned. */
  readonly discard: () => void;
};

/** Files may be written at the same time. All of it may throw a SystemError. */
export type Target = {
  /** @param size bytes that will be written: the order of files is that of these calls */
  readonly begin: (size: number) => Sink;
  /** Waits until all is on disk, and gives it its name in one step. */
  readonly finish: () => void;
  /** Removes what there is of it, unless it is finished. */
  readonly abandon: () => void;
};

/** What a file in the making is called, with random digits. */
export const temporaryPrefix = ".sidecar-image-";
