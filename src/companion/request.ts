/** What is asked for: one block, and how it is to be run. */
import type { RunenvRequest } from "../contract/runenv-request.ts";

/** All durations in milliseconds. Relative paths: from where sidecar was started. */
export type Request = {
  /** PROGRAM and its ARGUMENTs, `${…}` not yet replaced. */
  readonly words: readonly string[];
  readonly runenv?: RunenvRequest;
  readonly cwd?: string;
  readonly temporary: boolean;
  /** Directory of a cgroup, below which one is made for the block. */
  readonly cgroup?: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly append: boolean;
  readonly tee: boolean;
  /** Bytes that each file may get of the block's output; 0 for no limit. */
  readonly maxOutput: number;
  readonly timeout?: number;
  readonly grace: number;
  readonly activateTimeout: number;
  readonly result?: string;
  readonly strict: boolean;
  readonly explain: boolean;
};
