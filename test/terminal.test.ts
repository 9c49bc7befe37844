/** On a terminal: what is typed, Ctrl-C, Ctrl-Z, the size of the window. */
import { expect, it } from "vitest";
import {
  describeWhere,
  has,
  hasNamespaces,
  isRoot,
  platformUser,
} from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { codesBut } from "./support/sidecar.ts";
import { inTerminal, keys } from "./support/terminal.ts";

const sidecar = [executable, "--exec"];
const asProcessOne = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

const places = [
  { where: "on a host", before: [] as string[], needs: {} },
  {
    where: "as process 1",
    before: asProcessOne,
    needs: { root: isRoot, namespaces: hasNamespaces },
  },
  {
    where: "as a user of the platform",
    before: ["setpriv", `--reuid=${platformUser}`, "--clear-groups"],
    needs: { root: isRoot, setpriv: has("setpriv") },
  },
];

for (const { where, before, needs } of places)
  describeWhere({ bash: has("bash"), ...needs }, `on a terminal, ${where},`, () => {
    const begin = (script: string) =>
      inTerminal([...before, ...sidecar, "bash", "-c", script]);

    it("the block reads what is typed", async () => {
      const { type, shows, ended } = begin("echo ready; read x; echo got-$x; exit 3");
      await shows("ready");
      type("typed\n");
      await shows("got-typed");
      expect(await ended).toBe(3);
    });

    it("Ctrl-C reaches the block, once, and ends it", async () => {
      const script =
        // Short sleeps: one that begins just after the key does not hear of it.
        "trap 'echo interrupted; heard=1' INT; echo ready;" +
        ' until [ "$heard" ]; do sleep 0.1; done; sleep 0.3; exit 4';
      const { type, shows, shown, ended } = begin(script);
      await shows("ready");
      type(keys.interrupt);
      expect(await ended).toBe(4);
      expect(shown().split("interrupted")).toHaveLength(2);
    });

    it("Ctrl-C ends a block that does not care with 130", async () => {
      const { type, shows, shown, ended } = begin("echo ready; exec sleep 600");
      await shows("ready");
      type(keys.interrupt);
      expect(await ended).toBe(130);
      const codes = codesBut(shown().replaceAll("\r", ""));
      expect(codes).not.toContain("block-cancelled");
    });

    it("Ctrl-\\ ends it with 131", async () => {
      // Not bash, which ignores it.
      const script = "exec sh -c 'ulimit -c 0; echo ready; exec sleep 600'";
      const { type, shows, ended } = begin(script);
      await shows("ready");
      type(keys.quit);
      expect(await ended).toBe(131);
    });

    it("the block learns of the window's size, and of each change", async () => {
      const script =
        // Bash forgets a signal that comes while it runs the trap for the one before,
        // and without a trap a Ctrl-C that comes as a command ends.
        "trap new=1 WINCH; trap 'exit 5' INT; new=1; for i in $(seq 600); do" +
        ' [ "$new" ] && { new=; stty size; }; sleep 0.1; done';
      const { type, shows, resize, ended } = begin(script);
      await shows("24 80");
      resize(132, 43);
      await shows("43 132");
      resize(100, 30);
      await shows("30 100");
      type(keys.interrupt);
      expect(await ended).toBe(5);
    });
  });

