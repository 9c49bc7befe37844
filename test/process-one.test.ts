/** As process 1 of a namespace, as in a container: orphans, signals, nothing left. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  describeWhere,
  hasLauncher,
  hasNamespaces,
  isRoot,
} from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { run, start } from "./support/sidecar.ts";

const asProcessOne = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "as process 1", () => {
  it("it runs a block to its exit code", async () => {
    const words = [executable, "--exec", "sh", "-c", "cat /proc/1/comm; exit 7"];
    const { stdout, code } = await run([...asProcessOne, ...words]);
    expect({ stdout, code }).toEqual({ stdout: "sidecar\n", code: 7 });
  });

  it("it reaps hundreds of orphans while the block runs; no zombie stays", async () => {
    const script = `
      for i in $(seq 300); do (setsid sh -c 'exit 0' &) ; done
      for i in $(seq 100); do
        zombies=$(grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l)
        [ "$zombies" = 0 ] && [ $i -gt 5 ] && break
        sleep 0.05
      done
      echo $zombies; exit 3`;
    const { stdout, code } = await run([
      ...asProcessOne,
      executable,
      "--quiet",
      "--exec",
      "bash",
      "-c",
      script,
    ]);
    expect({ stdout, code }).toEqual({ stdout: "0\n", code: 3 });
  });

  it("an orphan's exit status is never taken for the block's", async () => {
    const script = "(setsid sh -c 'sleep 0.1; exit 44' &); sleep 0.5; exit 5";
    const words = [executable, "--exec", "bash", "-c", script];
    expect((await run([...asProcessOne, ...words])).code).toBe(5);
  });
});

// Without the launcher a signal in the first milliseconds is lost.
describeWhere(
  { root: isRoot, namespaces: hasNamespaces, "the launcher": hasLauncher },
  "as process 1, from its first instruction on",
  () => {
    it("SIGTERM reaches the block whenever it comes", async () => {
      for (const pause of [0, 2, 4, 6, 8, 10, 15, 30]) {
        const { child, ended } = start([
          ...asProcessOne,
          executable,
          "--quiet",
          "--exec",
          "sleep",
          "600",
        ]);
        // The child of unshare is process 1 of its namespace; no default action is its.
        let inner = "";
        while (inner === "") {
          const children = `/proc/${child.pid}/task/${child.pid}/children`;
          inner = readFileSync(children, "utf8").trim();
        }
        await Bun.sleep(pause);
        // Before sidecar itself runs, unshare's copy would lose it: wait for its name.
        const name = (await run(["cat", `/proc/${inner}/comm`])).stdout.trim();
        if (name === "sidecar") {
          process.kill(Number(inner), "SIGTERM");
          expect((await ended).code).toBe(143);
        } else {
          process.kill(Number(inner), "SIGKILL");
          await ended;
        }
      }
    });
  },
);
