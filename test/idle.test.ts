/**
 * While a block runs, sidecar sleeps: no processor time, no wake-ups, little memory.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hasLauncher } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { start, until, workspace } from "./support/sidecar.ts";

/** Context switches of all threads, and clock ticks of the process. */
function activity(process: number) {
  const tasks = `/proc/${process}/task`;
  const switches = readdirSync(tasks).map((task) => {
    const status = readFileSync(join(tasks, task, "status"), "utf8");
    const counts = [...status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s*(\d+)/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  });
  const stat = readFileSync(`/proc/${process}/stat`, "utf8").split(") ")[1]!.split(" ");
  return {
    switches: switches.reduce((sum, count) => sum + count, 0),
    ticks: Number(stat[11]) + Number(stat[12]),
  };
}

const ways: Readonly<Record<string, readonly string[]>> = {
  plainly: [],
  "with a time limit and a record": ["--timeout=1h", "--result=r.json"],
  "copying a silent stream": ["--tee", "--stdout=o"],
};

it("neither sidecar nor the guardian wakes in ten seconds", async () => {
  const started = Object.entries(ways).map(([name, options]) => {
    const directory = workspace();
    const block = "touch up; exec sleep 600";
    const words = [executable, "--quiet", ...options, "--exec", "sh", "-c", block];
    return { name, directory, ...start(words, { directory }) };
  });
  for (const { directory } of started)
    await until(() => readdirSync(directory).includes("up"), "the block is up");
  const observe = () =>
    started.map(({ name, child }) => ({
      name,
      sidecar: activity(child.pid),
      guardians: hasLauncher ? childrenOf(child.pid).map(activity) : [],
    }));
  // What the start left to do (the runtime's own threads) is done by then.
  await Bun.sleep(2000);
  const before = observe();
  await Bun.sleep(10_000);
  expect(observe()).toEqual(before);
  for (const { child } of started) {
    if (hasLauncher) expect(childrenOf(child.pid)).toHaveLength(1);
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    const anonymous = Number(/^RssAnon:\s*(\d+) kB/m.exec(status)![1]);
    expect(anonymous).toBeLessThan(4096);
    child.kill("SIGTERM");
  }
  await Promise.all(started.map(({ ended }) => ended));
});

/** Of a process and its threads. */
function childrenOf(process: number): number[] {
  const tasks = `/proc/${process}/task`;
  return readdirSync(tasks).flatMap((task) =>
    readFileSync(join(tasks, task, "children"), "utf8")
      .split(" ")
      .filter((child) => child !== "")
      .map(Number),
  );
}
