/** Which cgroup accounts for sidecar, and what its files say; without a kernel. */
import { describe, expect, it } from "vitest";
import { countKills, openAccount } from "../src/companion/posix/account.ts";
import {
  type Cgroup,
  findCgroup,
  isAlone,
  usualPlaces,
} from "../src/companion/posix/cgroup.ts";

const mount2 = (root: string, point = "/sys/fs/cgroup") =>
  `30 20 0:26 ${root} ${point} ro shared:9 - cgroup2 cgroup rw\n`;
const mount1 = (root: string, controllers: string, point: string) =>
  `31 20 0:27 ${root} ${point} ro - cgroup cgroup rw,${controllers}\n`;

describe("the memory cgroup", () => {
  it.each<[string, string, string, Cgroup | undefined]>([
    [
      "of version 2, in a container",
      "0::/\n",
      mount2("/"),
      { version: 2, path: "/sys/fs/cgroup", top: "/sys/fs/cgroup" },
    ],
    [
      "of version 2, on a host",
      "0::/job/7\n",
      mount2("/"),
      { version: 2, path: "/sys/fs/cgroup/job/7", top: "/sys/fs/cgroup" },
    ],
    [
      "of version 1, in a container that sees only its own part",
      "3:cpu:/docker/a\n2:memory:/docker/a\n0::/\n",
      mount1("/docker/a", "cpu", "/c/cpu") + mount1("/docker/a", "memory", "/c/memory"),
      { version: 1, path: "/c/memory", top: "/c/memory" },
    ],
    [
      "of version 1, mounted with others",
      "2:cpu,memory:/slurm/job:1\n",
      mount1("/", "cpu,memory", "/c"),
      { version: 1, path: "/c/slurm/job:1", top: "/c" },
    ],
    [
      "of version 1, at the root",
      "2:memory:/\n",
      mount1("/", "memory", "/c"),
      undefined,
    ],
    ["that is not mounted here", "2:memory:/a\n", mount1("/", "cpu", "/c"), undefined],
    [
      "whose mount shows somebody else's",
      "2:memory:/docker/ab\n",
      mount1("/docker/a", "memory", "/c"),
      undefined,
    ],
    ["behind a namespace", "0::/\n", mount2("/../.."), undefined],
    ["without /proc", "", "", undefined],
    // Not memory, whatever it is called.
    ["of a name that looks like it", "5:name=memory:/a\n", mount2("/"), undefined],
  ])("%s", (_, membership, mountinfo, expected) => {
    expect(findCgroup("memory", membership, mountinfo)).toEqual(expected);
  });

  it("is where it mostly is, or the guess is not used", () => {
    expect(usualPlaces("0::/\n")).toEqual([{ version: 2, path: "/sys/fs/cgroup" }]);
    expect(usualPlaces("0::/a/b\n")).toEqual([
      { version: 2, path: "/sys/fs/cgroup/a/b" },
    ]);
    expect(usualPlaces("3:memory:/docker/a\n0::/\n")).toEqual([
      { version: 1, path: "/sys/fs/cgroup/memory/docker/a" },
      { version: 1, path: "/sys/fs/cgroup/memory" },
    ]);
    expect(usualPlaces("3:memory:/\n0::/\n")).toEqual([]);
    expect(usualPlaces("")).toEqual([]);
  });
});

