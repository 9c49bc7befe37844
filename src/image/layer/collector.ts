/** From a layer's tar archive to its entries, and to what is kept of their content. */

import type { Failure } from "../../contract/failure.ts";
import { encode } from "../../system/text.ts";
import { componentEnd, isName } from "../compact/paths.ts";
import type { TarEntry, TarHandler } from "../tar/entry.ts";
import { malformed } from "../tar/problem.ts";
import { type EntryKind, LayerEntries } from "./entries.ts";
import { garbageOfEntry, leaveGarbage } from "./garbage.ts";
import type { Inventory } from "./inventory.ts";
import { ProgramReader } from "./program.ts";
import { meaningOf } from "./whiteout.ts";

export type Keeping = {
  /** Numbers of `Strings`. */
  readonly names: ReadonlySet<number>;
  /** Bytes of each file. */
  readonly limit: number;
};

/** The file whose content goes by. */
type Current = {
  readonly entry: number;
  readonly program: ProgramReader | undefined;
  readonly kept: Uint8Array | undefined;
  filled: number;
  left: number;
};

type Place = { readonly kind: EntryKind; readonly path: number };

/** What loaders of images pass over. */
const ignored: Place = { kind: "ignored", path: 0 };

export class Collector implements TarHandler {
  readonly entries = new LayerEntries();
  #current: Current | undefined;

  constructor(
    readonly inventory: Inventory,
    readonly keeping: Keeping,
    readonly archive: string,
  ) {}

  /** @throws Failure `image-tar-invalid`, `image-too-large` */
  readonly entry = (entry: TarEntry): void => {
    this.inventory.countEntry();
    leaveGarbage(garbageOfEntry);
    const { kind, path } = this.#placeOf(entry);
    const number = this.entries.add({
      ...entry,
      kind,
      path,
      target: this.#target(entry),
      capabilities: entry.capabilities ? this.#intern(entry.capabilities, entry) : 0,
    });
    if (kind === "file" && entry.size > 0) this.#start(number, path, entry);
  };

  readonly content = (piece: Uint8Array): void => {
    const current = this.#current;
    if (current === undefined) return;
    const { entry, program, kept } = current;
    if (kept && current.filled < kept.length) {
      const part = piece.subarray(0, kept.length - current.filled);
      kept.set(part, current.filled);
      current.filled += part.length;
    }
    current.left -= piece.length;
    const known = program?.write(piece) ?? (current.left === 0 && program?.end());
    if (known) {
      const json = encode(JSON.stringify(known));
      this.entries.setProgram(entry, this.inventory.strings.intern(json));
    }
    const isDone = kept === undefined || current.filled === kept.length;
    if ((known || program === undefined) && isDone) this.#current = undefined;
  };

  /**
   * No closures, since it is called for each of half a million files: they are memory.
   */
  #placeOf(entry: TarEntry): Place {
    const { paths, strings } = this.inventory;
    const { name } = entry;
    let parent = 0;
    let lastStart = 0;
    let lastEnd = 0;
    for (let start = 0; start < name.length; ) {
      const end = componentEnd(name, start);
      if (isName(name, start, end)) {
        if (lastEnd > 0) {
          const { kind } = meaningOf(name, lastStart, lastEnd);
          if (kind === "reserved") return ignored;
          if (kind !== "name") throw this.#wrong(entry, "a file below a whiteout");
          parent = paths.child(parent, strings.intern(name, lastStart, lastEnd));
        }
        lastStart = start;
        lastEnd = end;
      }
      start = end + 1;
    }
    if (lastEnd > 0) return this.#lastPlace(entry, parent, lastStart, lastEnd);
    if (entry.type !== "directory") throw this.#wrong(entry, "a root that is none");
    return { kind: "directory", path: 0 };
  }

  /**
   * @param start where in the name its last component begins, and `end` where it ends
   */
  #lastPlace(entry: TarEntry, parent: number, start: number, end: number): Place {
    const { paths, strings } = this.inventory;
    const meaning = meaningOf(entry.name, start, end);
    switch (meaning.kind) {
      case "name":
        return {
          kind: entry.type,
          path: paths.child(parent, strings.intern(entry.name, start, end)),
        };
      case "opaque":
        return { kind: "opaque", path: parent };
      case "whiteout": {
        const victim = strings.intern(entry.name, meaning.victim, end);
        return { kind: "whiteout", path: paths.child(parent, victim) };
      }
      case "reserved":
        return ignored;
      case "invalid":
        throw this.#wrong(entry, "a whiteout that names no file");
    }
  }

  #wrong({ offset }: TarEntry, what: string): Failure {
    return malformed({ archive: this.archive, offset }, what);
  }

  #target(entry: TarEntry): number {
    if (entry.type === "symlink") return this.inventory.strings.intern(entry.target);
    if (entry.type === "hard-link") return this.inventory.paths.intern(entry.target);
    return 0;
  }

  /** The kernel's are 24 bytes at most. */
  #intern(capabilities: Uint8Array, entry: TarEntry): number {
    if (capabilities.length > 255)
      throw this.#wrong(entry, "capabilities that are none");
    return this.inventory.strings.intern(capabilities);
  }

  #start(entry: number, path: number, { mode, size }: TarEntry): void {
    const isWanted = this.keeping.names.has(this.inventory.paths.name(path));
    const length = Math.min(size, this.keeping.limit);
    const kept =
      isWanted && this.inventory.mayKeep(length) ? new Uint8Array(length) : undefined;
    if (kept) this.entries.kept.set(entry, kept);
    const program = (mode & 0o111) !== 0 ? new ProgramReader(size) : undefined;
    this.#current =
      kept || program ? { entry, program, kept, filled: 0, left: size } : undefined;
  }
}
