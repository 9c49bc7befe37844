/**
 * A block's way, from the request to its outcome, in the order of the contract: find
 * the runenv, check the storage, decide who we are, activate, expand the words, open
 * the streams, supervise, say what happened.
 */
import { establishIdentity } from "#companion/identity.ts";
import { explainStart, findProgram } from "#companion/program.ts";
import { mountTable, sharedRoots } from "#companion/surroundings.ts";
import { SystemError } from "#system/errors.ts";
import {
  changeDirectory,
  currentDirectory,
  leaveDirectory,
  listDirectory,
  mayAccess,
} from "#system/files.ts";
import { removeCgroup } from "#system/own-cgroup.ts";
import { pathFrom } from "#system/paths.ts";
import { adoptOrphans } from "#system/process.ts";
import type { Started } from "#system/start.ts";
import { Environment } from "../contract/environment.ts";
import { Failure, type Notice } from "../contract/failure.ts";
import { internalError } from "../contract/internal-error.ts";
import { activate } from "./activation.ts";
import { cgroupUnusable, makeBlockCgroup } from "./block-cgroup.ts";
import { checkDirectory, checkStorage, storagePaths } from "./directories.ts";
import { explain } from "./explain.ts";
import { exposureNotice, findExposures, mountPoints } from "./exposure.ts";
import type { Log } from "./log.ts";
import {
  type Outcome,
  outcomeOf,
  outcomeOfCancellation,
  outcomeOfFailure,
  survivorsNotice,
} from "./outcome.ts";
import { Progress } from "./progress.ts";
import type { Channel } from "./relay.ts";
import type { Request } from "./request.ts";
import { findRunenv, type Runenv } from "./runenv.ts";
import {
  abandonConsoles,
  closePipes,
  openStreams,
  type Streams,
  streamNotices,
} from "./streams.ts";
import { Cancelled, type Ended, Supervisor } from "./supervision.ts";
import { makeTemporary, removeTemporary } from "./temporary.ts";
import { findTerminal } from "./terminal.ts";
import { expandWords, withoutSecret } from "./words.ts";

/** Runs a block to its end. @returns sidecar's exit code */
export function runBlock(request: Request, started: Started, log: Log): number {
  const supervisor = new Supervisor(started);
  const run = new Run(request, supervisor, log);
  let outcome: Outcome;
  try {
    outcome = run.toItsEnd(new Environment(started.environment));
  } catch (error) {
    if (error instanceof Cancelled) outcome = outcomeOfCancellation(error.signal);
    else {
      const told = error instanceof Failure ? error : internalError(error);
      const failure = withoutSecret(told, request.words[0]!);
      log.failure(failure);
      run.progress.note({ message: failure.message });
      outcome = outcomeOfFailure(failure);
    }
    supervisor.endOthers(request.grace);
  }
  if (outcome.notice) {
    log.notice(outcome.notice);
    run.progress.note({ message: outcome.notice.message });
  }
  for (const notice of run.cleanUp()) log.notice(notice);
  const problem = run.progress.finish(outcome.exit);
  if (problem) log.notice(problem);
  return outcome.exitCode;
}

class Run {
  readonly progress: Progress;
  readonly #request: Request;
  readonly #supervisor: Supervisor;
  readonly #log: Log;
  readonly #pause = (milliseconds: number) => this.#supervisor.pause(milliseconds);
  readonly #temporaries: string[] = [];
  /** Directory of the block's own cgroup, where it has one. */
  #cgroup: string | undefined;

  constructor(request: Request, supervisor: Supervisor, log: Log) {
    this.#request = request;
    this.#supervisor = supervisor;
    this.#log = log;
    this.progress = new Progress(request);
  }

