/**
 * The content of files: what the pass kept, or what a layer gives when it is read again.
 * Requests that come in one turn of the event loop share the reading of a layer.
 */

import { passLayer } from "../layer/pass.ts";
import type { Limits } from "../limits.ts";
import type { ImageSource, Layer } from "../model.ts";
import type { TarEntry } from "../tar/entry.ts";
import { TarScanner } from "../tar/scanner.ts";
import type { Located } from "./state.ts";

type Request = {
  readonly entry: number;
  readonly length: number;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
};

export class Contents {
  readonly #waiting = new Map<Layer, Request[]>();
  #running: Promise<void> = Promise.resolve();

  constructor(
    readonly source: ImageSource,
    readonly limits: Limits,
  ) {}

  /** At most `limit` bytes from the beginning of a regular file. */
  async read({ layer, entries, entry }: Located, limit: number): Promise<Uint8Array> {
    const length = Math.min(limit, entries.size(entry));
    if (length <= 0) return new Uint8Array(0);
    const kept = entries.kept.get(entry);
    if (kept && kept.length >= length) return kept.slice(0, length);
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) setImmediate(() => this.#readWaiting());
      const requests = this.#waiting.get(layer) ?? [];
      requests.push({ entry, length, resolve, reject });
      this.#waiting.set(layer, requests);
    });
  }

  #readWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#running = this.#running.then(async () => {
      for (const [layer, requests] of waiting) await this.#readAgain(layer, requests);
    });
  }

  /** As strictly as the first time: what came from elsewhere may have changed. */
  async #readAgain(layer: Layer, requests: readonly Request[]): Promise<void> {
    const lengths = new Map<number, number>();
    for (const { entry, length } of requests)
      lengths.set(entry, Math.max(length, lengths.get(entry) ?? 0));
    try {
      const found = await readEntries(this.source, layer, lengths, this.limits);
      for (const { entry, length, resolve } of requests)
        resolve(found.get(entry)!.slice(0, length));
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }
}

/** @param lengths what is wanted of which member, by its number in the archive */
async function readEntries(
  source: ImageSource,
  layer: Layer,
  lengths: ReadonlyMap<number, number>,
  limits: Limits,
): Promise<ReadonlyMap<number, Uint8Array>> {
  const found = new Map<number, Uint8Array>();
  let number = -1;
  let current: { readonly bytes: Uint8Array; filled: number } | undefined;
  const handler = {
    entry: (_: TarEntry) => {
      number += 1;
      const length = lengths.get(number);
      current =
        length === undefined ? undefined : { bytes: new Uint8Array(length), filled: 0 };
      if (current) found.set(number, current.bytes);
    },
    content: (piece: Uint8Array) => {
      if (current === undefined) return;
      const part = piece.subarray(0, current.bytes.length - current.filled);
      current.bytes.set(part, current.filled);
      current.filled += part.length;
    },
  };
  const scanner = new TarScanner(handler, `layer ${layer.index}`);
  await passLayer(source, layer, (piece) => scanner.write(piece), { limits });
  return found;
}
