/** From `DA__P7__RUNENV__<NAME>__ACTIVATE` to the block's environment. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asPlatformUser, describeWhere, isRoot } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import {
  codesBut,
  homeOfPlatformUser,
  type Options,
  run,
  sidecar,
  smallEnvironment,
  start,
  until,
  workspace,
} from "./support/sidecar.ts";

/** Runs `/usr/bin/env -0` under an activation. */
async function activate(value: string, words: string[] = [], options: Options = {}) {
  const result = await sidecar(
    ["--runenv=(T,1)", ...words, "--exec", "/usr/bin/env", "-0"],
    {
      ...options,
      environment: {
        ...smallEnvironment,
        ...options.environment,
        DA__P7__RUNENV__T__ACTIVATE: value,
      },
    },
  );
  const text = Buffer.from(result.bytes).toString("latin1");
  const entries = text.split("\0").map((entry) => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), entry.slice(at + 1)] as const;
  });
  const variables = Object.fromEntries(entries.filter(([name]) => name !== ""));
  return { ...result, variables };
}

function file(name: string, content: string): string {
  const path = join(workspace(), name);
  writeFileSync(path, content);
  chmodSync(path, 0o755);
  return path;
}

describe("a command line", () => {
  it("sets and unsets variables; the rest stays", async () => {
    const { variables, code } = await activate("export A=1 B='x y'; unset OLD", [], {
      environment: { OLD: "1", KEEP: "k" },
    });
    expect(code).toBe(0);
    expect(variables).toMatchObject({ A: "1", B: "x y", KEEP: "k" });
    expect(variables).not.toHaveProperty("OLD");
  });

  it("may be a comment, have several lines and end in any way", async () => {
    const { variables } = await activate("A=1 # one\nexport A\n# end \\");
    expect(variables["A"]).toBe("1");
  });

  it("may be nothing but blanks", async () => {
    expect((await activate("  ")).code).toBe(0);
  });

  it("is a command even if a file of that name is in the directory", async () => {
    const directory = workspace();
    writeFileSync(join(directory, "true"), "exit 3");
    expect((await activate("true", [], { directory })).code).toBe(0);
  });
});

describe("a file", () => {
  it("is sourced by /bin/sh", async () => {
    const { variables } = await activate(
      file("a.sh", "export A=${BASH_VERSION:-no bash}"),
    );
    expect(variables["A"]).toBe("no bash");
  });

  it.each(["#!/bin/bash", "#!/usr/bin/env bash", "#!/usr/bin/env -S bash -e"])(
    "is sourced by the shell that %s names",
    async (line) => {
      const { variables } = await activate(
        file("a", `${line}\nlist=(a b)\nexport A=\${list[1]}\n`),
      );
      expect(variables["A"]).toBe("b");
    },
  );

  it("gets no arguments, and may have blanks and quotes in its name", async () => {
    const { variables } = await activate(file("a 'b'.sh", 'export A="$#"'));
    expect(variables["A"]).toBe("0");
  });

  it("may be named relative to the block's directory", async () => {
    const directory = workspace();
    writeFileSync(join(directory, "on.sh"), "export A=here");
    const { variables } = await activate("./on.sh", [`--cwd=${directory}`]);
    expect(variables["A"]).toBe("here");
  });

  it("of another interpreter is refused by name", async () => {
    const { stderr, code } = await activate(file("a.py", "#!/usr/bin/env python3\n"));
    expect(codesBut(stderr)).toEqual(["activation-shell-unknown"]);
    expect(stderr).toContain("is for python3");
    expect(code).toBe(123);
  });

  it("whose shell is missing is refused by name", async () => {
    const { stderr, code } = await activate(file("a.sh", "#!/no/such/bash\n"));
    expect(codesBut(stderr)).toEqual(["activation-shell-missing"]);
    expect(stderr).toContain("/no/such/bash");
    expect(code).toBe(123);
  });

  it.each(["/no/such/activate.sh", "/no/such/x.env", "missing.env"])(
    "%s that is missing is named",
    async (path) => {
      const { stderr, code } = await activate(path);
      expect(codesBut(stderr)).toEqual(["activation-file-missing"]);
      expect(stderr).toContain(path);
      expect(code).toBe(123);
    },
  );

  it("that is a directory is named", async () => {
    const { stderr } = await activate("/etc/");
    expect(codesBut(stderr)).toEqual(["activation-file-unreadable"]);
  });

  it.each(["a.sh", "a.env"])(
    "%s that is a FIFO is named, and not waited for",
    async (name) => {
      const path = join(workspace(), name);
      expect((await run(["mkfifo", path])).code).toBe(0);
      const { stderr, code } = await activate(path);
      expect(codesBut(stderr)).toEqual(["activation-file-unreadable"]);
      expect(stderr).toContain(`${path} is a fifo`);
      expect(code).toBe(123);
    },
  );
});

