/** From a layer's tar archive to its entries, and to what is kept of their content. */

import { encode } from "../../system/text.ts";
import { components } from "../compact/paths.ts";
import type { TarEntry, TarHandler } from "../tar/entry.ts";
import { malformed } from "../tar/problem.ts";
import { type EntryKind, LayerEntries } from "./entries.ts";
import type { Inventory } from "./inventory.ts";
import { ProgramReader } from "./program.ts";
import { isWhiteout, meaningOf } from "./whiteout.ts";

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

/** What loaders of images pass over. */
const ignored = { kind: "ignored", path: 0 } as const;

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

  #placeOf(entry: TarEntry): { readonly kind: EntryKind; readonly path: number } {
    const { paths, strings } = this.inventory;
    const { name } = entry;
    const wrong = (what: string) =>
      malformed({ archive: this.archive, offset: entry.offset }, what);
    let parent = 0;
    let last: [number, number] | undefined;
    for (const component of components(name)) {
      if (last) {
        if (isWhiteout(name, ...last)) {
          if (meaningOf(name, ...last).kind === "reserved") return ignored;
          throw wrong("a file below a whiteout");
        }
        parent = paths.child(parent, strings.intern(name, ...last));
      }
      last = component;
    }
    if (last === undefined) {
      if (entry.type !== "directory") throw wrong("a root that is no directory");
      return { kind: "directory", path: 0 };
    }
    const meaning = meaningOf(name, ...last);
    switch (meaning.kind) {
      case "name":
        return {
          kind: entry.type,
          path: paths.child(parent, strings.intern(name, ...last)),
        };
      case "opaque":
        return { kind: "opaque", path: parent };
      case "whiteout": {
        const victim = strings.intern(name, meaning.victim, last[1]);
        return { kind: "whiteout", path: paths.child(parent, victim) };
      }
      case "reserved":
        return ignored;
      case "invalid":
        throw wrong("a whiteout that names no file");
    }
  }

  #target(entry: TarEntry): number {
    if (entry.type === "symlink") return this.inventory.strings.intern(entry.target);
    if (entry.type === "hard-link") return this.inventory.paths.intern(entry.target);
    return 0;
  }

  /** The kernel's are 24 bytes at most. */
  #intern(capabilities: Uint8Array, { offset }: TarEntry): number {
    if (capabilities.length > 255)
      throw malformed({ archive: this.archive, offset }, "capabilities that are none");
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
