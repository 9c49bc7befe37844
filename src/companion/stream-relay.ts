/**
 * What stands between a block's stream and its file, where something does: a thread of
 * the launcher, or else sidecar itself between other things.
 */
import { makePipe } from "#system/descriptors.ts";
import {
  beginRelay,
  openRelayedFile,
  type RelayedFile,
  type ThreadRelay,
} from "#system/relaying.ts";
import { type LostSink, Relay, type Sink, type StreamRelay, unread } from "./relay.ts";

/** A file that a block's streams go into. */
export type Target = {
  readonly descriptor: number;
  /** As it was named first; for messages. */
  readonly name: string;
  readonly isRegular: boolean;
  /** Bytes that it held before. */
  readonly before: number;
  /** What writes to it for the block; nothing where the block does that itself. */
  readonly relays: StreamRelay[];
  /** What the threads know of it, where there are any. */
  relayed?: RelayedFile | undefined;
};

/**
 * Begins to copy into `target`, and to `console` where that is wanted.
 * @param limit of the target, in bytes; 0 for none
 * @returns the writing end of the pipe, for the block; nothing where the limit cannot
 * be kept, because there can be no thread
 */
export function beginCopies(
  target: Target,
  console: Sink | undefined,
  limit: number,
): number | undefined {
  const { descriptor, name, isRegular, before } = target;
  target.relayed ??= openRelayedFile(descriptor, isRegular, before, limit);
  const { readEnd, writeEnd } = makePipe();
  const thread =
    target.relayed && beginRelay(readEnd, target.relayed, console?.descriptor);
  if (!thread && limit > 0) return undefined;
  const sinks = [{ descriptor, name, isConsole: false }, ...(console ? [console] : [])];
  target.relays.push(
    thread ? new RelayByThread(thread, console?.name) : new Relay(readEnd, sinks),
  );
  return writeEnd;
}

/** Copies that a thread makes. */
export class RelayByThread implements StreamRelay {
  readonly #thread: ThreadRelay;
  readonly #console: string | undefined;

  constructor(thread: ThreadRelay, console: string | undefined) {
    this.#thread = thread;
    this.#console = console;
  }

  get bytes() {
    return this.#thread.bytes;
  }

  get interest() {
    return this.#thread.interest;
  }

  advance(): void {
    this.#thread.advance();
  }

  finish(): void {
    this.#thread.finish();
  }

  abandon(): boolean {
    if (this.#thread.isDone) return false;
    this.#thread.abandon();
    return true;
  }

  get lost(): readonly LostSink[] {
    const { consoleError, consoleWritten, bytes } = this.#thread;
    const error = consoleError ?? (consoleWritten < bytes ? unread : undefined);
    if (this.#console === undefined || !error) return [];
    return [{ name: this.#console, isConsole: true, error, written: consoleWritten }];
  }
}

/** Every copy that ended early, each once. */
export function lostCopies(targets: readonly Target[]): LostSink[] {
  const lost = new Map<string, LostSink>();
  for (const { name, relays, relayed } of targets) {
    if (relayed) {
      const written = relayed.taken;
      const threads = relays.filter((relay) => relay instanceof RelayByThread);
      const bytes = threads.reduce((sum, relay) => sum + relay.bytes, 0);
      const error = relayed.error ?? (written < bytes ? unread : undefined);
      if (error) lost.set(name, { name, isConsole: false, error, written });
    }
    for (const sink of relays.flatMap((relay) => relay.lost))
      if (!lost.has(sink.name)) lost.set(sink.name, sink);
  }
  return [...lost.values()];
}
