/** `--cgroup`: the block in a cgroup of its own (version 2), ended by the kernel. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWhere, hasLauncher, isRoot } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { codesBut, sidecar, start, until, workspace } from "./support/sidecar.ts";

/** Where cgroups of version 2 are on this machine; "" where they are not. */
const hierarchy = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((directory) =>
  existsSync(join(directory, "cgroup.subtree_control")),
);

const needs = {
  root: isRoot,
  "the launcher": hasLauncher,
  "cgroups of version 2": hierarchy !== undefined,
};

describeWhere(needs, "with --cgroup", () => {
  const delegated = join(hierarchy ?? "", `sidecar-test-${process.pid}`);
  beforeAll(() => mkdirSync(delegated));
  afterAll(() => rmdirSync(delegated));

  const inside = () =>
    readdirSync(delegated, { withFileTypes: true }).filter((e) => e.isDirectory());
  const words = ["--quiet", `--cgroup=${delegated}`];

  it("the block and all that it starts are in one, from the beginning", async () => {
    const script = "setsid cat /proc/self/cgroup; cat /proc/self/cgroup";
    const { code, stdout } = await sidecar([...words, "--exec", "sh", "-c", script]);
    const groups = stdout.split("\n").filter((line) => line.startsWith("0::"));
    expect(code).toBe(0);
    expect(groups).toHaveLength(2);
    expect(new Set(groups).size).toBe(1);
    expect(groups[0]).toMatch(/^0::\/.*sidecar-test-\d+\/sidecar-\d+$/);
  });

  it("nothing is left, neither processes nor the cgroup", async () => {
    const script = "setsid sh -c 'trap : TERM; while :; do sleep 60; done' & exit 6";
    const { code } = await sidecar([
      ...[...words, "--grace=100ms"],
      ...["--exec", "sh", "-c", script],
    ]);
    expect(code).toBe(6);
    expect(inside()).toEqual([]);
  });

  it("nothing is left when sidecar is killed", async () => {
    const directory = workspace();
    const script = "setsid sleep 600 & touch up; sleep 600";
    const { child, ended } = start(
      [executable, ...words, "--exec", "sh", "-c", script],
      { directory },
    );
    await until(() => existsSync(join(directory, "up")), "the block runs");
    expect(inside()).toHaveLength(1);
    child.kill("SIGKILL");
    await ended;
    await until(() => inside().length === 0, "the cgroup is gone");
  });

  it("a program that is not there is still that, and no cgroup is left", async () => {
    const { code, stderr } = await sidecar([...words, "--exec", "/nothing/here"]);
    expect({ code, codes: codesBut(stderr) }).toEqual({
      code: 127,
      codes: ["program-not-found"],
    });
    expect(inside()).toEqual([]);
  });

  it("a cgroup that takes no processes is refused", async () => {
    // No process may be in an inner node whose controllers are handed on; of a threaded
    // one a child is of no valid domain.
    const { code, stderr } = await threaded(async (directory) =>
      sidecar(["--quiet", `--cgroup=${directory}`, "--exec", "true"]),
    );
    expect({ code, codes: codesBut(stderr) }).toEqual({
      code: 125,
      codes: ["cgroup-unusable"],
    });
  });

  async function threaded<T>(use: (directory: string) => Promise<T>): Promise<T> {
    const directory = join(delegated, "threaded");
    mkdirSync(directory);
    try {
      await Bun.write(join(directory, "cgroup.type"), "threaded");
      return await use(directory);
    } finally {
      rmdirSync(directory);
    }
  }
});

describe("--cgroup refuses", () => {
  it.each([
    ["a directory that is no cgroup", () => workspace(), "version 2"],
    ["a directory that is not there", () => "/nothing/here", "No such file"],
  ])("%s, and leaves nothing there", async (_, make, said) => {
    const directory = make();
    const words = [`--cgroup=${directory}`, "--result=r", "--exec", "true"];
    const result = workspace();
    const { code, stderr } = await sidecar(words, { directory: result });
    expect({ code, codes: codesBut(stderr) }).toEqual({
      code: 125,
      codes: ["cgroup-unusable"],
    });
    expect(stderr).toContain(said);
    const { exit } = JSON.parse(readFileSync(join(result, "r"), "utf8"));
    expect(exit).toEqual({ cause: "refused" });
    if (existsSync(directory)) expect(readdirSync(directory)).toEqual([]);
  });
});
