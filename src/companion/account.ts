/** What the kernel accounts for a block, beside what it tells at each process's end. */
import type { Channel } from "./relay.ts";

/**
 * Since the block was started. What is not known, or not the block's own, is absent.
 */
export type MemoryFigures = {
  /** Bytes. */
  readonly peakMemory?: number;
  /** How often the limit was reached. */
  readonly memoryLimitReached?: number;
  /** How many processes the kernel ended for want of memory. */
  readonly outOfMemoryKills?: number;
};

export type Figures = MemoryFigures & {
  /** User and system time, in seconds. */
  readonly processorSeconds?: number;
};

export type Account = {
  /** The least limit of memory that can be seen, in bytes. */
  readonly memoryLimit?: number;
  /** What can be told while the block runs, and quickly. */
  memory(): MemoryFigures;
  /** All of it, at the end. */
  all(): Figures;
  /** Calls `reached` when memory runs short: at once, then more and more rarely. */
  watch(reached: () => void): Channel | undefined;
};
