/** As process 1 of a namespace, as in a container: orphans, signals, nothing left. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  describeWhere,
  has,
  hasLauncher,
  hasNamespaces,
  isRoot,
} from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { codesBut, run, start, workspace } from "./support/sidecar.ts";

const asProcessOne = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "as process 1", () => {
  it("it runs a block to its exit code", async () => {
    const words = [executable, "--exec", "sh", "-c", "cat /proc/1/comm; exit 7"];
    const { stdout, code } = await run([...asProcessOne, ...words]);
    expect({ stdout, code }).toEqual({ stdout: "sidecar\n", code: 7 });
  });

  it("it reaps hundreds of orphans while the block runs, and leaves no zombie", async () => {
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
        // The child of unshare is process 1 of its namespace; it gets no default action.
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

describeWhere({ script: has("script") }, "on a terminal", () => {
  /** Types into a terminal in which the command runs. */
  function type(command: string, keys: string) {
    const shell = `(sleep 2; printf '${keys}'; sleep 1) | script -qec "${command}" /dev/null`;
    return run(["bash", "-c", shell], { directory: workspace() });
  }

  it("the block can read what is typed", async () => {
    const { stdout } = await type(`${executable} --quiet --exec head -n 1`, "typed\\n");
    expect(stdout).toContain("typed");
  });

  it("Ctrl-C ends the block", async () => {
    const { stdout } = await type(
      `${executable} --exec sleep 600; echo code=\\$?`,
      "\\003",
    );
    expect(stdout).toContain("code=130");
    expect(codesBut(stdout.replaceAll("\r", ""))).not.toContain("block-cancelled");
  });

  it("the terminal is sidecar's again at the end", async () => {
    const { stdout } = await type(
      `bash -ic '${executable} --quiet --exec true; read -r line; echo got-\\$line'`,
      "back\\n",
    );
    expect(stdout).toContain("got-back");
  });

  it("Ctrl-Z stops the job, fg continues it", async () => {
    const directory = workspace();
    const keys = "\\032"; // Ctrl-Z
    const shell = `
      (sleep 1; printf '${keys}'; sleep 1; printf 'jobs\\n'; sleep 0.5; printf 'fg\\n';
       sleep 1; printf 'answer\\n'; sleep 1; printf 'exit\\n'; sleep 0.5) |
      script -qec "bash --norc -i" /dev/null`;
    const program = `"$1" --quiet --exec sh -c "read x; echo got-\\$x"`;
    await run(["sh", "-c", `cat > go <<'X'\n${program}\nX\n`], { directory });
    const typed = shell.replace(
      "(sleep 1;",
      `(printf 'sh go ${executable}\\n'; sleep 2.5;`,
    );
    const { stdout } = await run(["bash", "-c", typed], { directory });
    expect(stdout).toContain("Stopped");
    expect(stdout).toContain("got-answer");
  });
});
