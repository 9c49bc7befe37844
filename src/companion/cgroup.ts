/**
 * What the kernel accounts for sidecar's cgroup: peak memory, and whether a process was
 * ended for want of memory. Version 2 and version 1 (cgroups(7)).
 */

import { SystemError } from "#system/errors.ts";
import { readFile } from "#system/files.ts";
import { decode } from "../system/text.ts";

export type MemoryAccount = {
  /** Bytes; absent where there is no cgroup of our own, or the kernel keeps none. */
  readonly peak?: number;
  /** How many processes of this cgroup were ended for want of memory. */
  readonly kills: number;
};

export type ReadText = (path: string) => string | undefined;

const read: ReadText = (path) => {
  const bytes = readFile(path);
  return bytes instanceof SystemError ? undefined : decode(bytes);
};

/** The account of the cgroup that sidecar is in; the root cgroup accounts nobody. */
export function memoryAccount(readText: ReadText = read): MemoryAccount {
  const directory = memoryDirectory(
    readText("/proc/self/cgroup") ?? "",
    readText("/proc/self/mountinfo") ?? "",
  );
  if (!directory) return { kills: 0 };
  const { path, version } = directory;
  const files =
    version === 2
      ? { peak: "memory.peak", events: "memory.events" }
      : { peak: "memory.max_usage_in_bytes", events: "memory.oom_control" };
  const peak = readText(`${path}/${files.peak}`);
  const events = readText(`${path}/${files.events}`) ?? "";
  const kills = Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
  return { ...(peak === undefined ? {} : { peak: Number(peak) }), kills };
}

/**
 * Where the files of our memory cgroup are, from /proc/self/cgroup (which cgroup) and
 * /proc/self/mountinfo (which part of the hierarchy is mounted where).
 */
export function memoryDirectory(
  cgroup: string,
  mountinfo: string,
): { path: string; version: 1 | 2 } | undefined {
  const memberships = cgroup.split("\n").map((line) => line.split(":"));
  const first = memberships.find(([, controllers]) =>
    controllers?.split(",").includes("memory"),
  );
  const second = memberships.find(
    ([id, controllers]) => id === "0" && controllers === "",
  );
  const [membership, version] = first ? ([first, 1] as const) : ([second, 2] as const);
  if (!membership) return undefined;
  const own = membership.slice(2).join(":");
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const [type, , options] = after?.split(" ") ?? [];
    const wanted =
      version === 2
        ? type === "cgroup2"
        : type === "cgroup" && options?.split(",").includes("memory");
    if (!wanted) continue;
    const [, , , root, point] = before!.split(" ");
    if (root === undefined || point === undefined) continue;
    const below =
      root === "/" ? own : own.startsWith(root) ? own.slice(root.length) : "/";
    const path = `${point}${below === "/" ? "" : below}`;
    // The root of the whole hierarchy is every process of the machine.
    if (version === 1 && own === "/" && root === "/") return undefined;
    return { path, version };
  }
  return undefined;
}
