/** Keeps the result record up to date, where somebody wants it. */
import {
  memoryAccount,
  peakMemorySource,
  terminationLog,
} from "#companion/surroundings.ts";
import { currentDirectory, mayAccess } from "#system/files.ts";
import { pathFrom } from "#system/paths.ts";
import { Failure, type Notice } from "./failure.ts";
import type { Exit } from "./outcome.ts";
import {
  type ResultRecord,
  schema,
  writeRecord,
  writeTerminationLog,
} from "./record.ts";
import type { Runenv, RunenvRequest } from "./runenv.ts";
import { recordOf, type Stream } from "./streams.ts";
import type { Ended } from "./supervision.ts";

type Wanted = {
  readonly words: readonly string[];
  readonly cwd?: string;
  readonly result?: string;
};

/** What is known of a run, in the form of the record; times as milliseconds. */
type Known = Omit<ResultRecord, "schema" | "started" | "activated" | "finished"> & {
  readonly started: number;
  readonly activated?: number;
  readonly finished?: number;
};

export class Progress {
  #known: Known;
  /** Absolute: the block's directory may be another one. */
  readonly #path: string | undefined;
  #killsBefore = 0;
  #begun = false;

  constructor({ words, cwd, result }: Wanted) {
    const started = Date.now();
    if (result === undefined) {
      this.#known = { state: "activating", words, directory: cwd ?? ".", started };
      return;
    }
    const start = currentDirectory();
    const directory = cwd === undefined ? start : pathFrom(start, cwd);
    this.#path = pathFrom(start, result);
    this.#known = { state: "activating", words, directory, started };
  }

  note(facts: Partial<Known>): void {
    this.#known = { ...this.#known, ...facts };
  }

  noteRunenv({ name, version }: Runenv, { version: requested }: RunenvRequest): void {
    const declared = version === undefined ? {} : { version };
    this.note({ runenv: { name, ...declared, requested } });
  }

  noteStreams(redirected: readonly Stream[]): void {
    if (redirected.length === 0) return;
    const entries = redirected.map((stream) => [stream.name, recordOf(stream)]);
    this.note({ streams: Object.fromEntries(entries) });
  }

  /** The first writing. @throws Failure `result-unwritable` */
  begin(): void {
    if (this.#path === undefined) return;
    this.#killsBefore = memoryAccount().kills;
    this.#write(this.#path);
    this.#begun = true;
  }

  /** The block is about to be started. */
  running(): void {
    if (this.#path === undefined) return;
    this.note({ state: "running" });
    this.#write(this.#path);
  }

  /** Notes what the block used. @returns whether it was ended for want of memory */
  account({ how, processorSeconds, peakMemory }: Ended): boolean {
    const killed = how.kind === "signalled" && how.signal === 9;
    if (this.#path === undefined && !killed) return false;
    const { peak, kills } = memoryAccount();
    this.note({
      usage: {
        processorSeconds,
        peakMemory: peak ?? peakMemory,
        peakMemorySource: peak === undefined ? peakMemorySource : "cgroup",
      },
    });
    return killed && kills > this.#killsBefore;
  }

  /** The last writing, also of a run that was refused. @returns what went wrong */
  finish(exit: Exit): Notice | undefined {
    const wanted = terminationLog !== undefined && mayAccess(terminationLog, "exist");
    const summaryFile = wanted ? terminationLog : undefined;
    if (this.#path === undefined && summaryFile === undefined) return undefined;
    this.note({ state: "finished", finished: Date.now(), exit });
    if (summaryFile !== undefined) writeTerminationLog(summaryFile, this.#record);
    try {
      if (this.#path !== undefined) this.#write(this.#path);
      return undefined;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Where not even the first writing succeeded, that has been said already.
      return this.#begun ? notWritten(error) : undefined;
    }
  }

  #write(path: string): void {
    writeRecord(path, this.#record);
  }

  get #record(): ResultRecord {
    const { state, runenv, words, directory, started, activated, finished, ...rest } =
      this.#known;
    return {
      schema,
      state,
      ...(runenv ? { runenv } : {}),
      words,
      directory,
      started: timeText(started),
      ...(activated === undefined ? {} : { activated: timeText(activated) }),
      ...(finished === undefined ? {} : { finished: timeText(finished) }),
      ...rest,
    };
  }
}

/** RFC 3339, in UTC. */
function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function notWritten({ message, hint }: Failure): Notice {
  return { level: "warning", code: "result-not-written", message, hint };
}
