/** Grows the scripts of a block: trees of processes that are hard to end. */
import type { Random } from "./random.ts";
import { type Action, type ActionName, allActions, type Script } from "./scenario.ts";

export type Soil = {
  readonly random: Random;
  /** Streams to which descendants may write, too. */
  readonly shared: boolean;
  /** The size of the largest record, in bytes. */
  readonly largest: number;
  /** Number of the first node below the root; the next ones are counted up. */
  node: number;
  /** How many nodes may still be planted. */
  left: number;
  /** An ancestor adopts orphans and does not reap them. */
  adopted: boolean;
};

const deepest = 4;

/** The block's own script up to its end, which is what `end` says. */
export function growBlock(soil: Soil, listens: boolean, end: Script): Script {
  const { random } = soil;
  const script: Action[] = [];
  if (listens) script.push({ does: "listen" });
  script.push(...disposition(soil), { does: "ready" });
  for (let count = random.small(0, 6); count > 0; count -= 1)
    script.push(...step(soil, 1));
  // A new program does not know what the old one has seen.
  if (end.some(({ does }) => does === "await"))
    script.splice(0, script.length, ...script.filter(({ does }) => does !== "anew"));
  if (random.chance(3)) script.push({ does: "leaderless" });
  return [...script, ...end];
}

/** What is left running by an activation; it writes nothing. */
export function growBackground(soil: Soil): Script {
  return child({ ...soil, shared: false }, 2);
}

function disposition({ random }: Soil): Script {
  switch (random.weighted({ none: 55, ignore: 15, mask: 8, catch: 22 })) {
    case "none":
      return [];
    case "ignore":
      return [{ does: "resist", numbers: [1] }];
    case "mask":
      return [{ does: "resist", numbers: [2] }];
    case "catch":
      return [
        {
          does: "catch",
          numbers: [random.small(0, 60_000), random.integer(0, 255)],
        },
      ];
  }
}

function step(soil: Soil, depth: number): Script {
  const { random } = soil;
  const isRoot = depth === 1;
  const kind = random.weighted({
    write: isRoot || soil.shared ? 35 : 0,
    sleep: 15,
    plant: depth < deepest && soil.left > 0 ? 34 : 0,
    burst: depth <= 2 ? 8 : 0,
    storm: depth <= 2 ? 5 : 0,
    anew: 4,
    subreaper: 3,
    undumpable: 3,
  });
  switch (kind) {
    case "write":
      return [write(soil)];
    case "sleep":
      return [{ does: "sleep", numbers: [random.small(0, 15_000)] }];
    case "plant":
      return [plant(soil, depth)];
    case "burst": {
      const burst: Action = { does: "burst", numbers: [random.small(1, 60)] };
      return !soil.adopted && random.chance(60) ? [burst, { does: "reaped" }] : [burst];
    }
    case "storm":
      return [{ does: "storm", numbers: [random.small(3, 40), random.small(0, 400)] }];
    case "subreaper":
      soil.adopted = true;
      return [{ does: kind }];
    default:
      return [{ does: kind }];
  }
}

function write({ random, largest }: Soil): Action {
  const size = random.small(17, largest);
  const count = random.small(1, Math.max(1, Math.min(30, Math.floor(300_000 / size))));
  return { does: "write", numbers: [random.integer(0, 1), count, size] };
}

function plant(soil: Soil, depth: number): Action {
  const does = soil.random.weighted({ child: 55, orphan: 20, daemon: 25 });
  soil.left -= 1;
  soil.node += 1;
  return { does, numbers: [soil.node], inner: child(soil, depth + 1) };
}

function child(soil: Soil, depth: number): Script {
  const { random } = soil;
  const script: Action[] = [];
  if (random.chance(25)) script.push({ does: random.pick(["session", "group"]) });
  script.push(...disposition(soil));
  const mute = random.chance(20);
  const own = { ...soil, shared: soil.shared && !mute };
  if (mute) script.push({ does: "close" });
  for (let count = random.small(0, 3); count > 0; count -= 1)
    script.push(...step(own, depth));
  soil.node = own.node;
  soil.left = own.left;
  if (random.chance(3)) script.push({ does: "leaderless" });
  return [...script, childsEnd(own)];
}

function childsEnd({ random, shared }: Soil): Action {
  const kind = random.weighted({
    exit: 30,
    pause: 38,
    chatter: shared ? 10 : 0,
    hop: 9,
    breed: 3,
    die: 5,
    stop: 4,
    wait: 5,
  });
  switch (kind) {
    case "exit":
      return { does: "exit", numbers: [random.integer(0, 255)] };
    case "die":
      return { does: "die", numbers: [random.pick([6, 9, 11, 15])] };
    case "chatter":
      return {
        does: "chatter",
        numbers: [
          random.integer(0, 1),
          random.integer(200, 3000),
          random.integer(17, 900),
        ],
      };
    case "hop":
      return { does: "hop", numbers: [random.integer(5, 90), random.small(0, 3000)] };
    case "breed":
      return { does: "breed", numbers: [random.integer(20, 120)] };
    default:
      return { does: kind };
  }
}

// Who forks outside of the block's group while SIGTERM goes round may be missed by it.
const outlasting = new Set<ActionName>([
  ...(["resist", "stop", "hop", "breed", "storm", "anew"] as const),
  ...(["session", "group", "daemon"] as const),
]);

/** Whether something in it may still run after SIGTERM, until SIGKILL comes. */
export function mayOutlast(script: Script): boolean {
  return [...allActions(script)].some(({ does }) => outlasting.has(does));
}