describe("values that a careless program would change", () => {
  const script = file(
    "awkward.sh",
    `#!/bin/bash
export NEWLINES=$'a\\nb\\n\\n' EQUALS=a=b= QUOTES=$'\\'"\`' EMPTY=
export INVALID=$'\\xff\\xfe\\xc3(' CONTROL=$'\\x01\\x1b\\x7f'
function_() { :; }; export -f function_
`,
  );
  const content = readFileSync(script);

  it("arrive exactly; functions and the shell's own variables do not", async () => {
    const again = join(workspace(), "awkward.sh");
    writeFileSync(again, content);
    const { variables } = await activate(again, [], {
      environment: { "X.Y": "dotted", SHLVL: "7", OLDPWD: "/old" },
    });
    expect(variables).toEqual({
      PATH: smallEnvironment.PATH,
      DA__P7__RUNENV__T__ACTIVATE: again,
      "X.Y": "dotted",
      SHLVL: "7",
      OLDPWD: "/old",
      NEWLINES: "a\nb\n\n",
      EQUALS: "a=b=",
      QUOTES: "'\"`",
      EMPTY: "",
      INVALID: "\xff\xfe\xc3(",
      CONTROL: "\x01\x1b\x7f",
    });
  });

  it("keep names that the shell does not know, and drops", async () => {
    const names = { "X.Y": "dotted", "a-b": "", "1": "one" };
    const { variables } = await activate("export A=1", [], { environment: names });
    expect(variables).toMatchObject({ ...names, A: "1" });
  });

  it("arrive through /bin/sh as well", async () => {
    const { variables } = await activate('export COPY="$RAW"', [], {
      environment: { RAW: "line\n\ttab = 'q' \\ end\n" },
    });
    expect(variables["COPY"]).toBe("line\n\ttab = 'q' \\ end\n");
  });

  it("more than a pipe can hold arrive, too", async () => {
    const { variables } = await activate(
      "a=0123456789; a=$a$a$a$a$a$a$a$a$a$a; a=$a$a$a$a$a$a$a$a$a$a; " +
        "b=$a$a$a$a$a$a$a$a$a$a; " +
        'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do eval "export V$i=$b"; done',
    );
    expect(variables["V12"]).toHaveLength(10_000);
    expect(variables["V1"]).toHaveLength(10_000);
  });
});

describe("an activation", () => {
  it("prints to sidecar's standard error only", async () => {
    const script = file("loud.sh", "echo out; echo error >&2; export A=1");
    const { stdout, stderr, variables } = await activate(script);
    expect(variables["A"]).toBe("1");
    expect(stdout).not.toContain("out");
    expect(stderr).toContain("out\n");
    expect(stderr).toContain("error\n");
  });

  it("does not touch redirected streams", async () => {
    const directory = workspace();
    await activate('echo lo""ud', ["--stdout=o", "--stderr=e"], { directory });
    expect(readFileSync(join(directory, "o"), "latin1")).not.toContain("loud");
    expect(readFileSync(join(directory, "e"), "latin1")).toBe("");
  });

  it("does not get the block's input", async () => {
    const { stdout } = await sidecar(["--quiet", "--runenv=T,1", "--exec", "cat"], {
      environment: {
        ...smallEnvironment,
        DA__P7__RUNENV__T__ACTIVATE: 'read -r line; echo "got <$line>"; cat',
      },
      input: "for the block\n",
    });
    expect(stdout).toBe("for the block\n");
  });

  it("runs in the block's directory, and cannot change it", async () => {
    const directory = workspace();
    const { stdout } = await sidecar(
      [
        "--quiet",
        "--runenv=T,1",
        `--cwd=${directory}`,
        "--exec",
        "sh",
        "-c",
        "echo $W; pwd",
      ],
      {
        environment: {
          ...smallEnvironment,
          DA__P7__RUNENV__T__ACTIVATE: "export W=$(pwd); cd /",
        },
      },
    );
    expect(stdout).toBe(`${directory}\n${directory}\n`);
  });

  it.each([
    "set -e; export A=1",
    "set -u; export A=1",
    "set -eu; set -f; IFS=0123456789; export A=1",
    "set -- a b c; export A=1",
    "cd() { echo mine; }; printf() { :; }; export A=1",
    "export A=1; true() { false; }",
    "trap 'echo bye' EXIT; export A=1",
    "umask 077; ulimit -c 0; export A=1",
    "exec 3>/dev/null 4>&1 9</dev/null; export A=1",
    "unset PATH; export A=1",
  ])("may do this: %s", async (value) => {
    const { variables, code } = await activate(value);
    expect(code).toBe(0);
    expect(variables["A"]).toBe("1");
  });

  it("leaves umask and limits of the block alone", async () => {
    const { stdout } = await sidecar(
      ["--quiet", "--runenv=T,1", "--exec", "sh", "-c", "umask; ulimit -Sn"],
      {
        environment: {
          ...smallEnvironment,
          DA__P7__RUNENV__T__ACTIVATE: "umask 077; ulimit -Sn 99",
        },
      },
    );
    expect(stdout).not.toContain("0077");
    expect(stdout).not.toContain("99\n");
  });

  it("may leave a process that serves the block, and ends with it", async () => {
    const directory = workspace();
    const { code, stderr } = await sidecar(
      [
        "--grace=1s",
        "--runenv=T,1",
        "--exec",
        "sh",
        "-c",
        "kill -0 $(cat server) && sleep 0.2 && kill -0 $(cat server) && echo alive",
      ],
      {
        directory,
        environment: {
          ...smallEnvironment,
          DA__P7__RUNENV__T__ACTIVATE:
            "(while echo working; do sleep 0.05; done) & echo $! > server",
        },
      },
    );
    expect(code).toBe(0);
    expect(stderr).toContain("working\nworking\n");
    const server = Number(readFileSync(join(directory, "server"), "utf8"));
    expect(existsSync(`/proc/${server}`)).toBe(false);
  });
});

