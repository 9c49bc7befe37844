/** Nothing that a block has started outlives it, whatever group or session it is in. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  describeWhere,
  has,
  hasLauncher,
  hasNamespaces,
  isRoot,
} from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { program } from "./support/roots.ts";
import { codesBut, run, sidecar, start, until, workspace } from "./support/sidecar.ts";

const kinds = [
  ["in sessions of their own that ignore SIGTERM", "session"],
  ["that became daemons", "daemon"],
  ["in groups of their own", "group"],
] as const;

describeWhere({ "the launcher": hasLauncher, gcc: has("gcc") }, "descendants", () => {
  const place = mkdtempSync(join(tmpdir(), "sidecar-tree-"));
  const tree = join(place, "tree");
  beforeAll(() => {
    chmodSync(place, 0o755);
    program("tree", tree);
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  const isThere = (process: string) => existsSync(`/proc/${process}`);
  const processes = (text: string) => text.trim().split("\n");

  it.each(kinds)("%s end with the block", async (_, kind) => {
    const words = ["--grace=200ms", "--exec", tree, kind, "5", "6"];
    const { code, stdout, stderr } = await sidecar(words);
    expect({ code, codes: codesBut(stderr) }).toEqual({ code: 6, codes: [] });
    expect(processes(stdout)).toHaveLength(5);
    expect(processes(stdout).filter(isThere)).toEqual([]);
  });

  it.each(kinds)("%s end when sidecar is told to end", async (_, kind) => {
    const directory = workspace();
    const { child, ended } = start(
      [
        ...[executable, "--quiet", "--grace=200ms", "--stdout=out"],
        ...["--exec", tree, kind, "5", "wait"],
      ],
      { directory },
    );
    const out = () => readFileSync(join(directory, "out"), "utf8");
    await until(() => out().split("\n").length > 5, "all five are there");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(143);
    expect(processes(out()).filter(isThere)).toEqual([]);
  });

  it.each(kinds)("%s end when sidecar is killed", async (_, kind) => {
    const directory = workspace();
    const { child, ended } = start(
      [executable, "--quiet", "--stdout=out", "--exec", tree, kind, "5", "wait"],
      { directory },
    );
    const out = () => readFileSync(join(directory, "out"), "utf8");
    await until(() => out().split("\n").length > 5, "all five are there");
    child.kill("SIGKILL");
    await ended;
    await until(() => !processes(out()).some(isThere), "all five are gone");
  });

  it("end although somebody kills their guardian, with the block", async () => {
    const directory = workspace();
    const { child, ended } = start(
      [
        ...[executable, "--quiet", "--grace=200ms", "--stdout=out"],
        ...["--exec", tree, "session", "5", "wait"],
      ],
      { directory },
    );
    const out = () => readFileSync(join(directory, "out"), "utf8");
    await until(() => out().split("\n").length > 5, "all five are there");
    const children = `/proc/${child.pid}/task/${child.pid}/children`;
    process.kill(Number(readFileSync(children, "utf8").trim()), "SIGKILL");
    expect((await ended).code).toBe(137);
    expect(processes(out()).filter(isThere)).toEqual([]);
  });

  it("that fork while they are killed end, too", async () => {
    const directory = workspace();
    const mark = `racer-${crypto.randomUUID()}`;
    const { code } = await sidecar(
      ["--quiet", "--grace=10ms", "--exec", tree, "racer", "1", "6"],
      { directory, environment: { MARK: mark } },
    );
    expect(code).toBe(6);
    expect(await marked(mark)).toEqual([]);
  });

  it("that were left by an activation get SIGTERM before they are killed", async () => {
    const directory = workspace();
    const activate =
      'setsid sh -c \'trap "echo asked > asked; exit" TERM; touch up;' +
      " while :; do sleep 0.05; done' & while [ ! -e up ]; do sleep 0.05; done";
    const { code } = await sidecar(["--runenv=T,1", "--exec", "sh", "-c", "exit 6"], {
      directory,
      environment: { PATH: "/bin:/usr/bin", DA__P7__RUNENV__T__ACTIVATE: activate },
    });
    expect(code).toBe(6);
    expect(existsSync(join(directory, "asked"))).toBe(true);
  });

  it("get SIGTERM once, and not those who got it with the group", async () => {
    const directory = workspace();
    const each = (name: string) =>
      `trap 'echo ${name} >> got' TERM; touch up-${name};` +
      " while [ ! -e stop ]; do sleep 0.05; done";
    const script =
      `sh -c "${each("inside")}" & setsid sh -c "${each("outside")}" &` +
      " trap 'echo block >> got; exit 5' TERM; touch up-block;" +
      " while :; do sleep 0.05; done";
    const { child, ended } = start(
      [executable, "--quiet", "--grace=60s", "--exec", "bash", "-c", script],
      { directory },
    );
    const up = ["inside", "outside", "block"];
    const has = (name: string) => existsSync(join(directory, name));
    await until(() => up.every((name) => has(`up-${name}`)), "all are there");
    child.kill("SIGTERM");
    const got = () => (has("got") ? readFileSync(join(directory, "got"), "utf8") : "");
    await until(() => got().split("\n").length > 3, "all were asked");
    await run(["touch", join(directory, "stop")]);
    expect((await ended).code).toBe(5);
    expect(got().trim().split("\n").toSorted()).toEqual(["block", "inside", "outside"]);
  });

  it("that are stopped end, too, as they want to", async () => {
    const directory = workspace();
    const script =
      'setsid bash -c \'trap "touch tidy; exit" TERM; echo $BASHPID > up;' +
      " while :; do sleep 0.05; done' & while [ ! -s up ]; do sleep 0.05; done;" +
      " kill -STOP $(cat up); exit 4";
    const { code } = await sidecar(
      ["--quiet", "--grace=60s", "--exec", "bash", "-c", script],
      { directory },
    );
    expect(code).toBe(4);
    expect(existsSync(join(directory, "tidy"))).toBe(true);
  });

  it("10,000 orphans at once are reaped; the block's status is its own", async () => {
    const { code, stdout } = await sidecar([
      "--quiet",
      "--exec",
      "sh",
      "-c",
      `"${tree}" orphans 10000 0; sleep 0.3; exit 77`,
    ]);
    expect({ code, stdout }).toEqual({ code: 77, stdout: "" });
  });

  it("count in what the block used", async () => {
    const directory = workspace();
    const burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; touch done";
    const wait = "while [ ! -e done ]; do sleep 0.1; done";
    const script = `(setsid sh -c '${burn}' &); ${wait}`;
    await sidecar(["--quiet", "--result=r", "--exec", "sh", "-c", script], {
      directory,
    });
    const { usage } = JSON.parse(readFileSync(join(directory, "r"), "utf8"));
    const alone = Bun.spawnSync(["sh", "-c", burn], { cwd: directory }).resourceUsage!;
    // Whoever is in a session of his own was waited for by nobody in the block.
    expect(usage.processorSeconds).toBeGreaterThan(
      Number(alone.cpuTime.total) / 1e6 / 4,
    );
  });

  describeWhere({ root: isRoot, namespaces: hasNamespaces }, "where /proc", () => {
    // A shell stays process 1, so that the kernel does not end everybody for sidecar.
    const script = (prepare: string) => `${prepare}
      "$0" --quiet --grace=50ms --temporary --exec sh -c '
        setsid sh -c "trap : TERM; touch up; while :; do sleep 60; done" &
        while [ ! -e up ]; do :; done; exit 6'
      echo $?
      kill -0 -1 2>/dev/null && echo somebody; exit 0`;

    it.each([
      ["is missing", "umount -l /proc"],
      ["is that of another namespace", ":"],
    ])("%s they end all the same", async (_, prepare) => {
      const { stdout } = await run([
        ...["unshare", "--mount", "--pid", "--fork", "--kill-child"],
        ...["sh", "-c", script(prepare), executable],
      ]);
      expect(stdout).toBe("6\n");
    });
  });
});

/** The processes with a variable MARK of this value. */
async function marked(value: string): Promise<string[]> {
  const { stdout } = await run([
    ...["sh", "-c", 'grep -l "$0" /proc/[0-9]*/environ 2>/dev/null; true', value],
  ]);
  const own = (path: string) => path.startsWith(`/proc/${process.pid}/`);
  return stdout.split("\n").filter((path) => path !== "" && !own(path));
}

describeWhere(
  { "the launcher": hasLauncher, root: isRoot, namespaces: hasNamespaces },
  "a guardian that somebody has stopped",
  () => {
    it("ends the block all the same when sidecar is killed", async () => {
      // Process 1 is of the same session: the guardian's group is no orphaned one, which
      // the kernel would continue by itself.
      const script = `
        "$0" --quiet --exec sh -c 'touch up; exec sleep 600' & sidecar=$!
        while [ ! -e up ]; do sleep 0.05; done
        guardian=$(cat /proc/$sidecar/task/$sidecar/children)
        kill -STOP $guardian; kill -KILL $sidecar
        for i in $(seq 100); do
          [ -e /proc/\${guardian% } ] || { echo gone; break; }
          sleep 0.1
        done
        ps -e -o args= | grep -c '^[s]leep 600'`;
      const inside = ["--pid", "--fork", "--kill-child", "--mount-proc"];
      const words = ["unshare", ...inside, "sh", "-c", script, executable];
      const { stdout } = await run(words, { directory: workspace() });
      expect(stdout).toBe("gone\n0\n");
    });
  },
);
