/**
 * Where the kernel accounts for sidecar: the cgroups that it is in, of version 2 or 1
 * (cgroups(7)), and whether it has one of them for itself.
 */
import { SystemError } from "#system/errors.ts";
import { readFile, status } from "#system/files.ts";
import { decode } from "../../system/text.ts";

/** The text of a file, or nothing where it cannot be read. */
export type ReadText = (path: string) => string | undefined;

export const readText: ReadText = (path) => {
  const bytes = readFile(path);
  return bytes instanceof SystemError ? undefined : decode(bytes);
};

export type Cgroup = {
  readonly version: 1 | 2;
  /** The directory that holds its files, and those of its ancestors as seen here. */
  readonly path: string;
  /** The uppermost of these directories. */
  readonly top: string;
};

/**
 * The cgroup that accounts for `controller`, from /proc/self/cgroup (which cgroup) and
 * /proc/self/mountinfo (which part of the hierarchy is mounted where).
 */
export function findCgroup(
  controller: "memory" | "cpuacct",
  membership: string,
  mountinfo: string,
): Cgroup | undefined {
  // 4:memory:/docker/a with version 1, 0::/docker/a with version 2.
  const first = new RegExp(`^\\d+:(?:[^:\n]*,)?${controller}(?:,[^:\n]*)?:(.*)$`, "m");
  const own1 = first.exec(membership)?.[1];
  const own = own1 ?? /^0::(.*)$/m.exec(membership)?.[1];
  if (own === undefined) return undefined;
  const version = own1 === undefined ? 2 : 1;
  const mounts = version === 2 ? / - cgroup2 / : / - cgroup .*/;
  for (const line of mountinfo.split("\n")) {
    const type = mounts.exec(line)?.[0];
    if (type === undefined) continue;
    if (version === 1 && !type.split(/[ ,]/).includes(controller)) continue;
    const [, , , root, top] = line.split(" ");
    const below = root === undefined ? undefined : pathBelow(root, own);
    if (below === undefined || top === undefined) continue;
    // The root of the whole hierarchy is every process of the machine. (Of version 2 it
    // has no figures, and it looks like that of a container.)
    if (version === 1 && own === "/") return undefined;
    return { version, path: `${top}${below}`, top };
  }
  return undefined;
}

/**
 * Where the files of the memory cgroup mostly are, the likeliest first. It takes no
 * time to know; {@link findCgroup} knows better.
 */
export function usualPlaces(membership: string): Omit<Cgroup, "top">[] {
  const mark = ":memory:";
  const at = membership.indexOf(mark);
  if (at >= 0) {
    const own = membership.slice(at + mark.length, membership.indexOf("\n", at));
    const top = "/sys/fs/cgroup/memory";
    return own === "/"
      ? []
      : [`${top}${own}`, top].map((path) => ({ version: 1, path }));
  }
  if (!membership.startsWith("0::/")) return [];
  const own = membership.slice(3, membership.indexOf("\n"));
  return [{ version: 2, path: `/sys/fs/cgroup${own === "/" ? "" : own}` }];
}

/** What is left of `own` behind `root`; nothing where it is somewhere else. */
function pathBelow(root: string, own: string): string | undefined {
  if (root === "/") return own === "/" ? "" : own;
  if (own === root) return "";
  return own.startsWith(`${root}/`) ? own.slice(root.length) : undefined;
}

/**
 * Whether nobody is in the cgroup but sidecar and its descendants. Where that cannot be
 * known the answer is no.
 */
export function isAlone(cgroup: Cgroup, self: number, read = readText): boolean {
  if (!showsAllMembers(cgroup)) return false;
  const members = () =>
    (read(`${cgroup.path}/cgroup.procs`) ?? "").split("\n").filter(Boolean).map(Number);
  const all = members();
  if (!all.includes(self)) return false;
  for (const process of all) {
    if (descendsFrom(self, process, read)) continue;
    // One that has ended meanwhile has no parent any more that could be looked up.
    if (members().includes(process)) return false;
  }
  return true;
}

/** The inode of the first process-id namespace (PROC_PID_INIT_INO of Linux). */
const firstNamespace = ":4026531836";

/**
 * Version 2 lists a process that cannot be seen from here as 0, version 1 not at all. A
 * container sees all of its own cgroup, which is then mounted as if it were the root.
 */
function showsAllMembers({ version, path, top }: Cgroup): boolean {
  if (version === 2 || path === top) return true;
  const namespace = status("/proc/self/ns/pid");
  return (
    !(namespace instanceof SystemError) && namespace.identity.endsWith(firstNamespace)
  );
}

/** No honest chain of parents is longer; it only ends what would have no end. */
const longestChain = 1000;

function descendsFrom(ancestor: number, process: number, read: ReadText): boolean {
  let at = process;
  for (let steps = 0; at > 0 && steps < longestChain; steps += 1) {
    if (at === ancestor) return true;
    // Behind the name in parentheses, which may hold anything: the state, the parent.
    const stat = read(`/proc/${at}/stat`) ?? "";
    at = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
  }
  return false;
}