describe("an activation that fails", () => {
  it.each<[string, string, RegExp]>([
    ["false", "activation-failed", /exit status 1$/m],
    ["echo why >&2; exit 3", "activation-failed", /exit status 3; it said: why$/m],
    ["set -e; no_such_tool; true", "activation-failed", /127; .*line 1 of DA__P7__/],
    ["set -u; echo $NO_SUCH", "activation-failed", /exit status 2; .*line 1/],
    ['echo "open', "activation-failed", /Unterminated quoted string/],
    ["kill -9 $$", "activation-failed", /was ended by SIGKILL/],
    ["exit 0", "activation-incomplete", /ended its shell before its own end/],
    ["exec true", "activation-incomplete", /ended its shell/],
  ])("%s", async (value, code, text) => {
    const { stderr, stdout, code: exitCode } = await activate(value);
    expect(codesBut(stderr)).toEqual([code]);
    expect(stderr).toMatch(text);
    expect(exitCode).toBe(123);
    expect(stdout).toBe("");
  });

  it.each(["/bin/sh", "/bin/bash"])("in %s half-way names the line", async (shell) => {
    const script = file("half.sh", `#!${shell}\nset -e\nexport A=1\nno_such_tool\n`);
    const { stderr, code } = await activate(script);
    expect(code).toBe(123);
    expect(stderr).toContain(`complains about line 4 of ${script}`);
    expect(stderr).toContain("no_such_tool");
  });

  it("does not run the block, nor leave its own processes behind", async () => {
    const directory = workspace();
    const result = await sidecar(
      ["--grace=1s", "--runenv=T,1", "--exec", "touch", "block-ran"],
      {
        directory,
        environment: {
          ...smallEnvironment,
          DA__P7__RUNENV__T__ACTIVATE: "sleep 600 & echo $! > left; false",
        },
      },
    );
    expect(result.code).toBe(123);
    expect(existsSync(join(directory, "block-ran"))).toBe(false);
    const left = Number(readFileSync(join(directory, "left"), "utf8"));
    expect(existsSync(`/proc/${left}`)).toBe(false);
  });

  it("by lasting too long says for how long", async () => {
    const { stderr, code } = await activate("echo waiting; sleep 600", [
      "--activate-timeout=300ms",
      "--grace=100ms",
    ]);
    expect(codesBut(stderr)).toEqual(["activation-timeout"]);
    expect(stderr).toContain("longer than 300ms; it said: waiting");
    expect(code).toBe(123);
  });

  it("because sidecar is told to end is no failure of its own", async () => {
    const directory = workspace();
    const { child, ended } = start(
      [executable, "--runenv=T,1", "--grace=5s", "--exec", "touch", "block-ran"],
      {
        directory,
        environment: {
          ...smallEnvironment,
          DA__P7__RUNENV__T__ACTIVATE: "touch began; sleep 600",
        },
      },
    );
    await until(() => existsSync(join(directory, "began")), "the activation began");
    child.kill("SIGTERM");
    const { code, stderr } = await ended;
    expect(code).toBe(128 + 15);
    expect(codesBut(stderr)).toEqual(["block-cancelled"]);
    expect(existsSync(join(directory, "block-ran"))).toBe(false);
  });
});

describeWhere({ root: isRoot }, "a file that this user may not read", () => {
  it("is named, with what to do", async () => {
    const script = file("private.sh", "export A=1");
    chmodSync(script, 0o600);
    const { stderr, code } = await run(
      asPlatformUser(executable, "--runenv=T,1", "--exec", "true"),
      {
        environment: {
          ...smallEnvironment,
          HOME: homeOfPlatformUser(),
          DA__P7__RUNENV__T__ACTIVATE: script,
        },
      },
    );
    expect(codesBut(stderr)).toEqual(["activation-file-unreadable"]);
    expect(stderr).toContain("chmod a+r");
    expect(code).toBe(123);
  });
});
