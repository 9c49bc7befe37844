/** Keeps the result record up to date, where somebody wants it. */
import { currentDirectory, status } from "../system/posix/files.ts";
import { SystemError } from "../system/posix/libc.ts";
import { Failure, type Notice } from "./failure.ts";
import type { Exit } from "./outcome.ts";
import type { ResultRecord } from "./record.ts";
import type { Ended } from "./supervision.ts";

type Wanted = {
  readonly words: readonly string[];
  readonly cwd?: string;
  readonly result?: string;
};

const terminationLog = "/dev/termination-log";

export class Progress {
  #record: ResultRecord;
  /** Absolute: the block's directory may be another one. */
  readonly #path: string | undefined;
  #killsBefore = 0;
  #begun = false;

  constructor({ words, cwd, result }: Wanted) {
    const start = result === undefined ? "" : currentDirectory();
    const absolute = (path: string) =>
      path.startsWith("/") ? path : `${start}/${path}`;
    this.#path = result === undefined ? undefined : absolute(result);
    this.#record = {
      schema: "sidecar-result-1",
      state: "activating",
      words,
      directory: cwd === undefined ? start : absolute(cwd),
      started: new Date().toISOString(),
    };
  }

  note(facts: Partial<ResultRecord>): void {
    this.#record = { ...this.#record, ...facts };
  }

  /** The first writing. @throws Failure `result-unwritable` */
  async begin(): Promise<void> {
    if (this.#path === undefined) return;
    const { memoryAccount } = await import("./cgroup.ts");
    this.#killsBefore = memoryAccount().kills;
    await this.#write();
    this.#begun = true;
  }

  /** The block is about to be started. */
  async running(): Promise<void> {
    if (this.#path === undefined) return;
    this.note({ state: "running" });
    await this.#write();
  }

  /** Notes what the block used. @returns whether it was ended for want of memory */
  async account({ how, processorSeconds, peakMemory }: Ended): Promise<boolean> {
    const killed = how.kind === "signalled" && how.signal === 9;
    if (this.#path === undefined && !killed) return false;
    const { memoryAccount } = await import("./cgroup.ts");
    const { peak, kills } = memoryAccount();
    this.note({
      usage: {
        processorSeconds,
        peakMemory: peak ?? peakMemory,
        peakMemorySource: peak === undefined ? "process" : "cgroup",
      },
    });
    return killed && kills > this.#killsBefore;
  }

  /** The last writing, also of a run that was refused. @returns what went wrong */
  async finish(exit: Exit): Promise<Notice | undefined> {
    this.note({ state: "finished", finished: new Date().toISOString(), exit });
    if (!(status(terminationLog) instanceof SystemError)) {
      const { writeTerminationLog } = await import("./record.ts");
      writeTerminationLog(this.#record);
    }
    try {
      await this.#write();
      return undefined;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Where not even the first writing succeeded, that has been said already.
      return this.#begun ? notWritten(error) : undefined;
    }
  }

  async #write(): Promise<void> {
    if (this.#path === undefined) return;
    const { writeRecord } = await import("./record.ts");
    writeRecord(this.#path, this.#record);
  }
}

function notWritten({ message, hint }: Failure): Notice {
  return { level: "warning", code: "result-not-written", message, hint };
}
