/** Signals, `--timeout`, `--grace`, and what a block leaves behind. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeWhere, hasLauncher } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { codesBut, run, sidecar, start, until, workspace } from "./support/sidecar.ts";

/** Starts a block and waits until it has said that it is ready, in a file. */
async function ready(words: string[], script: string) {
  const directory = workspace();
  const { child, ended } = start(
    [executable, ...words, "--exec", "bash", "-c", `${script}`],
    { directory },
  );
  const text = (name: string) => readFileSync(join(directory, name), "utf8");
  await until(() => existsSync(join(directory, "ready")), "the block is ready");
  return { child, ended, text, directory };
}

const waiting = "touch ready; while :; do sleep 0.1 & wait; done";

describe("a signal", () => {
  it.each(["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "CONT", "WINCH"] as const)(
    "SIG%s that sidecar receives reaches the block, once",
    async (name) => {
      const { child, ended, text } = await ready(
        [],
        `trap 'echo ${name} >> got' ${name}; trap 'exit 9' ALRM; ` +
          "echo $$ > pid; touch ready; " +
          "while [ ! -e stop ]; do sleep 0.05 & wait $!; done",
      );
      child.kill(`SIG${name}`);
      await until(() => text("got") !== "", "the block got it");
      process.kill(Number(text("pid")), "SIGALRM");
      expect((await ended).code).toBe(9);
      expect(text("got")).toBe(`${name}\n`);
    },
  );

  it.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ] as const)("%s ends a block that does not catch it", async (name, code) => {
    // Bash itself ignores SIGQUIT; a plain sh does not.
    const block = "exec sh -c 'touch ready; exec sleep 600'";
    const { child, ended } = await ready([], block);
    child.kill(name);
    const result = await ended;
    expect(result.code).toBe(code);
    expect(codesBut(result.stderr)).toEqual(["block-cancelled"]);
    expect(result.stderr).toContain(`received ${name}`);
  });

  it("reaches the whole process group", async () => {
    const { child, ended, text } = await ready(
      ["--quiet"],
      "(trap 'echo child > got; exit' TERM; touch ready; " +
        "while :; do sleep 0.1; done) & wait",
    );
    child.kill("SIGTERM");
    await ended;
    expect(text("got")).toBe("child\n");
  });

  it("gives the block time to end as it wants, with its own exit code", async () => {
    const { child, ended } = await ready(
      ["--quiet", "--grace=60s"],
      `trap 'sleep 0.5; exit 3' TERM; ${waiting}`,
    );
    child.kill("SIGTERM");
    expect((await ended).code).toBe(3);
  });

  it("and then the grace; then SIGKILL", async () => {
    const { child, ended } = await ready(
      ["--quiet", "--grace=300ms"],
      `trap '' TERM INT; ${waiting}`,
    );
    child.kill("SIGINT");
    expect((await ended).code).toBe(137);
  });

  it("SIGTERM a second time ends the grace at once", async () => {
    const { child, ended, directory } = await ready(
      ["--quiet", "--grace=1h"],
      `trap 'touch asked' TERM; ${waiting}`,
    );
    child.kill("SIGTERM");
    await until(() => existsSync(join(directory, "asked")), "it was asked to end");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(137);
  });

  it("SIGTERM after SIGINT is the first: the block may end as it wants", async () => {
    const { child, ended, directory } = await ready(
      ["--quiet", "--grace=1h"],
      `trap 'touch asked' INT; trap 'sleep 0.3; exit 5' TERM; ${waiting}`,
    );
    child.kill("SIGINT");
    await until(() => existsSync(join(directory, "asked")), "it was asked to end");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(5);
  });

  it("SIGTERM a second time ends the grace of what the block left behind", async () => {
    const { child, ended, directory } = await ready(
      ["--quiet", "--grace=1h"],
      "(trap 'echo asked >> asked' TERM; touch up; while :; do sleep 0.1; done) & " +
        "while [ ! -e up ]; do sleep 0.05; done; touch ready; exit 6",
    );
    const asked = () => readFileSync(join(directory, "asked"), "utf8");
    await until(() => asked() === "asked\n", "sidecar itself has asked");
    child.kill("SIGTERM");
    await until(() => asked() === "asked\nasked\n", "SIGTERM was passed on");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(6);
  });

  it("in sidecar's first moments is not lost, whenever it comes", async () => {
    const loop = `
      for pause in 0 0.001 0.002 0.003 0.004 0.005 0.006 0.007 0.008 0.01 0.012; do
        "$0" --quiet --exec sleep 600 & pid=$!
        sleep $pause; kill -TERM $pid; wait $pid; echo $?
      done`;
    const { stdout } = await run(["bash", "-c", loop, executable]);
    const codes = stdout.trim().split("\n");
    expect(codes).toHaveLength(11);
    // 143 by sidecar or, before its launcher ran, by the kernel.
    expect(new Set(codes)).toEqual(new Set(["143"]));
  });

  it("that was ignored from the start (nohup) does not end the block", async () => {
    const script = `
      trap '' HUP
      "$0" --quiet --grace=100ms --exec sh -c 'touch ready; sleep 1.5; exit 4' & pid=$!
      while [ ! -e ready ]; do sleep 0.05; done
      kill -HUP $pid; wait $pid; echo $?`;
    const { stdout } = await run(["bash", "-c", script, executable]);
    expect(stdout).toBe("4\n");
  });

  it("wakes a stopped block, so that it can end", async () => {
    const { child, ended, text } = await ready(
      ["--quiet", "--grace=60s"],
      `trap 'exit 5' TERM; echo $$ > pid; ${waiting}`,
    );
    process.kill(Number(text("pid")), "SIGSTOP");
    await Bun.sleep(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(5);
  });

  it("wakes whoever is stopped in the block's group, so that all can end", async () => {
    const { child, ended } = await ready(
      ["--quiet", "--grace=1h"],
      "sleep 600 & kill -STOP $!; trap 'wait; exit 5' TERM; touch ready; wait",
    );
    child.kill("SIGTERM");
    expect((await ended).code).toBe(5);
  });
});

