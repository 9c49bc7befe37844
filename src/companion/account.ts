/** What the kernel accounts for a block, beside what it tells at each process's end. */
import type { Channel } from "./relay.ts";

/** Since the block was started. What is not known, or not the block's own, is absent. */
export type Figures = {
  /** Seconds. */
  readonly processorSeconds?: number;
  /** Bytes. */
  readonly peakMemory?: number;
  /** How often the memory limit was reached. */
  readonly memoryLimitReached?: number;
  /** How many processes the kernel ended for want of memory. */
  readonly outOfMemoryKills?: number;
};

export type Account = {
  /** The least limit of memory that can be seen, in bytes. */
  readonly memoryLimit?: number;
  /** Those that are quickly told, and still true while the block runs. */
  memory(): Figures;
  /** All of them, at the end. */
  all(): Figures;
  /** Calls `reached` when memory runs short, soon and then more and more rarely. */
  watch(reached: () => void): Channel | undefined;
};
