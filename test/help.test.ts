/** Help, version, completion and --explain. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { completions } from "../src/command/completions.ts";
import { options } from "../src/command/options.ts";
import { describeWhere, has, hasLauncher } from "./support/machine.ts";
import { executable, root } from "./support/paths.ts";
import {
  messageCodes,
  run,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";

it.each([["--help"], ["-h"], ["--quiet", "--help"]])(
  "%s shows every option",
  async (...words) => {
    const { stdout, stderr, code } = await sidecar(words);
    for (const name of Object.keys(options)) expect(stdout).toContain(`--${name} `);
    for (const text of [
      "--exec",
      "advertise",
      "completion",
      "freeze",
      "install",
      "messages",
      "Examples:",
      "Exit code",
    ])
      expect(stdout).toContain(text);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThan(89);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  },
);

it("the examples in it can be pasted", async () => {
  const { stdout } = await sidecar(["--help"]);
  const examples = stdout.split("\n").filter((line) => /^ {2}sidecar --/.test(line));
  expect(examples).toHaveLength(4);
  const directory = workspace();
  writeFileSync(join(directory, "train.sh"), "#!/bin/sh\necho trained\n", {
    mode: 0o755,
  });
  writeFileSync(join(directory, "block.py"), "print('python')\n");
  for (const example of examples) {
    if (example.includes("python3") && !has("python3")) continue;
    const line = example.replace("sidecar", executable);
    const result = await run(["sh", "-c", line], {
      directory,
      environment: {
        ...smallEnvironment,
        DA__P7__RUNENV__COBOL__ACTIVATE: "",
        DA__P7__RUNENV__COBOL__EXECUTE: "echo compiled",
      },
    });
    expect(result.code, `${line}\n${result.stderr}`).toBe(0);
  }
});

it.each(["completion", "freeze", "messages"])("sidecar %s --help", async (command) => {
  const { stdout, code } = await sidecar([command, "--help"]);
  expect(stdout).toContain(`sidecar ${command} [`);
  expect(code).toBe(0);
});

it("sidecar install --help", async () => {
  const { stdout, code } = await sidecar(["install", "--help"]);
  expect(stdout).toContain("sidecar install DEST\n");
  expect(stdout).toContain("sidecar install /shared/ ");
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThan(89);
  expect(code).toBe(0);
});

it("--version tells version, commit and Bun", async () => {
  const { stdout, code } = await sidecar(["--version"]);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(stdout).toMatch(
    new RegExp(`^sidecar ${version} \\(([0-9a-f]{12}(-changed)?|unknown), Bun \\d`),
  );
  expect(code).toBe(0);
});

describe("completion of", () => {
  it.each<[string[], string[]]>([
    [["--ti"], ["--timeout"]],
    [["--st"], ["--stdout", "--stderr", "--strict"]],
    [["--stdout=x", "--quiet", "--qu"], []],
    [["mes"], ["messages"]],
    [["adv"], ["advertise"]],
    [["ins"], ["install"]],
    [["install", "--he"], ["--help"]],
    [["install", "/sha"], []],
    [
      ["freeze", ""],
      ["A", "B", "--check", "--help", "--input", "--remove"],
    ],
    [["freeze", "A", "--ch"], ["--check"]],
    [["--version", "--v"], ["--verbose"]],
    [["--runenv="], ["--runenv=A,0", "--runenv=B,0"]],
    [["--exec", "--ti"], []],
  ])("%j", (typed, expected) => {
    expect(completions(typed, ["A", "B"])).toEqual(expected);
  });
});

it.each<[string[], string[]]>([
  [["advertise", "--format=h"], ["--format=htcondor"]],
  [["advertise", "--ex"], ["--extension-node"]],
  [["choices", "--ma"], ["--manifest"]],
  [["features", "--env-file=x", "--env"], ["--env-file"]],
  [["resolve", "--log=j"], ["--log=json"]],
  [["resolve", "--values", "va"], []],
  [["res"], ["resolve"]],
])("completion of %j, from the command's own table", async (typed, expected) => {
  const { stdout } = await sidecar(["--get-yargs-completions", "sidecar", ...typed]);
  expect(stdout.split("\n").filter(Boolean)).toEqual(expected);
});

describe.each(["advertise", "choices", "features", "resolve"])("sidecar %s", (name) => {
  it("has help with examples, for its options", async () => {
    const { stdout, code } = await sidecar([name, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^sidecar ${name} `));
    expect(stdout).toMatch(new RegExp(`Examples:\\n +sidecar ${name} `));
    expect(stdout).toContain("Exit code: 0, or 1 where");
    expect(stdout).toContain("--log");
  });

  it("names the option that is meant", async () => {
    const { stderr, code } = await sidecar([name, "--logg=json"]);
    expect(stderr).toContain("did you mean --log?");
    expect(code).toBe(125);
  });
});

describe("the script for", () => {
  const complete = `
    source <("$0" completion bash)
    sidecar() { "$SIDECAR" "$@"; }
    COMP_WORDS=(sidecar --time); COMP_CWORD=1; COMP_LINE="sidecar --time"; COMP_POINT=14
    _sidecar_yargs_completions; echo "\${COMPREPLY[*]}"`;

  it("bash completes options in a real bash", async () => {
    const { stdout, stderr } = await run(["bash", "-c", complete, executable], {
      environment: { ...smallEnvironment, SIDECAR: executable },
    });
    expect(stderr).toBe("");
    expect(stdout).toBe("--timeout\n");
  });

  it("zsh is another one, by name or by SHELL", async () => {
    const named = await sidecar(["completion", "zsh"]);
    expect(named.stdout).toContain("#compdef sidecar");
    const found = await sidecar(["completion"], {
      environment: { ...smallEnvironment, SHELL: "/usr/bin/zsh" },
    });
    expect(found.stdout).toBe(named.stdout);
  });
});

describeWhere({ zsh: has("zsh") }, "zsh itself", () => {
  it("takes its script", async () => {
    const { stderr, code } = await run([
      "zsh",
      "-fc",
      'autoload -U compinit; compinit -u; source <("$0" completion zsh)',
      executable,
    ]);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });
});

describe("an answer that cannot be written", () => {
  it.each([
    ["to a full disk", ">/dev/full"],
    // Without the launcher Bun opens /dev/null there.
    ...(hasLauncher ? [["since nobody opened it", ">&-"]] : []),
  ])("%s is told in one line", async (_, where) => {
    const explain = "--explain --exec true";
    for (const words of [
      "--version",
      "--help",
      "messages",
      "completion bash",
      explain,
    ]) {
      const script = `${executable} ${words} ${where}`;
      const { stdout, stderr, code } = await run(["sh", "-c", script]);
      expect({ stdout, code }).toEqual({ stdout: "", code: 125 });
      expect(messageCodes(stderr)).toEqual(["output-unwritable"]);
    }
  });

  it("since its reader has seen enough is no error", async () => {
    const script = `{ sleep 1; ${executable} --help; echo "code $?" >&2; } | true`;
    const { stderr } = await run(["sh", "-c", script]);
    expect(stderr).toBe("code 0\n");
  });
});

describe("--explain", () => {
  const environment = {
    ...smallEnvironment,
    DA__P7__RUNENV__T__ACTIVATE: "export A=1; touch ran",
    DA__P7__RUNENV__T__VERSION: "5",
    TOOL: "echo 'a b'",
  };

  it("says what would be run, and runs nothing", async () => {
    const directory = workspace();
    const words = ["--explain", "--runenv=(T,3)", "--stdout=o", "--stderr=o"];
    const { stdout, code } = await sidecar(
      [...words, "--timeout=90s", "--exec", "${TOOL}", "${A}", "x"],
      { directory, environment },
    );
    expect(code).toBe(0);
    for (const text of [
      /^runenv +T 5$/m,
      /^activation +\/bin\/sh runs export A=1; touch ran$/m,
      /^words +\["echo","a b","<A: known after activation>","x"\]$/m,
      new RegExp(`^directory +${directory}$`, "m"),
      /^stdout +o \(emptied first, one for both streams\)$/m,
      /^program +\S*\/echo \(searched again after activation\)$/m,
      /^timeout +90s$/m,
      /^HOME /m,
    ])
      expect(stdout).toMatch(text);
    expect((await run(["ls", "-A"], { directory })).stdout).toBe("");
  });

  it("refuses what the run would refuse", async () => {
    const words = ["--explain", "--runenv=(NO,3)", "--exec", "true"];
    expect((await sidecar(words, { environment })).code).toBe(125);
    const unset = await sidecar(["--explain", "--exec", "${NO_SUCH}"], { environment });
    expect(unset.code).toBe(125);
  });

  it("reads a .env file, since that runs nothing", async () => {
    const directory = workspace();
    writeFileSync(join(directory, "on.env"), "A=from file\n");
    const { stdout } = await sidecar(
      ["--explain", "--runenv=T,1", "--exec", "echo", "x${A}"],
      {
        directory,
        environment: { ...environment, DA__P7__RUNENV__T__ACTIVATE: "./on.env" },
      },
    );
    expect(stdout).toContain('["echo","xfrom file"]');
    expect(stdout).toMatch(/^program +\S*\/echo$/m);
  });
});
