/** What a scenario is: how sidecar is started, what the block does, what is sent. */

/** What a process of the block can do, and the letter that tree.c knows it by. */
export const letters = {
  /** [number 1–3]: what ends it is ignored, masked. */
  resist: "a",
  /** [microseconds, code]: what ends it is caught; it takes its time, and exits. */
  catch: "c",
  /** SIGUSR1, SIGUSR2 and SIGWINCH are noted. */
  listen: "u",
  /** From now on `ready` signals are counted. */
  ready: "r",
  /** [signal]: waits until it has come. */
  await: "q",
  /** [microseconds] */
  sleep: "s",
  /** [stream 0–1, count, size of a record] */
  write: "w",
  /** [stream, microseconds between, size]: writes until it is killed. */
  chatter: "t",
  /** [node]: a child that does the inner script. */
  child: "f",
  /** [node]: a grandchild whose parent has ended. */
  orphan: "o",
  /** [node]: likewise, in a session of its own. */
  daemon: "d",
  session: "S",
  group: "G",
  /** All descriptors. */
  close: "C",
  /** [count]: orphans that end at once. */
  burst: "b",
  /** Waits until somebody has reaped those. */
  reaped: "z",
  /** [count, microseconds]: forks and ends, again and again. */
  hop: "h",
  /** [limit]: all descendants fork until there are so many. */
  breed: "B",
  /** [count, microseconds between]: children that stay; some leave group or session. */
  storm: "m",
  /** Stops itself. */
  stop: "P",
  /** Becomes a new program, without environment. */
  anew: "E",
  /** Adopts orphans, and never reaps them. */
  subreaper: "R",
  /** /proc hides from this user what it is. */
  undumpable: "D",
  /** The first thread ends, the rest is done by another. */
  leaderless: "L",
  /** Waits for all children. */
  wait: "W",
  /** For ever. */
  pause: "p",
  /** [code] */
  exit: "x",
  /** [signal]: sends it to itself. */
  die: "k",
} as const;

export type ActionName = keyof typeof letters;

export type Action = {
  readonly does: ActionName;
  readonly numbers?: readonly number[];
  readonly inner?: Script;
};

export type Script = readonly Action[];

/** As the tree program reads it. */
export function scriptText(script: Script): string {
  return script
    .map(({ does, numbers = [], inner }) => {
      const block = inner ? `(${scriptText(inner)})` : "";
      return `${letters[does]}${numbers.join(",")}${block}`;
    })
    .join("");
}

export type Send = {
  /** Counted from sidecar's execve, or from when the block is ready. */
  readonly from: "start" | "ready";
  readonly microseconds: number;
  readonly signal: number;
  /** Sidecar, where nobody else is named. */
  readonly to?: "guardian";
};

export type Scenario = {
  /** A user of the platform (20042), or whoever runs this: root, mostly. */
  readonly platformUser: boolean;
  readonly processOne: boolean;
  readonly hideCgroups: boolean;
  /** `--cgroup`: the block in one of its own. */
  readonly cgroup: boolean;
  readonly redirect: "neither" | "stdout" | "stderr" | "both" | "one file";
  readonly append: boolean;
  readonly tee: boolean;
  /** What sidecar's own streams are; `gone`: a pipe whose reader goes away. */
  readonly out: "file" | "pipe" | "gone";
  readonly error: "file" | "pipe";
  readonly quiet: boolean;
  readonly result: boolean;
  readonly temporary: boolean;
  /** In milliseconds. */
  readonly timeout?: number;
  readonly grace?: number;
  readonly activation: "none" | "empty" | "env file" | "command" | "file" | "fails";
  /** What the activation leaves running. */
  readonly background?: Script;
  readonly program: "tree" | "missing" | "not executable";
  readonly script: Script;
  readonly sends: readonly Send[];
};

/** Nodes of the activation's own tree have numbers from here on. */
export const backgroundNode = 200;

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGKILL = 9;
export const SIGUSR1 = 10;
export const SIGUSR2 = 12;
export const SIGTERM = 15;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGTSTP = 20;
export const SIGWINCH = 28;
/** Those that mean: end the block. */
export const endingSignals: readonly number[] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT];

/** All actions of a script, those within others too. */
export function* allActions(script: Script): Generator<Action> {
  for (const action of script) {
    yield action;
    if (action.inner) yield* allActions(action.inner);
  }
}
