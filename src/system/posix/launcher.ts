/** Where build.ts put the launcher's record; 0 in an executable without a launcher. */
declare const SIDECAR_LAUNCHER_RECORD: number;

/** The address of `struct sidecar_record` (src/launcher/record.h), or 0. */
export const recordAddress =
  typeof SIDECAR_LAUNCHER_RECORD === "undefined" ? 0 : SIDECAR_LAUNCHER_RECORD;
