/**
 * Starts a process and waits for it, by posix_spawn(3) and wait4(2) alone: no event
 * loop, pipe or thread lies between the clock and the kernel, so that what is measured
 * is the process. Linux on x86-64, glibc.
 */
import { dlopen, ptr } from "bun:ffi";

const { symbols: c } = dlopen("libc.so.6", {
  posix_spawn: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  posix_spawn_file_actions_addopen: {
    args: ["ptr", "i32", "ptr", "i32", "u32"],
    returns: "i32",
  },
  posix_spawn_file_actions_init: { args: ["ptr"], returns: "i32" },
  posix_spawnattr_init: { args: ["ptr"], returns: "i32" },
  posix_spawnattr_setflags: { args: ["ptr", "i32"], returns: "i32" },
  posix_spawnattr_setsigdefault: { args: ["ptr", "ptr"], returns: "i32" },
  posix_spawnattr_setsigmask: { args: ["ptr", "ptr"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  wait4: { args: ["i32", "ptr", "i32", "ptr"], returns: "i32" },
});

/** A command in the form in which the kernel takes it; nothing is left to prepare. */
export type Prepared = {
  readonly path: Uint8Array;
  readonly words: BigUint64Array;
  readonly environment: BigUint64Array;
  /** What the tables point to. */
  readonly kept: readonly Uint8Array[];
};

/** One process from its start to its end, with all that it waited for itself. */
export type Sample = {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds in user and system mode. */
  readonly processor: number;
  /** Page faults that no disk was needed for. */
  readonly faults: number;
};

/** @param words the program's path first; no search is done */
export function prepare(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Prepared {
  const entries = Object.entries(environment).map(
    ([name, value]) => `${name}=${value}`,
  );
  const argv = table(words);
  const envp = table(entries);
  return {
    path: argv.texts[0]!,
    words: argv.pointers,
    environment: envp.pointers,
    kept: [...argv.texts, ...envp.texts],
  };
}

function table(texts: readonly string[]) {
  const encoded = texts.map((text) => Buffer.from(`${text}\0`));
  const pointers = new BigUint64Array(texts.length + 1);
  for (const [index, bytes] of encoded.entries()) pointers[index] = BigInt(ptr(bytes));
  return { texts: encoded, pointers };
}

const attributes = childAttributes();
const actions = nullStreams();
const identifier = new Int32Array(1);
const status = new Int32Array(1);
const usage = new Uint8Array(144);
const usageView = new DataView(usage.buffer);

/** @throws Error where the process cannot be started, or does not end with 0 */
export function measure({ path, words, environment }: Prepared): Sample {
  const start = Bun.nanoseconds();
  const error = c.posix_spawn(
    identifier,
    path,
    actions,
    attributes,
    words,
    environment,
  );
  if (error !== 0) throw new Error(`cannot start ${path}: errno ${error}`);
  const waited = c.wait4(identifier[0]!, status, 0, usage);
  const wall = (Bun.nanoseconds() - start) / 1e6;
  if (waited !== identifier[0] || status[0] !== 0)
    throw new Error(`${Buffer.from(path)} ended with wait status ${status[0]}`);
  return { wall, processor: time(0) + time(16), faults: long(64) };
}

/** struct rusage: utime 0, stime 16 (seconds and microseconds each), minflt 64. */
function long(at: number): number {
  return Number(usageView.getBigInt64(at, true));
}

/** A struct timeval, in milliseconds. */
function time(at: number): number {
  return long(at) * 1e3 + long(at + 8) / 1e3;
}

/** Signals as a shell's child has them: Bun ignores SIGPIPE and SIGXFSZ itself. */
function childAttributes(): Uint8Array {
  const POSIX_SPAWN_SETSIGDEF = 0x04;
  const POSIX_SPAWN_SETSIGMASK = 0x08;
  const [SIGPIPE, SIGXFSZ] = [13n, 25n];
  const none = new BigUint64Array(16);
  const defaults = new BigUint64Array(16);
  defaults[0] = (1n << (SIGPIPE - 1n)) | (1n << (SIGXFSZ - 1n));
  const made = new Uint8Array(512); // glibc's type is 336 bytes
  c.posix_spawnattr_init(made);
  c.posix_spawnattr_setflags(made, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  c.posix_spawnattr_setsigdefault(made, defaults);
  c.posix_spawnattr_setsigmask(made, none);
  return made;
}

/** /dev/null as all three streams: whether a terminal is there changes what is done. */
function nullStreams(): Uint8Array {
  const O_RDWR = 2;
  const made = new Uint8Array(128); // glibc's type is 80 bytes
  c.posix_spawn_file_actions_init(made);
  const path = Buffer.from("/dev/null\0");
  for (const descriptor of [0, 1, 2])
    c.posix_spawn_file_actions_addopen(made, descriptor, path, O_RDWR, 0);
  return made;
}

/**
 * Sets the soft limit of open files back to the usual 1024. Bun raised it for itself,
 * and a program that finds it raised is spared the work of restoring it for its block.
 */
export function lowerDescriptorLimit(): void {
  const RLIMIT_NOFILE = 7;
  const limits = new BigUint64Array(2);
  c.getrlimit(RLIMIT_NOFILE, limits);
  if (limits[0]! > 1024n) limits[0] = 1024n;
  c.setrlimit(RLIMIT_NOFILE, limits);
}
