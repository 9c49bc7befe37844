/**
 * What the kernel accounts for sidecar's cgroup since the block was started: memory,
 * its limit, processes that were ended for want of it, processor time. A figure that
 * other processes have a part in is not told.
 */
import type { Account, Figures, MemoryFigures } from "../account.ts";
import type { Channel } from "../relay.ts";
import {
  type Cgroup,
  findCgroup,
  isAlone,
  type ReadText,
  readText,
  usualPlaces,
} from "./cgroup.ts";
import { openMemoryWatch } from "./memory-watch.ts";

/** The names of the files, which are not the only difference. */
const files = {
  1: {
    kills: "memory.oom_control",
    reached: "memory.failcnt",
    peak: "memory.max_usage_in_bytes",
    limit: "memory.limit_in_bytes",
  },
  2: {
    kills: "memory.events",
    reached: "memory.events",
    peak: "memory.peak",
    limit: "memory.max",
  },
} as const;

const membershipFile = "/proc/self/cgroup";
const mountsFile = "/proc/self/mountinfo";

/** What version 1 says where there is no limit: the largest number of whole pages. */
const unlimited = 0x7fff_ffff_ffff_f000;

/**
 * Begins to count the processes that the kernel ends for want of memory, and nothing
 * else: this is done for every block. Behind its start, not before: the way to its
 * first instruction is not made longer. What can be put off is put off until somebody
 * asks.
 * @param block the directory of a cgroup that only the block is in, where it has one
 * @returns how many there were since
 */
export function countKills(
  block: string | undefined,
  read: ReadText = readText,
): () => number {
  const membership = read(membershipFile) ?? "";
  const look = (place: Omit<Cgroup, "top">) => {
    const text = read(`${place.path}/${files[place.version].kills}`);
    return text === undefined ? undefined : { path: place.path, text };
  };
  const own = block === undefined ? undefined : blockCgroup(block);
  let before = own && look(own);
  const find = () =>
    before && own?.path === before.path
      ? own
      : findCgroup("memory", membership, read(mountsFile) ?? "");
  for (const place of usualPlaces(membership)) before ??= look(place);
  if (!before) {
    const found = find();
    if (found) before = look(found);
  }
  return () => {
    const found = find();
    const now = found && found.path === before?.path ? look(found) : undefined;
    return now ? Math.max(0, killsIn(now.text) - killsIn(before!.text)) : 0;
  };
}

