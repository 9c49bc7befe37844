/**
 * Learns when memory runs short, so that the record can say so before the kernel ends
 * the block and sidecar together.
 *
 * The kernel makes memory.events ready (POLLPRI) when one of its counts changes: the
 * limit was reached, say. Nothing is looked at until then. A block may live at its
 * limit for hours (with its files in the page cache), and each look makes the next one
 * wait longer.
 */
import type { Interest } from "#system/descriptors.ts";
import { closeDescriptor } from "#system/descriptors.ts";
import { openForReading, readFromStart } from "../../system/posix/files.ts";
import type { Channel } from "../relay.ts";

/** How long nothing is looked at, in milliseconds: at first, and at most. */
const shortestPause = 1000;
const longestPause = 60_000;

export function openMemoryWatch(
  path: string,
  reached: () => void,
): Channel | undefined {
  const descriptor = openForReading(path);
  if (descriptor === undefined) return undefined;
  const watch = new MemoryWatch(descriptor, reached);
  return watch.acknowledge() ? watch : undefined;
}

class MemoryWatch implements Channel {
  wakeAt: number | undefined;
  #descriptor: number | undefined;
  #pause = shortestPause;
  readonly #reached: () => void;

  constructor(descriptor: number, reached: () => void) {
    this.#descriptor = descriptor;
    this.#reached = reached;
  }

  get interest(): Interest | undefined {
    if (this.wakeAt !== undefined && performance.now() < this.wakeAt) return undefined;
    this.wakeAt = undefined;
    const descriptor = this.#descriptor;
    return descriptor === undefined ? undefined : { descriptor, wants: "event" };
  }

  advance(): void {
    if (!this.acknowledge()) return;
    this.#reached();
    this.wakeAt = performance.now() + this.#pause;
    this.#pause = Math.min(2 * this.#pause, longestPause);
  }

  /** From now on only what changes later counts. @returns whether it can be watched */
  acknowledge(): boolean {
    if (this.#descriptor === undefined) return false;
    if (readFromStart(this.#descriptor)) return true;
    closeDescriptor(this.#descriptor);
    this.#descriptor = undefined;
    return false;
  }
}
