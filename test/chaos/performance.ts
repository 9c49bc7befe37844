/**
 * One scenario, performed: a directory, sidecar's command line, and what came of it.
 */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { platformUser } from "../support/machine.ts";
import { type Board, boardSize, readBoard } from "./board.ts";
import { parseReport, type Report } from "./report.ts";
import { backgroundNode, type Scenario, scriptText } from "./scenario.ts";

/** What a campaign needs once. */
export type Theatre = {
  /** Where each scenario gets a directory; not below /tmp, which is another there. */
  readonly directory: string;
  readonly sidecar: string;
  readonly tree: string;
  readonly stage: string;
  readonly privileged: boolean;
  /** Where cgroups of version 2 can be made; absent where they cannot. */
  readonly cgroups?: string;
  /** Milliseconds after which a scenario counts as hanging. */
  readonly limit: number;
};

export type Evidence = {
  readonly directory: string;
  readonly report: Report;
  readonly board: Board;
  /** The files in the scenario's directory, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What is in the scenario's /tmp at the end. */
  readonly temporary: readonly string[];
  /** Cgroups that are left. */
  readonly cgroups: readonly string[];
};

/** What the redirected files hold before. */
export const earlier = "earlier\n";

/** The names of the files of both streams, where they are redirected. */
export function streamFiles({
  redirect,
}: Scenario): readonly [string | undefined, string | undefined] {
  switch (redirect) {
    case "neither":
      return [undefined, undefined];
    case "stdout":
      return ["o", undefined];
    case "stderr":
      return [undefined, "e"];
    case "both":
      return ["o", "e"];
    case "one file":
      return ["oe", "oe"];
  }
}

export async function perform(scenario: Scenario, theatre: Theatre): Promise<Evidence> {
  const directory = mkdtempSync(join(theatre.directory, "scenario-"));
  prepare(scenario, theatre, directory);
  const child = Bun.spawn(stageWords(scenario, theatre, directory), {
    cwd: directory,
    env: environmentOf(scenario, theatre, directory),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  await child.exited;
  const names = readdirSync(directory);
  const files = new Map(
    names.flatMap((name) =>
      name === "tmp" || name === "board"
        ? []
        : [[name, readFileSync(join(directory, name))]],
    ),
  );
  return {
    directory,
    report: parseReport(text),
    board: readBoard(join(directory, "board")),
    files,
    temporary: readdirSync(join(directory, "tmp")),
    cgroups: scenario.cgroup ? removeCgroup(cgroupOf(theatre, directory)) : [],
  };
}

function cgroupOf({ cgroups = "" }: Theatre, directory: string): string {
  return join(cgroups, basename(directory));
}

/** @returns what was left below it */
function removeCgroup(cgroup: string): string[] {
  const entries = readdirSync(cgroup, { withFileTypes: true });
  const left = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  for (const name of left) rmdirSync(join(cgroup, name));
  rmdirSync(cgroup);
  return left;
}

export function cleanUp({ directory }: Evidence): void {
  rmSync(directory, { recursive: true, force: true });
}

function prepare(scenario: Scenario, theatre: Theatre, directory: string): void {
  chmodSync(directory, 0o777);
  const path = (name: string) => join(directory, name);
  mkdirSync(path("tmp"));
  chmodSync(path("tmp"), 0o1777);
  writeFileSync(path("board"), "");
  truncateSync(path("board"), boardSize);
  chmodSync(path("board"), 0o666);
  for (const name of new Set(streamFiles(scenario)))
    if (name) {
      writeFileSync(path(name), earlier);
      if (scenario.platformUser) chownSync(path(name), platformUser, platformUser);
    }
  if (scenario.cgroup) mkdirSync(cgroupOf(theatre, directory));
  if (scenario.activation === "env file") writeFileSync(path("a.env"), "CHAOS=1\n");
  if (scenario.activation === "file")
    writeFileSync(
      path("a.sh"),
      `#!/bin/sh\n${activation(scenario, theatre, directory)}\n`,
    );
}

/** What an activation's shell does. */
function activation(scenario: Scenario, { tree }: Theatre, directory: string): string {
  const { background } = scenario;
  const script = background && scriptText(background);
  const board = join(directory, "board");
  const left = script ? `${tree} ${board} ${backgroundNode} 0 0 '${script}' & ` : "";
  const end = scenario.activation === "fails" ? "(exit 3)" : "export CHAOS=1";
  return `echo activating; ${left}${end}`;
}

function environmentOf(
  scenario: Scenario,
  theatre: Theatre,
  directory: string,
): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    ...(theatre.privileged ? {} : { TMPDIR: join(directory, "tmp") }),
  };
  const name = "DA__P7__RUNENV__CHAOS__ACTIVATE";
  switch (scenario.activation) {
    case "none":
      break;
    case "empty":
      environment[name] = "";
      break;
    case "env file":
      environment[name] = join(directory, "a.env");
      break;
    case "file":
      environment[name] = join(directory, "a.sh");
      break;
    default:
      environment[name] = activation(scenario, theatre, directory);
  }
  return environment;
}

function stageWords(scenario: Scenario, theatre: Theatre, directory: string): string[] {
  const path = (name: string) => join(directory, name);
  const { privileged } = theatre;
  return [
    theatre.stage,
    `board=${path("board")}`,
    `out=${scenario.out}:${path("console.out")}`,
    `error=${scenario.error}:${path("console.error")}`,
    `limit=${theatre.limit}`,
    ...(privileged ? [`tmp=${path("tmp")}`] : []),
    ...(scenario.hideCgroups ? ["hide=1"] : []),
    ...(scenario.processOne ? ["one=1"] : []),
    ...(scenario.platformUser ? [`uid=${platformUser}`] : []),
    ...scenario.sends.map(
      ({ from, microseconds, signal, to }) =>
        `send=${from === "start" ? "e" : "r"},${microseconds},` +
        `${signal},${to ? "g" : "s"}`,
    ),
    "--",
    theatre.sidecar,
    ...sidecarWords(scenario, theatre, directory),
  ];
}

function sidecarWords(
  scenario: Scenario,
  theatre: Theatre,
  directory: string,
): string[] {
  const { tree } = theatre;
  const [out, error] = streamFiles(scenario);
  const board = join(directory, "board");
  const option = (name: string, value: string | undefined) =>
    value === undefined ? [] : [`--${name}=${value}`];
  const flag = (name: string, isSet: boolean) => (isSet ? [`--${name}`] : []);
  const time = (value: number | undefined) =>
    value === undefined ? undefined : `${value}ms`;
  return [
    ...flag("quiet", scenario.quiet),
    ...option("runenv", scenario.activation === "none" ? undefined : "CHAOS,1"),
    ...option("stdout", out),
    ...option("stderr", error),
    ...flag("append", scenario.append),
    ...flag("tee", scenario.tee),
    ...option("timeout", time(scenario.timeout)),
    ...option("grace", time(scenario.grace)),
    ...option("result", scenario.result ? "r.json" : undefined),
    ...flag("temporary", scenario.temporary),
    ...option("cgroup", scenario.cgroup ? cgroupOf(theatre, directory) : undefined),
    "--exec",
    ...{
      tree: [tree, board, "0", "0", "0", scriptText(scenario.script)],
      missing: [join(directory, "no-such-program")],
      "not executable": [board],
    }[scenario.program],
  ];
}
