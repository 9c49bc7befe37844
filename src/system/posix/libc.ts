/**
 * The C library, as far as sidecar calls it, and the constants of Linux on x86-64.
 *
 * With the launcher it is the libc in the executable; without it the image's, of which
 * only functions that every glibc since 2.17 exports are bound by name: the `stat`
 * family (exported since 2.33 only) and what has no wrapper go through `syscall`.
 */
import { CString, dlopen, type Pointer, read } from "../foreign.ts";
import { recordAddress } from "./launcher.ts";

/** What starts a process: the launcher's own function (src/launcher/start.c). */
const starting = {
  sidecar_start: {
    args: ["ptr", "u64", "u64", "ptr", "u64", "ptr", "i64"],
    returns: "i64",
  },
} as const;

/** And where there is no launcher, libc's. */
const startingWithoutLauncher = {
  posix_spawn: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
} as const;

/** What sends signals to all that a process started: the launcher's, too. */
const trees = {
  sidecar_ask: { args: ["ptr", "u64", "u64"], returns: "void" },
  sidecar_signal_descendants: { args: ["u64", "i32", "i32"], returns: "void" },
} as const;

/** What every block needs. Binding a function costs about 8 µs, so these are few. */
const usual = {
  _exit: { args: ["i32"], returns: "void" },
  access: { args: ["ptr", "i32"], returns: "i32" },
  geteuid: { args: [], returns: "u32" },
  isatty: { args: ["i32"], returns: "i32" },
  kill: { args: ["i32", "i32"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64"], returns: "i32" },
  read: { args: ["i32", "ptr", "u64"], returns: "i64" },
  signalfd: { args: ["i32", "ptr", "i32"], returns: "i32" },
  wait4: { args: ["i32", "ptr", "i32", "ptr"], returns: "i32" },
  // One of the two, never both.
  ...((recordAddress ? starting : startingWithoutLauncher) as typeof starting &
    typeof startingWithoutLauncher),
} as const;

/** What most other blocks need: messages, files, redirection, activation. */
const common = {
  __errno_location: { args: [], returns: "ptr" },
  close: { args: ["i32"], returns: "i32" },
  open: { args: ["ptr", "i32", "u32"], returns: "i32" },
  syscall: { args: ["u64", "u64", "u64", "u64"], returns: "i64" },
  write: { args: ["i32", "ptr", "u64"], returns: "i64" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  posix_spawn_file_actions_adddup2: { args: ["ptr", "i32", "i32"], returns: "i32" },
  posix_spawn_file_actions_init: { args: ["ptr"], returns: "i32" },
} as const;

/** What only some blocks need: a directory, a terminal, a bad end. */
const occasional = {
  chdir: { args: ["ptr"], returns: "i32" },
  getcwd: { args: ["ptr", "u64"], returns: "ptr" },
  mkdir: { args: ["ptr", "u32"], returns: "i32" },
  mkdtemp: { args: ["ptr"], returns: "ptr" },
  rename: { args: ["ptr", "ptr"], returns: "i32" },
  signal: { args: ["i32", "u64"], returns: "u64" },
  sigprocmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  strerror: { args: ["i32"], returns: "ptr" },
  tcgetpgrp: { args: ["i32"], returns: "i32" },
  tcsetpgrp: { args: ["i32", "i32"], returns: "i32" },
  unlink: { args: ["ptr"], returns: "i32" },
} as const;

/** What copies streams in threads: the launcher's own (src/launcher/relay.c). */
const relaying = {
  sidecar_relay_abandon: { args: ["ptr"], returns: "void" },
  sidecar_relay_begin: { args: ["i32", "ptr", "i32"], returns: "ptr" },
  sidecar_relay_file: { args: ["i32", "i32", "u64", "u64"], returns: "ptr" },
  sidecar_relay_finish: { args: ["ptr"], returns: "void" },
} as const;

/** What no block needs: system calls of up to six arguments, the auxiliary vector. */
const rare = {
  getauxval: { args: ["u64"], returns: "u64" },
  syscall: { args: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], returns: "i64" },
} as const;

const library = "libc.so.6";
const loadUsual = () => dlopen(library, usual).symbols;
const loadCommon = () => dlopen(library, common).symbols;
const loadOccasional = () => dlopen(library, occasional).symbols;
const loadRelaying = () => dlopen(library, relaying).symbols;
const loadTrees = () => dlopen(library, trees).symbols;
const loadRare = () => dlopen(library, rare).symbols;

let usualLoaded: ReturnType<typeof loadUsual> | undefined;
let commonLoaded: ReturnType<typeof loadCommon> | undefined;
let occasionalLoaded: ReturnType<typeof loadOccasional> | undefined;
let relayingLoaded: ReturnType<typeof loadRelaying> | undefined;
let treesLoaded: ReturnType<typeof loadTrees> | undefined;
let rareLoaded: ReturnType<typeof loadRare> | undefined;

/** What sidecar may bind: the launcher must have all of them. */
export const functionNames: readonly string[] = [
  ...Object.keys(starting),
  ...Object.keys(trees),
  ...Object.keys(usual),
  ...Object.keys(common),
  ...Object.keys(occasional),
  ...Object.keys(relaying),
  ...Object.keys(rare),
];

/** The functions that every block needs, bound at the first call. */
export function libc(): ReturnType<typeof loadUsual> {
  usualLoaded ??= loadUsual();
  return usualLoaded;
}

/** What messages, files, redirection and activation need, bound at the first call. */
export function commonLibc(): ReturnType<typeof loadCommon> {
  commonLoaded ??= loadCommon();
  return commonLoaded;
}

/** The others, bound at the first call too. */
export function moreLibc(): ReturnType<typeof loadOccasional> {
  occasionalLoaded ??= loadOccasional();
  return occasionalLoaded;
}

/** What copies streams, where there is a launcher; bound at the first call too. */
export function relayingLibc(): ReturnType<typeof loadRelaying> {
  relayingLoaded ??= loadRelaying();
  return relayingLoaded;
}

/** What ends those who do not end by themselves; there only with the launcher. */
export function treeLibc(): ReturnType<typeof loadTrees> {
  treesLoaded ??= loadTrees();
  return treesLoaded;
}

/** What only commands for people need, bound at the first call too. */
export function rareLibc(): ReturnType<typeof loadRare> {
  rareLoaded ??= loadRare();
  return rareLoaded;
}

/** Names of the error numbers that sidecar tells apart; Linux, asm-generic. */
export const errorNumber = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  ENXIO: 6,
  E2BIG: 7,
  ENOEXEC: 8,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EMFILE: 24,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EPIPE: 32,
  ENOSYS: 38,
  ELOOP: 40,
  EOPNOTSUPP: 95,
  ESTALE: 116,
  EDQUOT: 122,
} as const;

/** What a call into the system said: the call, the number, and the text for it. */
export class SystemError extends Error {
  constructor(
    readonly call: string,
    readonly errno: number,
  ) {
    super(errorText(errno));
  }
}

/** `errno` of this thread; read it at once after the call that failed. */
export function lastError(): number {
  return read.i32(commonLibc().__errno_location() as Pointer, 0);
}

/** The C library's words for an error number: "No such file or directory". */
function errorText(errno: number): string {
  return new CString(moreLibc().strerror(errno) as Pointer).toString();
}

/** The result of a call, or its error as a {@link SystemError}. */
export function checked(call: string, result: number): number {
  if (result < 0) throw new SystemError(call, lastError());
  return result;
}
