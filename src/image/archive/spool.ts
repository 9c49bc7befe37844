/** A file for what is made before its place is known; it has no name, or loses it. */
import { seek } from "#system/copy.ts";
import { closeDescriptor, readSome, writeAll } from "#system/descriptors.ts";
import { removeFile } from "#system/files.ts";
import { joinPath } from "#system/paths.ts";
import { createNamed, createUnnamed } from "#system/staging.ts";
import { hiddenName } from "../../system/hidden.ts";
import { temporaryPrefix } from "./target.ts";

const pieceSize = 256 << 10;

export class Spool {
  readonly #descriptor: number;
  readonly #name: string | undefined;
  /** Bytes that were written. */
  size = 0;

  /** @throws SystemError */
  constructor(directory: string) {
    const unnamed = createUnnamed(directory);
    this.#name =
      unnamed === undefined
        ? joinPath(directory, hiddenName(temporaryPrefix))
        : undefined;
    this.#descriptor = unnamed ?? createNamed(this.#name!);
  }

  write(piece: Uint8Array): void {
    seek(this.#descriptor, this.size);
    writeAll(this.#descriptor, piece);
    this.size += piece.length;
  }

  /** All of it; each piece is valid until the next is asked for. */
  *pieces(): Generator<Uint8Array> {
    const buffer = new Uint8Array(pieceSize);
    for (let at = 0; at < this.size; ) {
      seek(this.#descriptor, at);
      const length = readSome(this.#descriptor, buffer.subarray(0, this.size - at));
      if (length === 0) return;
      if (length === undefined) continue;
      at += length;
      yield buffer.subarray(0, length);
    }
  }

  close(): void {
    closeDescriptor(this.#descriptor);
    if (this.#name !== undefined) removeFile(this.#name);
  }
}