describe("kills for want of memory", () => {
  const counted = (files: Record<string, string>, later: Record<string, string>) => {
    let now: Record<string, string> = files;
    const kills = countKills(undefined, (path) => now[path]);
    now = { ...files, ...later };
    return kills();
  };

  it("are those since the start", () => {
    const files = {
      "/proc/self/cgroup": "0::/a\n",
      "/proc/self/mountinfo": mount2("/"),
      "/sys/fs/cgroup/a/memory.events": "max 3\noom 2\noom_kill 2\n",
    };
    const later = "max 9\noom 5\noom_kill 5\n";
    expect(counted(files, { "/sys/fs/cgroup/a/memory.events": later })).toBe(3);
    expect(counted(files, {})).toBe(0);
  });

  it("are found where the mount is an unusual one", () => {
    const files = {
      "/proc/self/cgroup": "3:memory:/a\n",
      "/proc/self/mountinfo": mount1("/", "memory", "/elsewhere"),
      "/elsewhere/a/memory.oom_control": "oom_kill 1\n",
    };
    const later = { "/elsewhere/a/memory.oom_control": "oom_kill 2\n" };
    expect(counted(files, later)).toBe(1);
  });

  it("of a cgroup that was guessed wrongly are nobody's", () => {
    const files = {
      "/proc/self/cgroup": "3:memory:/docker/a/inner\n",
      "/proc/self/mountinfo": mount1("/docker/a", "memory", "/sys/fs/cgroup/memory"),
      "/sys/fs/cgroup/memory/memory.oom_control": "oom_kill 1\n",
      "/sys/fs/cgroup/memory/inner/memory.oom_control": "oom_kill 7\n",
    };
    const later = { "/sys/fs/cgroup/memory/memory.oom_control": "oom_kill 2\n" };
    expect(counted(files, later)).toBe(0);
  });

  it("without any cgroup there are none", () => {
    expect(counted({}, {})).toBe(0);
  });
});

describe("nobody else is in a cgroup", () => {
  const cgroup: Cgroup = { version: 2, path: "/c", top: "/c" };
  const alone = (files: Record<string, string>) =>
    isAlone(cgroup, 7, (path) => files[path]);
  const parent = (of: number) => `1 (a) b) S ${of} 1 1`;

  it("but sidecar and its descendants", () => {
    expect(alone({ "/c/cgroup.procs": "7\n" })).toBe(true);
    expect(
      alone({
        "/c/cgroup.procs": "9\n8\n7\n",
        "/proc/8/stat": parent(7),
        "/proc/9/stat": parent(8),
      }),
    ).toBe(true);
  });

  it.each([
    ["its parent", { "/c/cgroup.procs": "7\n6\n", "/proc/6/stat": parent(1) }],
    ["one outside of the namespace", { "/c/cgroup.procs": "0\n7\n" }],
    ["one that cannot be looked at", { "/c/cgroup.procs": "7\n9\n" }],
    ["that cannot be read", {} as Record<string, string>],
    ["that sidecar is not in", { "/c/cgroup.procs": "9\n" }],
  ])("is not so with %s", (_, files) => {
    expect(alone(files)).toBe(false);
  });

  it("is so where a child ended while it was looked at", () => {
    const lists = ["7\n9\n", "7\n"];
    const read = (path: string) =>
      path === "/c/cgroup.procs" ? lists.shift() : undefined;
    expect(isAlone(cgroup, 7, read)).toBe(true);
  });
});

describe("the limit", () => {
  const limitOf = (files: Record<string, string>) =>
    openAccount(undefined, (path) => files[path]).memoryLimit;

  it("is the least of the cgroup's and its ancestors'", () => {
    const files = {
      "/proc/self/cgroup": "0::/a/b\n",
      "/proc/self/mountinfo": mount2("/"),
      "/sys/fs/cgroup/a/b/memory.max": "max\n",
      "/sys/fs/cgroup/a/memory.max": "4096\n",
    };
    expect(limitOf(files)).toBe(4096);
    const inner = { "/sys/fs/cgroup/a/b/memory.max": "1024\n" };
    expect(limitOf({ ...files, ...inner })).toBe(1024);
  });

  it("is none where version 1 has its largest number", () => {
    const files = {
      "/proc/self/cgroup": "2:memory:/a\n",
      "/proc/self/mountinfo": mount1("/a", "memory", "/c"),
    };
    const file = "/c/memory.limit_in_bytes";
    expect(limitOf({ ...files, [file]: "9223372036854771712\n" })).toBeUndefined();
    expect(limitOf({ ...files, [file]: "67108864\n" })).toBe(67_108_864);
    expect(limitOf(files)).toBeUndefined();
  });
});
