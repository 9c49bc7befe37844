/** From a seed and a number to a scenario, always the same one. */
import { classesOf } from "./classes.ts";
import { growBackground, growBlock, mayOutlast, type Soil } from "./forest.ts";
import { Random } from "./random.ts";
import {
  type Action,
  type Scenario,
  type Script,
  type Send,
  SIGCONT,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGQUIT,
  SIGSTOP,
  SIGTERM,
  SIGTSTP,
  SIGUSR1,
  SIGUSR2,
  SIGWINCH,
} from "./scenario.ts";

/** What this machine allows, and what is to be left out for now. */
export type Ground = {
  /** Root, with namespaces: other users, process 1, a /tmp for each scenario. */
  readonly privileged: boolean;
  /** Cgroups of version 2. */
  readonly cgroups: boolean;
  /** Classes (classes.ts) of which no scenario is wanted. */
  readonly without: ReadonlySet<string>;
};

const mostTries = 1000;

export function generate(seed: number, index: number, ground: Ground): Scenario {
  for (let attempt = 0; attempt < mostTries; attempt += 1) {
    const drawn = draw(new Random(seed, index, attempt));
    const cgroup = drawn.cgroup && ground.cgroups;
    const scenario = ground.privileged
      ? { ...drawn, cgroup }
      : {
          ...drawn,
          cgroup,
          platformUser: false,
          processOne: false,
          hideCgroups: false,
        };
    if (!classesOf(scenario).some((name) => ground.without.has(name))) return scenario;
  }
  throw new Error(`nothing is left without ${[...ground.without].join(",")}`);
}

function draw(random: Random): Scenario {
  const redirect = random.weighted({
    neither: 20,
    stdout: 15,
    stderr: 10,
    both: 30,
    "one file": 25,
  });
  const redirected = redirect !== "neither";
  const tee = redirected && random.chance(45);
  const copied = tee && redirect !== "stderr";
  const out = random.weighted({ file: 50, pipe: 45, gone: copied ? 15 : 0 });
  const shared = random.chance(65);
  const soil: Soil = {
    random,
    shared,
    // What several processes write into one pipe is whole only up to PIPE_BUF.
    largest: shared || !redirected ? 4096 : 65_536,
    node: 0,
    left: 8,
    adopted: false,
  };
  const plan = planEnd(random);
  const script = growBlock(soil, plan.listens, plan.end);
  const activation = random.weighted({
    none: 60,
    empty: 4,
    "env file": 8,
    command: 10,
    file: 14,
    fails: 4,
  });
  const byShell = ["command", "file", "fails"].includes(activation);
  const background = byShell && random.chance(50) ? growBackground(soil) : undefined;
  // What a shell starts in the background ignores these two.
  const isDeaf = plan.sends.some(({ signal }) => [SIGINT, SIGQUIT].includes(signal));
  const outlasts =
    mayOutlast(script) ||
    (background !== undefined && isDeaf) ||
    (background !== undefined && mayOutlast(background));
  const isPatient = !outlasts && random.chance(40);
  const platformUser = random.chance(50);
  const hideCgroups = random.chance(50);
  return {
    platformUser,
    processOne: random.chance(35),
    hideCgroups,
    // Another user's would have to be handed to him, with sidecar in it.
    cgroup: !platformUser && !hideCgroups && random.chance(40),
    redirect,
    append: redirected && random.chance(30),
    tee,
    out,
    error: random.pick(["file", "pipe"]),
    quiet: random.chance(30),
    result: random.chance(90),
    temporary: random.chance(20),
    ...(plan.timeout === undefined ? {} : { timeout: plan.timeout }),
    grace: isPatient ? 3_600_000 : random.small(20, 250),
    activation,
    ...(background === undefined ? {} : { background }),
    program: random.weighted({ tree: 96, missing: 2, "not executable": 2 }),
    script,
    sends: plan.sends,
  };
}

type Plan = {
  readonly listens: boolean;
  readonly end: Script;
  readonly timeout?: number;
  readonly sends: readonly Send[];
};

