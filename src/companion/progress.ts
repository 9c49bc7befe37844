/** Keeps the result record up to date, where somebody wants it. */
import {
  countKills,
  openAccount,
  terminationLog,
  usageSource,
} from "#companion/surroundings.ts";
import { currentDirectory, mayAccess } from "#system/files.ts";
import { pathFrom } from "#system/paths.ts";
import { Failure, type Notice } from "../contract/failure.ts";
import type { RunenvRequest } from "../contract/runenv-request.ts";
import type { Account, MemoryFigures } from "./account.ts";
import type { Exit } from "./outcome.ts";
import {
  type ResultRecord,
  schema,
  type Usage,
  writeRecord,
  writeTerminationLog,
} from "./record.ts";
import type { Channel } from "./relay.ts";
import type { Runenv } from "./runenv.ts";
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

/** Milliseconds; no block that does anything is that quick. */
const moment = 3;

export class Progress {
  #known: Known;
  /** Absolute: the block's directory may be another one. */
  readonly #path: string | undefined;
  #account: Account | undefined;
  #kills = () => 0;
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
    this.#write(this.#path);
    this.#begun = true;
  }

  /** The block is about to run: from now on only sidecar's end may be missed. */
  starting(): void {
    if (this.#path === undefined) return;
    this.note({ state: "running" });
    this.#writeIfPossible(this.#path);
  }

  /**
   * The block runs. It is accounted for once it has run for a moment: one that ends at
   * once ends without.
   * @param cgroup the directory of its own cgroup, where it has one
   * @returns what has to be attended to for it
   */
  running(cgroup: string | undefined): Channel {
    let begins: number | undefined = performance.now() + moment;
    let watch: Channel | undefined;
    const begin = () => this.#beginAccount(cgroup);
    return {
      get wakeAt() {
        return begins ?? watch?.wakeAt;
      },
      get interest() {
        if (begins !== undefined && performance.now() >= begins) {
          begins = undefined;
          watch = begin();
        }
        return watch?.interest;
      },
      advance: () => watch?.advance(),
    };
  }

  #beginAccount(cgroup: string | undefined): Channel | undefined {
    if (this.#path === undefined) {
      this.#kills = countKills(cgroup);
      return undefined;
    }
    const account = openAccount(cgroup);
    this.#account = account;
    if (account.memoryLimit !== undefined) {
      this.note(usageOf(account));
      this.#writeIfPossible(this.#path);
    }
    return account.watch(() => this.#noteMemory(account));
  }

  /**
   * The kernel may end the block next, and sidecar with it: what is known is written.
   */
  #noteMemory(account: Account): void {
    this.note(usageOf(account, account.memory()));
    if (this.#path !== undefined) this.#writeIfPossible(this.#path);
  }

  /**
   * Notes what the block used. @returns how many the kernel ended for want of memory
   */
  account({ how, processorSeconds, peakMemory }: Ended): number {
    if (this.#path === undefined) {
      const well = how.kind === "exited" && how.code === 0;
      return well ? 0 : this.#kills();
    }
    const account = this.#account;
    const { processorSeconds: ofCgroup = 0, ...figures } = account?.all() ?? {};
    // Both miss something: who was never waited for, and the first moments.
    const more = ofCgroup > processorSeconds;
    this.note({
      usage: {
        processorSeconds: more ? ofCgroup : processorSeconds,
        processorSecondsSource: more ? "cgroup" : usageSource,
        peakMemory,
        peakMemorySource: usageSource,
        ...(account ? usageOf(account, figures).usage : {}),
      },
    });
    return figures.outOfMemoryKills ?? 0;
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

  /** While the block runs nothing else can be done about it; finish() will say so. */
  #writeIfPossible(path: string): void {
    try {
      this.#write(path);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
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

/** A cgroup's memory as the record has it; nothing where nothing is known of it. */
function usageOf(account: Account, figures: MemoryFigures = {}): { usage?: Usage } {
  const { peakMemory, ...counts } = figures;
  const { memoryLimit } = account;
  const usage: Usage = {
    ...(peakMemory === undefined ? {} : { peakMemory, peakMemorySource: "cgroup" }),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...counts,
  };
  return Object.keys(usage).length > 0 ? { usage } : {};
}

/** RFC 3339, in UTC. */
function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function notWritten({ message, hint }: Failure): Notice {
  return { level: "warning", code: "result-not-written", message, hint };
}