  toItsEnd(image: Environment): Outcome {
    const request = this.#request;
    const runenv = request.runenv && findRunenv(request.runenv, image);
    if (runenv) this.progress.noteRunenv(runenv, request.runenv!);
    const storage = storagePaths(image);
    checkStorage(storage, this.#pause);
    if (request.cwd !== undefined) checkDirectory(request.cwd, this.#pause);
    this.#reportExposure(storage.map(({ path }) => path));
    if (request.explain) return this.#explain(image, runenv);

    this.progress.begin();
    const identified = this.#establishIdentity(image);
    const resolve = this.#enterDirectory(identified);
    adoptOrphans();
    const environment = this.#activate(runenv, identified);
    const lookup = (name: string) => environment.get(name);
    const words = expandWords(request.words, lookup);
    const program = findProgram(requireProgram(words), lookup);
    const streams = openStreams(request, resolve, this.#pause);
    if (request.cgroup !== undefined)
      this.#cgroup = makeBlockCgroup(resolve(request.cgroup));
    this.progress.starting();
    const ended = this.#supervise(program, words, environment, streams);
    return this.#conclude(ended, streams);
  }

  /** Removes what was made for this run alone. */
  cleanUp(): Notice[] {
    if (this.#cgroup !== undefined) removeCgroup(this.#cgroup);
    if (this.#temporaries.length === 0) return [];
    leaveDirectory();
    const left = this.#temporaries.map(removeTemporary);
    return left.filter((notice) => notice !== undefined);
  }

  #reportExposure(storage: readonly string[]): void {
    const roots = sharedRoots.some((root) => mayAccess(root, "exist"));
    if (storage.length === 0 && !roots) return;
    const points = mountPoints(mountTable());
    const exposures = findExposures(
      storage,
      (directory) => listDirectory(directory) ?? [],
      (directory) => points.has(directory),
    );
    for (const exposure of exposures) this.#report(exposureNotice(exposure));
  }

  #establishIdentity(image: Environment): Environment {
    const identity = establishIdentity(image);
    if (identity.privateHome !== undefined)
      this.#temporaries.push(identity.privateHome);
    for (const notice of identity.notices) this.#report(notice);
    return image.with(identity.variables);
  }

  /** @returns how a relative path on the command line is to be read from now on */
  #enterDirectory(environment: Environment): (path: string) => string {
    const { cwd, temporary } = this.#request;
    if (temporary) {
      const start = currentDirectory();
      const directory = makeTemporary(environment);
      this.#temporaries.push(directory);
      this.progress.note({ directory });
      changeDirectory(directory);
      return (path) => pathFrom(start, path);
    }
    if (cwd !== undefined) changeDirectory(cwd);
    return (path) => path;
  }

  #activate(runenv: Runenv | undefined, environment: Environment): Environment {
    if (!runenv) return environment;
    const { activateTimeout: timeout, grace } = this.#request;
    const activated = activate(runenv, environment, this.#supervisor, {
      timeout,
      grace,
    });
    this.progress.note({ activated: Date.now() });
    return activated;
  }

  #supervise(
    program: string,
    words: readonly string[],
    environment: Environment,
    streams: Streams,
  ): Ended {
    const { timeout, grace } = this.#request;
    const { descriptors, relays } = streams;
    const channels: Channel[] = [...relays];
    const terminal = findTerminal(this.#supervisor.started);
    try {
      return this.#supervisor.run(
        {
          path: program,
          words,
          environment: environment.entries,
          descriptors,
          ...(this.#cgroup === undefined ? {} : { cgroup: this.#cgroup }),
          ...(terminal?.atOnce ? { terminal: terminal.descriptor } : {}),
        },
        {
          ...(timeout === undefined ? {} : { timeout }),
          ...(terminal === undefined ? {} : { terminal }),
          grace,
          channels,
          started: () => {
            closePipes(streams);
            channels.push(this.progress.running(this.#cgroup));
          },
        },
      );
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      throw error.call === "clone"
        ? cgroupUnusable(this.#request.cgroup ?? "", error)
        : explainStart(program, error);
    }
  }

  #conclude(ended: Ended, streams: Streams): Outcome {
    if (abandonConsoles(streams)) this.#log.silence();
    for (const notice of streamNotices(streams, this.#request.maxOutput))
      this.#report(notice);
    if (ended.survivors.length > 0) this.#report(survivorsNotice);
    const kills = this.progress.account(ended);
    this.progress.noteStreams(streams.redirected);
    return outcomeOf(ended, this.#request, kills);
  }

  #explain(image: Environment, runenv: Runenv | undefined): Outcome {
    explain(this.#request, image, runenv);
    return { exitCode: 0, exit: { code: 0, cause: "exited" } };
  }

  #report(notice: Notice): void {
    if (this.#request.strict && notice.concernsSafety)
      throw new Failure(
        "strict-refusal",
        `--strict: ${notice.message} (${notice.code})`,
        notice.hint,
      );
    this.#log.notice(notice);
  }
}

function requireProgram(words: readonly string[]): string {
  if (words[0]) return words[0];
  throw new Failure(
    "exec-empty",
    "PROGRAM is empty after ${…} was replaced",
    "let the variable name a program: cobc -xj, or a JSON array of words",
  );
}