/** How the block ends, and what is done about it from outside: something surely is. */
function planEnd(random: Random): Plan {
  const kind = random.weighted({ itself: 45, waits: 8, never: 47 });
  const sends: Send[] = [];
  const hasShortTimeout = random.chance(kind === "never" ? 40 : 12);
  const timeout = hasShortTimeout
    ? random.small(1, 150)
    : random.chance(10)
      ? 3_600_000
      : undefined;
  const isEnded = kind === "never" ? !hasShortTimeout : random.chance(30);
  if (isEnded || (kind === "never" && random.chance(30))) sends.push(...ending(random));
  if (random.chance(18)) sends.push(...other(random));
  // Who kills both leaves nobody who could end the others.
  const isKilled = sends.some(({ signal }) => signal === SIGKILL);
  if (random.chance(5) && !isKilled)
    sends.push({ ...instant(random, 60), signal: SIGKILL, to: "guardian" });
  if (random.chance(4)) sends.push(...pair(random, SIGSTOP));
  if (random.chance(4)) sends.push(...pair(random, SIGTSTP));
  const listens = kind === "waits" || random.chance(25);
  const last = random.pick([SIGUSR1, SIGUSR2]);
  if (kind === "waits") sends.push({ ...instant(random), from: "ready", signal: last });
  return {
    listens,
    end: endOf(random, kind, last),
    ...(timeout === undefined ? {} : { timeout }),
    sends,
  };
}

function endOf(
  random: Random,
  kind: "itself" | "waits" | "never",
  last: number,
): Script {
  if (kind === "never")
    return [{ does: random.chance(85) ? "pause" : "stop" }, { does: "pause" }];
  const end: Action = random.chance(80)
    ? { does: "exit", numbers: [random.integer(0, 255)] }
    : { does: "die", numbers: [random.pick([1, 2, 3, 6, 9, 10, 11, 13, 15])] };
  if (kind === "waits") return [{ does: "await", numbers: [last] }, end];
  return random.chance(50)
    ? [{ does: "sleep", numbers: [random.small(0, 40_000)] }, end]
    : [end];
}

/** @param ready how likely it is that the block runs by then, in percent */
function instant(random: Random, ready = 30): Omit<Send, "signal"> {
  const left = 100 - ready;
  switch (random.weighted({ first: left * 2, later: left, ready: ready * 3 })) {
    case "first":
      return { from: "start", microseconds: random.integer(0, 10_000) };
    case "later":
      return { from: "start", microseconds: random.integer(10_000, 90_000) };
    case "ready":
      return { from: "ready", microseconds: random.small(0, 30_000) };
  }
}

/** A signal that ends the block, or sidecar itself. */
function ending(random: Random): Send[] {
  const from = "start";
  const kill = random.chance(33);
  const when = instant(random, kill ? 65 : 30);
  const signal = kill
    ? SIGKILL
    : random.pick([SIGTERM, SIGTERM, SIGTERM, SIGINT, SIGHUP, SIGQUIT]);
  const sends: Send[] = [{ ...when, signal }];
  if (!kill && random.chance(35)) {
    const microseconds = when.microseconds + random.small(0, 50_000);
    const second = random.weighted({ term: 75, kill: 10, int: 15 });
    sends.push({
      from: when.from,
      microseconds,
      signal: { term: SIGTERM, kill: SIGKILL, int: SIGINT }[second],
    });
  }
  // The block may never be ready.
  if (when.from === "ready")
    sends.push({ from, microseconds: 400_000, signal: SIGTERM });
  return sends;
}

function other(random: Random): Send[] {
  const count = random.small(1, 3);
  return Array.from({ length: count }, () => ({
    ...instant(random),
    signal: random.pick([SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT]),
  }));
}

/** Stops sidecar, or its block, for a while. */
function pair(random: Random, signal: number): Send[] {
  const when = instant(random);
  const microseconds = when.microseconds + random.integer(0, 20_000);
  return [
    { ...when, signal },
    { ...when, microseconds, signal: SIGCONT },
  ];
}