describeWhere({ bash: has("bash") }, "below a shell with job control", () => {
  const shell = ["bash", "--norc", "--noprofile", "-i"];

  it("Ctrl-Z stops block and sidecar as one job, fg continues both", async () => {
    const { type, shows, ended } = inTerminal(shell);
    const script =
      'trap "echo contin""ued" CONT; echo ready; until read x; do :; done; echo got-$x';
    type(`${executable} --quiet --exec bash -c '${script}'\n`);
    await shows("\nready");
    for (let times = 0; times < 3; times += 1) {
      type(keys.suspend);
      await shows("Stopped");
      type("fg\n");
      await shows("continued");
    }
    type("answer\n");
    await shows("got-answer");
    type("exit\n");
    expect(await ended).toBe(0);
  });

  it("a stopped job ends by SIGTERM", async () => {
    const { type, shows, ended } = inTerminal(shell);
    type(`${executable} --quiet --exec bash -c 'echo ready; sleep 600'\n`);
    await shows("\nready");
    type(keys.suspend);
    await shows("Stopped");
    type("kill %1; fg; echo code=$?\n");
    await shows("code=143");
    type("exit\n");
    await ended;
  });

  const quiet = `${executable} --quiet`;
  // In $(…) the shell lets it ignore SIGTTIN: reading fails where it has no terminal.
  const asks = "read x </dev/tty; echo got-$x";

  it.each([
    ["behind a pipe", `echo z | ${quiet} --exec sh -c '${asks}'`],
    ["before a pipe", `${quiet} --exec sh -c '${asks}' | cat`],
    [
      "in a script",
      `sh -c '${quiet} --exec sh -c "${asks.replace("$", "\\$")}" | cat'`,
    ],
    ["between other words", `echo "$(${quiet} --exec sh -c '${asks}')"`],
    [
      "without a standard stream",
      `${quiet} --exec sh -c '${asks}' </dev/null >out; cat out`,
    ],
  ])("a block %s gets what it reads from the terminal", async (_, command) => {
    const { type, shows, ended } = inTerminal(shell);
    type(`echo rea""dy; ${command}\n`);
    await shows("ready");
    type("typed\n");
    await shows("\ngot-typed");
    type("exit\n");
    expect(await ended).toBe(0);
  });

  it("another program of the pipeline gets what it reads from the terminal", async () => {
    const { type, shows, ended } = inTerminal(shell);
    const block = "until [ -e go ]; do sleep 0.05; done";
    const pager = "echo rea''dy; read x </dev/tty; touch go; cat; echo got-$x";
    type(`${quiet} --exec sh -c '${block}' | sh -c "${pager.replace("$", "\\$")}"\n`);
    await shows("ready");
    type("typed\n");
    await shows("\ngot-typed");
    type("exit\n");
    expect(await ended).toBe(0);
  });

  it("Ctrl-Z stops a whole pipeline, fg continues it", async () => {
    const { type, shows, ended } = inTerminal(shell);
    const block =
      'trap "echo contin""ued" CONT; echo rea""dy;' +
      ' until [ -e go ]; do sleep 0.05; done; echo en""ded';
    type(`${quiet} --exec bash -c '${block}' | cat\n`);
    await shows("ready");
    for (let times = 0; times < 3; times += 1) {
      type(keys.suspend);
      await shows("Stopped");
      type("fg\n");
      await shows("continued");
    }
    type(keys.suspend);
    await shows("Stopped");
    type("touch go; fg\n");
    await shows("ended");
    type("exit\n");
    expect(await ended).toBe(0);
  });

  it("the terminal comes back from a shell that was killed with its job", async () => {
    const { type, shows, ended } = inTerminal(shell);
    // With -m the job, in a group of its own, has the terminal at the end.
    const block = "set -m; sleep 600";
    const script = `${quiet} --timeout=2s --exec bash -c '${block}' 2>/dev/null; read x`;
    type(`sh -c "${script}; echo got-\\$x"\n`);
    type("typed\n");
    await shows("\ngot-typed");
    type("exit\n");
    expect(await ended).toBe(0);
  });

  it("the terminal comes back from a block that could not be started", async () => {
    const { type, shows, ended } = inTerminal(shell);
    const script = `echo junk > block; chmod +x block; ${quiet} --exec ./block; read x`;
    type(`sh -c "${script}; echo got-\\$x"\n`);
    await shows("program-");
    type("typed\n");
    await shows("\ngot-typed");
    type("exit\n");
    expect(await ended).toBe(0);
  });

  it("the terminal is the shell's again at the end", async () => {
    const { type, shows, ended } = inTerminal(shell);
    type(`${executable} --quiet --exec true; read -r line; echo got-$line\n`);
    type("back\n");
    await shows("\ngot-back");
    type("exit\n");
    expect(await ended).toBe(0);
  });
});