describe("--timeout", () => {
  it("ends the block with SIGTERM, and sidecar with 124", async () => {
    const { code, stderr, stdout } = await sidecar([
      "--timeout=300ms",
      "--exec",
      "bash",
      "-c",
      "trap 'echo asked; exit 0' TERM; while :; do sleep 0.05; done",
    ]);
    expect(code).toBe(124);
    expect(stdout).toBe("asked\n");
    expect(codesBut(stderr)).toEqual(["block-timeout"]);
    expect(stderr).toContain("longer than 300ms");
  });

  it("ends a block that ignores SIGTERM, too", async () => {
    const { code } = await sidecar([
      "--timeout=200ms",
      "--grace=200ms",
      "--exec",
      "sh",
      "-c",
      "trap '' TERM; while :; do sleep 0.05; done",
    ]);
    expect(code).toBe(124);
  });

  it("does nothing to a block that is quicker", async () => {
    const { code, stderr } = await sidecar(["--timeout=1h", "--exec", "true"]);
    expect(code).toBe(0);
    expect(codesBut(stderr)).toEqual([]);
  });

  it("does not count the activation", async () => {
    const { code } = await sidecar(
      ["--timeout=400ms", "--runenv=T,1", "--exec", "sleep", "0.1"],
      { environment: { PATH: "/bin", DA__P7__RUNENV__T__ACTIVATE: "sleep 0.6" } },
    );
    expect(code).toBe(0);
  });
});

describe("what a block leaves running in its group", () => {
  it("is asked to end, and ends before sidecar", async () => {
    const directory = workspace();
    const { code } = await sidecar(
      [
        "--exec",
        "bash",
        "-c",
        "(trap 'sleep 0.2; touch tidy; exit' TERM; touch up; " +
          "while :; do sleep 0.05; done) & " +
          "while [ ! -e up ]; do sleep 0.05; done; exit 6",
      ],
      { directory },
    );
    expect(code).toBe(6);
    expect(existsSync(join(directory, "tidy"))).toBe(true);
  });

  it("is killed after the grace if it does not end", async () => {
    const directory = workspace();
    const { code } = await sidecar(
      [
        "--grace=200ms",
        "--exec",
        "bash",
        "-c",
        "(trap '' TERM; echo $BASHPID > pid; while :; do sleep 0.05; done) & " +
          "while [ ! -s pid ]; do sleep 0.05; done; exit 6",
      ],
      { directory },
    );
    expect(code).toBe(6);
    const pid = Number(readFileSync(join(directory, "pid"), "utf8"));
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describeWhere({ "the launcher": hasLauncher }, "a sidecar that is killed", () => {
  it("takes its block along", async () => {
    const directory = workspace();
    const block = "echo $$ > process; exec sleep 600";
    const { child, ended } = start([executable, "--exec", "sh", "-c", block], {
      directory,
    });
    let process = "";
    await until(() => {
      process = readFileSync(join(directory, "process"), "utf8").trim();
      return process !== "";
    }, "the block runs");
    child.kill("SIGKILL");
    await ended;
    await until(() => !existsSync(`/proc/${process}`), "the block is gone");
  });
});
