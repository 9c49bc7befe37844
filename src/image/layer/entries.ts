/** The members of one layer, in columns: some thirty bytes each. */
import { large, signed, small, unsigned } from "../compact/columns.ts";

export const kinds = [
  "file",
  "directory",
  "symlink",
  "character-device",
  "block-device",
  "fifo",
  "hard-link",
  /** Takes away what lower layers have at the path. */
  "whiteout",
  /** Takes away what lower layers have in the directory at the path. */
  "opaque",
  /** Counts nothing, and is here so that a member's number is its place in the archive. */
  "ignored",
] as const;

export type EntryKind = (typeof kinds)[number];

export type EntryValues = {
  readonly kind: EntryKind;
  /** A number of `Paths`: as it is written, symbolic links not followed. */
  readonly path: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Of a symbolic link a number of `Strings`, of a hard link one of `Paths`. */
  readonly target: number;
  /** Numbers of `Strings`, 0 where there is none. */
  readonly capabilities: number;
};

export class LayerEntries {
  length = 0;
  readonly #paths = signed();
  /** The kind in the upper four bits, the mode below. */
  readonly #kindsAndModes = small();
  readonly #uids = unsigned();
  readonly #gids = unsigned();
  readonly #sizes = large();
  readonly #targets = signed();
  readonly #capabilities = signed();
  readonly #programs = signed();
  /** Beginnings of files whose names were wanted. */
  readonly kept = new Map<number, Uint8Array>();

  /** @returns its number in the layer */
  add(values: EntryValues): number {
    const entry = this.length;
    this.length += 1;
    this.#paths.set(entry, values.path);
    this.#kindsAndModes.set(entry, (kinds.indexOf(values.kind) << 12) | values.mode);
    this.#uids.set(entry, values.uid);
    this.#gids.set(entry, values.gid);
    this.#sizes.set(entry, values.size);
    this.#targets.set(entry, values.target);
    this.#capabilities.set(entry, values.capabilities);
    return entry;
  }

  kind(entry: number): EntryKind {
    return kinds[this.#kindsAndModes.get(entry) >> 12]!;
  }

  path(entry: number): number {
    return this.#paths.get(entry);
  }

  mode(entry: number): number {
    return this.#kindsAndModes.get(entry) & 0o7777;
  }

  uid(entry: number): number {
    return this.#uids.get(entry);
  }

  gid(entry: number): number {
    return this.#gids.get(entry);
  }

  size(entry: number): number {
    return this.#sizes.get(entry);
  }

  target(entry: number): number {
    return this.#targets.get(entry);
  }

  capabilities(entry: number): number {
    return this.#capabilities.get(entry);
  }

  program(entry: number): number {
    return this.#programs.get(entry);
  }

  setProgram(entry: number, program: number): void {
    this.#programs.set(entry, program);
  }
}
