/**
 * The options of `sidecar … --exec`, in one table: the few lines of parse.ts read it on
 * the way to a block, yargs reads it for help and completion.
 */
export type OptionKind =
  | "flag"
  | "text"
  | "file"
  | "directory"
  | "duration"
  | "size"
  | "choice";

export type Option = {
  readonly kind: OptionKind;
  /** What stands for the value in help. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** What counts where it is not given: a choice, or milliseconds. */
  readonly default?: string | number;
  readonly description: string;
};

export const options = {
  runenv: {
    kind: "text",
    value: "(NAME,VERSION)",
    description: "Activate this runtime environment, of this version or later",
  },
  cwd: {
    kind: "directory",
    value: "DIR",
    description: "Directory of the block; else the one sidecar was started in",
  },
  temporary: {
    kind: "flag",
    description: "A fresh private directory instead, removed at the end",
  },
  cgroup: {
    kind: "directory",
    value: "DIR",
    description: "Run the block in a cgroup of its own, made below DIR (version 2)",
  },
  stdout: {
    kind: "file",
    value: "FILE",
    description: "Write the block's standard output to FILE",
  },
  stderr: {
    kind: "file",
    value: "FILE",
    description: "Write the block's standard error to FILE; may be the same",
  },
  append: {
    kind: "flag",
    description: "Keep what these files hold and write behind it",
  },
  tee: {
    kind: "flag",
    description: "Copy the redirected streams to sidecar's own as well",
  },
  "max-output": {
    kind: "size",
    value: "SIZE",
    description: "Keep only beginning and end of what these files get: 500k, 10m, 1g",
  },
  timeout: {
    kind: "duration",
    value: "TIME",
    description: "End the block after this time: 90s, 15m, 2h",
  },
  grace: {
    kind: "duration",
    value: "TIME",
    default: 10_000,
    description: "Time between SIGTERM and SIGKILL",
  },
  "activate-timeout": {
    kind: "duration",
    value: "TIME",
    default: 60_000,
    description: "How long the activation may last",
  },
  result: {
    kind: "file",
    value: "FILE",
    description: "Keep a record of what happens in FILE, as JSON",
  },
  strict: {
    kind: "flag",
    description: "Refuse to run where sidecar would warn about safety",
  },
  explain: {
    kind: "flag",
    description: "Say what would be run, and run nothing",
  },
  log: {
    kind: "choice",
    value: "FORM",
    choices: ["text", "json"],
    default: "text",
    description: "Form of sidecar's own messages on standard error",
  },
  quiet: {
    kind: "flag",
    description: "Messages about errors only",
  },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof options;

type NameOf<Kind> = {
  [Name in OptionName]: (typeof options)[Name]["kind"] extends Kind ? Name : never;
}[OptionName];

/** What was given on the command line, nothing filled in. */
export type Given = Partial<
  Record<NameOf<"flag">, true> & Record<Exclude<OptionName, NameOf<"flag">>, string>
>;