function killsIn(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** Begins to account for all. Behind the block's start, too. */
export function openAccount(
  block: string | undefined,
  read: ReadText = readText,
): Account {
  return new CgroupAccount(block, read);
}

/** Of version 2; it is followed up as far as there are such files. */
function blockCgroup(path: string): Cgroup {
  return { version: 2, path, top: "" };
}

class CgroupAccount implements Account {
  readonly memoryLimit?: number;
  readonly #read: ReadText;
  /** The block's own, where it has one. */
  readonly #block: Cgroup | undefined;
  readonly #memory: Cgroup | undefined;
  readonly #processor: Cgroup | undefined;
  readonly #killsBefore: number;
  readonly #reachedBefore: number;
  /** Absent where the cgroup is not sidecar's own. */
  readonly #peakBefore: number | undefined;
  readonly #secondsBefore: number | undefined;

  constructor(block: string | undefined, read: ReadText) {
    this.#read = read;
    this.#block = block === undefined ? undefined : blockCgroup(block);
    const membership = read(membershipFile) ?? "";
    const mountinfo = read(mountsFile) ?? "";
    const counts = this.#block && read(`${block}/${files[2].kills}`) !== undefined;
    this.#memory = counts ? this.#block : findCgroup("memory", membership, mountinfo);
    this.#killsBefore = this.#kills();
    this.#reachedBefore = this.#reached();
    const limit = this.#memory && memoryLimit(this.#memory, read);
    if (limit !== undefined) this.memoryLimit = limit;
    const processor = this.#block ?? findCgroup("cpuacct", membership, mountinfo);
    this.#processor = processor;
    const ownMemory = this.#isOwn(this.#memory);
    const same = processor?.path === this.#memory?.path;
    if (ownMemory) this.#peakBefore = this.#peak();
    if (same ? ownMemory : this.#isOwn(processor))
      this.#secondsBefore = this.#seconds();
  }

  memory(): MemoryFigures {
    const reached = this.#reached() - this.#reachedBefore;
    const kills = this.#kills() - this.#killsBefore;
    const before = this.#peakBefore;
    const peak = before === undefined ? undefined : this.#peak();
    // A peak that was reached before the block was there is not the block's.
    const isNew = peak !== undefined && (peak > before! || reached > 0);
    return present({
      peakMemory: isNew ? peak : undefined,
      memoryLimitReached: reached || undefined,
      outOfMemoryKills: kills || undefined,
    });
  }

  all(): Figures {
    const { peakMemory, ...figures } = this.memory();
    const before = this.#secondsBefore;
    const seconds = before === undefined ? undefined : this.#seconds();
    const isOurs = peakMemory !== undefined && this.#isOwn(this.#memory);
    const isOurTime = seconds !== undefined && this.#isOwn(this.#processor);
    return present({
      ...figures,
      peakMemory: isOurs ? peakMemory : undefined,
      processorSeconds: isOurTime ? rounded(seconds - before!) : undefined,
    });
  }

  watch(reached: () => void): Channel | undefined {
    const { version, path } = this.#memory ?? {};
    // Version 1 tells only who may write to cgroup.event_control: root.
    return version === 2
      ? openMemoryWatch(`${path}/memory.events`, reached)
      : undefined;
  }

  #isOwn(cgroup: Cgroup | undefined): boolean {
    if (cgroup === undefined) return false;
    return cgroup === this.#block || isAlone(cgroup, process.pid, this.#read);
  }

  #kills(): number {
    return killsIn(this.#text("kills"));
  }

  #reached(): number {
    return Number(/^(?:max )?(\d+)$/m.exec(this.#text("reached"))?.[1] ?? 0);
  }

  #peak(): number | undefined {
    const text = this.#text("peak");
    return text === "" ? undefined : Number(text);
  }

  /** Of the memory cgroup; empty where it cannot be read. */
  #text(name: keyof (typeof files)[1]): string {
    if (!this.#memory) return "";
    const { version, path } = this.#memory;
    return this.#read(`${path}/${files[version][name]}`) ?? "";
  }

  /** Processor time of the cgroup, less that of sidecar itself. */
  #seconds(): number | undefined {
    if (!this.#processor) return undefined;
    const { version, path } = this.#processor;
    const [file, pattern, unit] =
      version === 2
        ? (["cpu.stat", /^usage_usec (\d+)$/m, 1e6] as const)
        : (["cpuacct.usage", /^(\d+)$/m, 1e9] as const);
    const found = pattern.exec(this.#read(`${path}/${file}`) ?? "");
    if (!found) return undefined;
    const seconds = Number(found[1]) / unit;
    if (this.#processor === this.#block) return seconds;
    const { user, system } = process.cpuUsage();
    return seconds - (user + system) / 1e6;
  }
}

/** The least limit of a cgroup and of those of its ancestors that can be seen. */
function memoryLimit({ version, path, top }: Cgroup, read: ReadText) {
  let least: number | undefined;
  for (let at = path; at.length >= top.length; at = at.slice(0, at.lastIndexOf("/"))) {
    const text = read(`${at}/${files[version].limit}`);
    const limit = Number(text);
    const isLimit = text !== undefined && limit > 0 && limit < unlimited;
    if (isLimit && !(least !== undefined && least <= limit)) least = limit;
    if (at.length === 0) break;
  }
  return least;
}

/** Seconds, to the microsecond. */
function rounded(seconds: number): number {
  return Number(Math.max(0, seconds).toFixed(6));
}

/** The same, without what is undefined. */
function present(figures: Possibly<Figures>): Figures {
  const entries = Object.entries(figures).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

type Possibly<Fields> = { [Name in keyof Fields]: Fields[Name] | undefined };
