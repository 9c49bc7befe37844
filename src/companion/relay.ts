/**
 * Copies of a stream, made by whoever waits: of an activation's output, and of a
 * block's where no thread can make them (stream-relay.ts). What is written into a pipe
 * goes on to one or more descriptors, byte for byte and in order. A slow reader slows
 * the writer, as a pipe between them would; nothing is held back, and no more than one
 * buffer is held.
 */
import {
  closeDescriptor,
  type Interest,
  readSome,
  setNonBlocking,
  writeSome,
} from "#system/descriptors.ts";
import { SystemError } from "#system/errors.ts";
import { descriptorStatus } from "#system/files.ts";

const bufferSize = 65_536;
/** A pipe that is ready for writing takes so much at once (PIPE_BUF, pipe(7)). */
const pieceSize = 4096;

export type Sink = {
  readonly descriptor: number;
  /** For messages: a file's name, or the name of sidecar's own stream. */
  readonly name: string;
  readonly isConsole: boolean;
};

/** A copy that ended before its stream did, after so many bytes. */
export type LostSink = Omit<Sink, "descriptor"> & {
  readonly error: Error;
  readonly written: number;
};

/** A sink, how far in the buffer it is, and how much it took in all (bytes). */
type Reader = Sink & {
  at: number;
  written: number;
  /** A file never makes a writer wait for a reader; anything else may. */
  readonly isFile: boolean;
};

/** What stands between a block's stream and its file. */
export type StreamRelay = Channel & {
  /** Bytes that came so far. */
  readonly bytes: number;
  readonly lost: readonly LostSink[];
  /**
   * The block has ended, and nobody reads what he should: he is waited for no longer. A
   * file gets what is in the pipe all the same.
   * @returns whether there was somebody
   */
  abandon(): boolean;
};

/** Why such a copy ended. */
export const unread = new Error("nobody read the rest in time");
/** The most that a pipe can hold is one MiB (pipe(7)); a read takes 64 KiB of it. */
export const mostReads = 16;

export class Relay implements StreamRelay {
  /** Bytes read so far. */
  bytes = 0;
  readonly lost: LostSink[] = [];
  readonly #source: number;
  readonly #buffer = new Uint8Array(bufferSize);
  readonly #sinks: Reader[];
  readonly #tailSize: number;
  #filled = 0;
  #tail = new Uint8Array(0);
  #ended = false;

  /** @param tailSize how many of the last bytes to remember */
  constructor(source: number, sinks: readonly Sink[], tailSize = 0) {
    this.#source = source;
    this.#tailSize = tailSize;
    this.#sinks = sinks.map((sink) => {
      return { ...sink, at: 0, written: 0, isFile: isFile(sink) };
    });
    setNonBlocking(source, true);
  }

  /** The last bytes that came. */
  get tail(): Uint8Array {
    return this.#tail;
  }

  /** What this relay waits for; nothing once its source has ended. */
  get interest(): Interest | undefined {
    const behind = this.#behind;
    if (behind) return { descriptor: behind.descriptor, wants: "write" };
    if (this.#ended) return undefined;
    return { descriptor: this.#source, wants: "read" };
  }

  /** Does one step of what {@link interest} waited for. */
  advance(): void {
    const behind = this.#behind;
    if (behind) this.#write(behind);
    else if (!this.#ended) this.#read();
  }

  /** Closes the source: what is written into it from now on is nobody's. */
  close(): void {
    if (!this.#ended) closeDescriptor(this.#source);
    this.#ended = true;
  }

  abandon(): boolean {
    if (!this.#behind) return false;
    for (const sink of this.#sinks.filter((one) => !one.isFile))
      this.#lose(sink, unread);
    for (let reads = 0; this.#sinks.length > 0; reads += 1) {
      while (this.#behind) this.advance();
      const { bytes } = this;
      if (reads < mostReads) this.advance();
      if (this.bytes === bytes) break;
    }
    return true;
  }

  get #behind() {
    return this.#sinks.find(({ at }) => at < this.#filled);
  }

  #read(): void {
    const length = readSome(this.#source, this.#buffer);
    if (length === undefined) return;
    if (length === 0) {
      this.close();
      return;
    }
    this.bytes += length;
    this.#filled = length;
    for (const sink of this.#sinks) sink.at = 0;
    if (this.#tailSize > 0) this.#remember(this.#buffer.subarray(0, length));
  }

  #write(sink: Reader): void {
    const piece = sink.isFile ? bufferSize : pieceSize;
    const end = Math.min(sink.at + piece, this.#filled);
    try {
      const taken = writeSome(sink.descriptor, this.#buffer.subarray(sink.at, end));
      sink.at += taken;
      sink.written += taken;
    } catch (error) {
      // The block must not suffer: this copy ends, the others go on.
      this.#lose(sink, error as SystemError);
    }
  }

  #lose(sink: Reader, error: Error): void {
    this.#sinks.splice(this.#sinks.indexOf(sink), 1);
    const { name, isConsole, written } = sink;
    this.lost.push({ name, isConsole, written, error });
  }

  #remember(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#tail.length + bytes.length);
    joined.set(this.#tail);
    joined.set(bytes, this.#tail.length);
    this.#tail = joined.slice(-this.#tailSize);
  }
}

function isFile({ descriptor }: Sink): boolean {
  const found = descriptorStatus(descriptor);
  return !(found instanceof SystemError) && found.kind === "file";
}

/** What an activation tells sidecar: bytes from a pipe, kept. */
export class Collector {
  readonly #source: number;
  readonly #pieces: Uint8Array[] = [];
  #ended = false;

  constructor(source: number) {
    this.#source = source;
    setNonBlocking(source, true);
  }

  get interest(): Interest | undefined {
    return this.#ended ? undefined : { descriptor: this.#source, wants: "read" };
  }

  advance(): void {
    const piece = new Uint8Array(bufferSize);
    const length = readSome(this.#source, piece);
    if (length === undefined) return;
    if (length === 0) this.close();
    else this.#pieces.push(piece.subarray(0, length));
  }

  close(): void {
    if (!this.#ended) closeDescriptor(this.#source);
    this.#ended = true;
  }

  get content(): Uint8Array {
    return this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
  }
}

/** What the supervision waits for beside signals. */
export type Channel = {
  readonly interest: Interest | undefined;
  /** When to ask for its interest again, in milliseconds of the monotonic clock. */
  readonly wakeAt?: number | undefined;
  advance(): void;
  /**
   * Where it works by itself: what has come by now is the last that it takes. Its
   * interest is then to be waited for.
   */
  finish?(): void;
};
