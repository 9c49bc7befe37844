/**
 * Activations for trial: as users who have nothing in common (two of the platform, and
 * root), in directories of their own, on two hosts, at two times.
 */
import { planActivation } from "#companion/activation-plan.ts";
import {
  type Activated,
  activateByShell,
  standardError,
} from "../companion/activation-shell.ts";
import type { Sink } from "../companion/relay.ts";
import type { Runenv } from "../companion/runenv.ts";
import type { Supervisor } from "../companion/supervision.ts";
import { Environment, nameOf } from "../contract/environment.ts";
import { Failure } from "../contract/failure.ts";
import { SystemError } from "../system/posix/errors.ts";
import {
  changeDirectory,
  leaveDirectory,
  listDirectory,
  removeTree,
} from "../system/posix/files.ts";
import {
  asUser,
  beOnHost,
  makeDirectoryFor,
  onOneProcessor,
} from "../system/posix/impersonation.ts";
import { isAnybodyLeft, nextChange } from "../system/posix/process.ts";
import { decode, printable } from "../system/text.ts";
import type { Values } from "./outcomes.ts";

/** A user, who is given what a block's user is given. */
type User = {
  readonly uid: number;
  readonly home: string;
  readonly directory: string;
  readonly variables: Values;
};

/** Milliseconds. */
const limits = { timeout: 60_000, grace: 2_000 };
const oneSecond = 1000;
const moment = 2000;

/** Whoever is not root can only be himself. */
const userIds = [20_001, 29_998, 0];
const otherHost = "sidecar-freeze";

/** The activations of one runenv. To be closed. */
export class Trials {
  readonly #runenv: Runenv;
  readonly #supervisor: Supervisor;
  readonly #host: string;
  readonly #users: readonly [User, ...User[]];
  /** Milliseconds that the fastest took. */
  fastest = Number.POSITIVE_INFINITY;

  /** @param host the name of this one */
  constructor(runenv: Runenv, supervisor: Supervisor, host: string) {
    this.#runenv = runenv;
    this.#host = host;
    this.#supervisor = supervisor;
    try {
      this.#users = userIds.map(makeUser) as [User, ...User[]];
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      throw impossible(
        runenv,
        `no directory can be made in /tmp to try it in: ${error.message}`,
        "let /tmp be writable for every user (mode 1777)",
      );
    }
  }

  get users(): readonly [Values, ...Values[]] {
    return this.#users.map(({ variables }) => variables) as [Values, ...Values[]];
  }

  /**
   * What an activation makes of variables, at another time and on another host, which
   * has one processor, for all users but the first.
   * @throws Failure `activation-…`, `freeze-impossible`; Cancelled
   */
  activate(index: number, given: Values): Values {
    const user = this.#users[index]!;
    // The first is on this host again, wherever the runenv before was tried last.
    beOnHost(index === 0 ? this.#host : otherHost);
    if (index === 1) this.#supervisor.pause(oneSecond - (Date.now() % oneSecond) + 1);
    const run = () => this.#run(user, given, standardError);
    const after = index === 0 ? run() : onOneProcessor(run);
    this.#requireNothingMade(user);
    return after;
  }

  /** What the first user's makes of variables, or nothing where that is no success. */
  attempt(given: Values): Values | undefined {
    try {
      return this.#run(this.#users[0], given, []);
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  /** Does `action` as the first user would. */
  asUser<Result>(action: () => Result): Result {
    return asUser(this.#users[0].uid, action);
  }

  close(): void {
    this.#supervisor.endOthers(limits.grace);
    leaveDirectory();
    for (const { home, directory } of this.#users)
      for (const path of [home, directory]) removeTree(path);
  }

  #run(user: User, given: Values, sinks: readonly Sink[]): Values {
    const environment = new Environment(
      [...given].map(([name, value]) => `${name}=${value}`),
    );
    const began = performance.now();
    const activated = asUser(user.uid, () => {
      changeDirectory(user.directory);
      return this.#activate(environment, sinks);
    });
    this.fastest = Math.min(this.fastest, performance.now() - began);
    this.#requireNoTrace(activated);
    return valuesOf(activated.environment);
  }

  #activate(environment: Environment, sinks: readonly Sink[]): Activated {
    const { name, activate } = this.#runenv;
    const plan = planActivation(activate);
    if (plan.kind === "nothing" || plan.kind === "variables")
      throw new Error("there is nothing to freeze");
    return activateByShell(name, plan, environment, this.#supervisor, limits, sinks);
  }

  #requireNoTrace({ printed, process }: Activated): void {
    if (this.#hasLeftOthers(process)) {
      this.#supervisor.endOthers(limits.grace);
      throw impossible(
        this.#runenv,
        "it leaves a process running, which would be missing",
        "let a block be activated by the shell where it needs that process",
      );
    }
    if (printed.length > 0)
      throw impossible(
        this.#runenv,
        `it prints something, which would be missing: ${firstLine(printed)}`,
        "if nobody needs it, let it be silent: . FILE >/dev/null 2>&1",
      );
  }

  /** That nobody is left shows a moment later. */
  #hasLeftOthers(process: number): boolean {
    const until = performance.now() + moment;
    for (;;) {
      while (nextChange() !== undefined);
      if (!isAnybodyLeft(process)) return false;
      if (performance.now() > until) return true;
      this.#supervisor.pause(1);
    }
  }

  #requireNothingMade({ home, directory }: User): void {
    for (const [path, what] of [
      [home, "HOME"],
      [directory, "the block's directory"],
    ] as const) {
      const [entry] = listDirectory(path) ?? [];
      if (entry !== undefined)
        throw impossible(
          this.#runenv,
          `it makes ${printable(entry)} in ${what}, which would be missing`,
          "let the program make it that needs it, or the image contain it",
        );
    }
  }
}

export function impossible({ name }: Runenv, why: string, hint: string): Failure {
  const message = `the activation of ${name} cannot be frozen: ${why}`;
  return new Failure("freeze-impossible", message, hint);
}

/** The variables of an environment; of a name that occurs twice the first counts. */
export function valuesOf(environment: Environment): Map<string, string> {
  const values = new Map<string, string>();
  for (const entry of environment.entries) {
    const name = nameOf(entry);
    if (name !== undefined && !values.has(name))
      values.set(name, entry.slice(name.length + 1));
  }
  return values;
}

/** Values that occur nowhere else, so that they are known where they come out. */
function makeUser(uid: number): User {
  const home = makeDirectoryFor(uid, "/tmp/sidecar-freeze-home-");
  const directory = makeDirectoryFor(uid, "/tmp/sidecar-freeze-");
  const variables = new Map([
    ["HOME", home],
    ["USER", `sidecar-user-${uid}`],
    ["LOGNAME", `sidecar-logname-${uid}`],
  ]);
  return { uid, home, directory, variables };
}

function firstLine(bytes: Uint8Array): string {
  return printable(decode(bytes).trim().split("\n")[0]!).slice(0, 200);
}
