/**
 * dist/sidecar.exe under Wine. What Wine cannot show is in docs/windows.md. Where the
 * program or Wine is missing all this is left out.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { describeWhere, has } from "./support/machine.ts";
import { root } from "./support/paths.ts";
import { messageCodes, until, workspace } from "./support/sidecar.ts";
import {
  directoryWith,
  driveC,
  hexadecimal,
  isWaiting,
  prepareWine,
  product,
  runProbe,
  shellCommand,
  show,
  shown,
  sidecarExe,
  startSidecarExe,
  windowsNeeds,
  windowsPath,
} from "./support/wine.ts";

describeWhere(windowsNeeds, "sidecar.exe", () => {
  beforeAll(prepareWine);

  const variable = (what: string) => `DA__P7__RUNENV__R__${what}`;

  /** What the block has got to see after an activation. */
  async function activated(
    value: string,
    files: Readonly<Record<string, string>> = {},
    words: readonly string[] = [],
  ) {
    const result = await sidecarExe(
      ["--runenv=R,0", "--exec", show, "show", ...words],
      {
        environment: { [variable("ACTIVATE")]: value, Kept: "as it was" },
        directory: directoryWith(files),
      },
    );
    return { ...result, ...shown(result.stdout) };
  }

  it("says its version, and helps", async () => {
    const version = await sidecarExe(["--version"]);
    expect(version.stdout).toMatch(/^sidecar \d+\.\d+\.\d+ \(.+, Bun [\d.]+\)\n$/);
    const help = await sidecarExe(["--help"]);
    expect(help.stdout).toContain("--runenv");
    const list = await sidecarExe(["messages"]);
    expect(list.stdout).toContain("program-not-found");
  });

  describe("a block", () => {
    it("has its exit code passed on", async () => {
      expect((await sidecarExe(["--exec", show, "exit", "7"])).code).toBe(7);
    });

    it("has all 32 bits of it in the record", async () => {
      const directory = workspace();
      await sidecarExe(["--result=r.json", "--exec", show, "exit", "0xC0000005"], {
        directory,
      });
      const record = JSON.parse(readFileSync(join(directory, "r.json"), "utf8"));
      expect(record.exit).toEqual({ code: 0xc0000005, cause: "exited" });
      expect(record.state).toBe("finished");
      expect(record.usage.peakMemorySource).toBe("job");
      expect(record.directory).toBe(windowsPath(directory));
    });

    it("gets its words exactly", async () => {
      const sample = fc.sample(
        fc.string({ unit: fc.constantFrom("\\", '"', " ", "a", "%A%", "^", "&", "ü") }),
        60,
      );
      const words = [...sample, "", "a b", "\\", 'x\\"y z\\', "日本 語", "*", "$(a)"];
      const { stdout } = await sidecarExe(["--exec", show, "show", ...words]);
      expect(shown(stdout).words).toEqual(["show", ...words]);
    });

    it("gets words and variables that are no valid Unicode", async () => {
      const odd = "\ud800x\udc80";
      const line = `"${windowsPath(product)}" --exec "${show}" show ${odd} \${odd}`;
      const hex = [line, "ODD", `${odd}!`].map(hexadecimal);
      const { stdout } = await runProbe(["run", ...hex]);
      expect(shown(stdout).words).toEqual(["show", odd, `${odd}!`]);
      expect(shown(stdout).variables["ODD"]).toBe(`${odd}!`);
    });

    it("gets the environment as it was", async () => {
      const environment = { Mixed: "a=b ü", EMPTY_NOT: " " };
      const direct = shown((await runProbe(["show"], { environment })).stdout);
      const { stdout } = await sidecarExe(["--exec", show], { environment });
      const seen = shown(stdout).variables;
      expect(seen).toEqual(direct.variables);
      expect(seen["Mixed"]).toBe("a=b ü");
    });

    it("runs where it is told to, with blanks and letters of any kind", async () => {
      const directory = join(workspace(), "Größe 1");
      mkdirSync(directory);
      const { stdout } = await sidecarExe(
        ["--cwd", windowsPath(directory), "--stdout", "Ausgabe ü.txt", "--exec", show],
        { directory: "/" },
      );
      expect(stdout).toBe("");
      const text = readFileSync(join(directory, "Ausgabe ü.txt"), "latin1");
      expect(shown(text).directory).toBe(windowsPath(directory));
    });

    it("runs in a fresh directory with --temporary, which is removed", async () => {
      const { stdout, stderr } = await sidecarExe(
        ["--temporary", "--exec", "cmd.exe", "/c", "cd & mkdir a & echo x > a\\b"],
        {},
      );
      expect(stdout).toMatch(/\\sidecar-[-0-9a-f]+/);
      expect(stderr).toBe("");
      const gone = await runProbe(["run", hexadecimal(`cmd /c dir ${stdout.trim()}`)]);
      expect(gone.code).not.toBe(0);
    });

    it.each([
      ["no-such-program", 127, "program-not-found"],
      ["C:\\no\\such.exe", 127, "program-not-found"],
      ["C:\\windows", 126, "program-directory"],
      [".\\text.txt", 126, "program-not-recognized"],
    ])("that is %s is refused with %i", async (program, exit, word) => {
      const directory = directoryWith({ "text.txt": "no program\n" });
      const { code, stderr } = await sidecarExe(["--exec", program], { directory });
      expect({ code, stderr }).toEqual({
        code: exit,
        stderr: expect.stringContaining(`error[${word}]`),
      });
    });

    it("is found by PATHEXT, in PATH and then in its own directory", async () => {
      const directory = directoryWith({ "here.bat": "@exit /b 5\n" });
      for (const name of ["here", "HERE.BAT", ".\\here", "./here.bat"]) {
        const { code } = await sidecarExe(["--exec", name], { directory });
        expect(code, name).toBe(5);
      }
      const { code } = await sidecarExe(["--exec", "cmd", "/c", "exit 6"]);
      expect(code).toBe(6);
    });

    it("that is a batch file gets its arguments; none of them is run", async () => {
      const directory = directoryWith({ "a b.cmd": `@"${show}" show %*\n` });
      const words = ["x & echo intruder", "a|b", "<c>", "^", 'q"r', "", "end\\", "ü"];
      const { stdout } = await sidecarExe(["--exec", ".\\a b.cmd", ...words], {
        directory,
      });
      expect(shown(stdout).words).toEqual(["show", ...words]);
      const refused = await sidecarExe(["--exec", ".\\a b.cmd", "one\ntwo"], {
        directory,
      });
      expect(refused.code).toBe(126);
      expect(refused.stderr).toContain("error[program-argument-unquotable]");
    });

    it("inherits sidecar's standard input", async () => {
      const { stdout } = await sidecarExe(["--exec", show, "copy"], {
        input: "one\ntwo\n",
      });
      expect(stdout).toBe("one\ntwo\n");
    });
  });

  describe("words", () => {
    it.each([
      ["C:\\windows", ["C:\\windows"]],
      ["Z:\\no such\\file", ["Z:\\no", "such\\file"]],
      ['"a b" c\\"d', ["a b", 'c"d']],
      ['["a b", "c"]', ["a b", "c"]],
    ])("of a variable: %j", async (value, words) => {
      const { stdout } = await sidecarExe(["--exec", show, "show", "${value}"], {
        environment: { VALUE: value },
      });
      expect(shown(stdout).words).toEqual(["show", ...words]);
    });

    it("take a file with blanks in its name as one", async () => {
      const directory = directoryWith({ "a b.txt": "" });
      const { stdout } = await sidecarExe(["--exec", show, "show", "${FILE}"], {
        environment: { FILE: "a b.txt" },
        directory,
      });
      expect(shown(stdout).words).toEqual(["show", "a b.txt"]);
    });

    it("are never taken apart by a shell", async () => {
      const { stdout } = await sidecarExe([
        ...["--exec", show, "show"],
        ...["%PATH%", "$(dir)", "`dir`", "*", "$${A}"],
      ]);
      expect(shown(stdout).words.slice(1)).toEqual([
        ...["%PATH%", "$(dir)", "`dir`", "*", "${A}"],
      ]);
    });

    it("refuse a quote that is not closed, and an unset variable", async () => {
      const open = await sidecarExe(["--exec", show, "${V}"], {
        environment: { V: 'a "b' },
      });
      expect(open.stderr).toContain("error[words-quote]");
      const unset = await sidecarExe(["--exec", show, "${V}"]);
      expect(unset.stderr).toContain("error[variable-unset]");
      expect([open.code, unset.code]).toEqual([125, 125]);
    });
  });

  describe("activation", () => {
    it("by a .env file", async () => {
      const { variables } = await activated("x.env", {
        "x.env": '\ufeffMARKED=yes\n# comment\nONE=1\nTWO="<${one}>"\nkept=changed\n',
      });
      expect(variables).toMatchObject({ MARKED: "yes", ONE: "1", TWO: "<1>" });
      // One variable, whose name may be written in any case.
      const kept = Object.entries(variables).filter(([name]) => /^kept$/i.test(name));
      expect(kept.map(([, value]) => value)).toEqual(["changed"]);
    });

    it.each(["act.bat", "a b & c^.cmd"])("by %s", async (name) => {
      const text = "@echo off\nset ONE=a b\nset Kept=\necho said\n";
      const { variables, stderr, words } = await activated(
        `.\\${name}`,
        { [name]: text },
        ["${one}"],
      );
      expect(stderr).toContain("said");
      expect(variables["ONE"]).toBe("a b");
      expect(words).toEqual(["show", "a", "b"]);
      expect(Object.keys(variables).map((key) => key.toUpperCase())).not.toContain(
        "KEPT",
      );
    });

    it("by a command line", async () => {
      const { variables } = await activated("set ONE=a b& set TWO=(x86)");
      expect(variables).toMatchObject({ ONE: "a b", TWO: "(x86)", Kept: "as it was" });
    });

    it("changes nothing else", async () => {
      const before = await activated("");
      const after = await activated("set ONE=1");
      const { ONE: _, ...rest } = after.variables;
      const less = ({ [variable("ACTIVATE")]: _value, ...others }: typeof rest) =>
        Object.fromEntries(
          Object.entries(others).filter(([name]) => !name.startsWith("=")),
        );
      expect(less(rest)).toEqual(less(before.variables));
    });

    it("carries over what is no valid Unicode", async () => {
      const odd = "\ud800x\udc80";
      const line = `"${windowsPath(product)}" --runenv=R,0 --exec "${show}" show`;
      const { stdout, stderr } = await runProbe([
        "run",
        ...[line, "ODD", odd, variable("ACTIVATE"), "set ONE=1"].map(hexadecimal),
      ]);
      expect(stderr).toBe("");
      expect(shown(stdout).variables).toMatchObject({ ODD: odd, ONE: "1" });
    });

    it.each([
      [".\\act.bat", "@exit /b 9\n", "activation-failed", "status 9"],
      [".\\act.bat", "@exit 9\n", "activation-failed", "status 9"],
      [".\\act.bat", "@exit 0\n", "activation-incomplete", ""],
      ["no-such-command", "", "activation-failed", "no-such-command"],
      ["C:\\no\\such.bat", "", "activation-file-missing", "such.bat"],
      ["set A=1\nset B=2", "", "activation-command-invalid", "more than one line"],
      [".\\act.txt", "", "activation-shell-unknown", "act.txt"],
    ])("%j with %j fails: %s", async (value, text, word, said) => {
      const { code, stderr, stdout } = await activated(value, {
        "act.bat": text,
        "act.txt": "",
      });
      expect({ code, stdout }).toEqual({ code: 123, stdout: "" });
      expect(stderr).toContain(`error[${word}]`);
      expect(stderr).toContain(said);
    });

    it("that lasts too long is ended, with all that it started", async () => {
      const mark = `mark-${crypto.randomUUID()}`;
      const { code, stderr } = await sidecarExe(
        ["--activate-timeout=2s", "--grace=0s", "--runenv=R,0", "--exec", show],
        { environment: { [variable("ACTIVATE")]: `"${show}" tree ${mark}` } },
      );
      expect(code).toBe(123);
      expect(stderr).toContain("error[activation-timeout]");
      await until(() => !isWaiting(mark), "the grandchild's end");
    });

    it("is said by --explain, which runs nothing", async () => {
      const { stdout } = await sidecarExe(
        ["--explain", "--runenv=R,0", "--exec", "${P}", "x"],
        { environment: { [variable("ACTIVATE")]: "exit 1", P: "cmd" } },
      );
      expect(stdout).toMatch(
        /^activation {2}C:\\windows\\system32\\cmd\.exe runs exit 1/m,
      );
      expect(stdout).toMatch(/^program {5}C:\\windows\\system32\\cmd\.exe/im);
    });
  });

  it("storage must be an absolute path of Windows", async () => {
    const storage = "DA__P7__PCLUSTER__STORAGE__X";
    const at = (path: string) =>
      sidecarExe(["--exec", show, "exit", "4"], { environment: { [storage]: path } });
    expect((await at("C:\\windows")).code).toBe(4);
    expect((await at("\\windows")).stderr).toContain("error[storage-not-absolute]");
    expect((await at("C:\\windows\\win.ini")).stderr).toContain("storage-missing");
  });

  describe("streams", () => {
    it("are redirected, emptied first or kept with --append", async () => {
      const directory = directoryWith({ "o.txt": "before\n" });
      const both = ["--stdout=o.txt", "--stderr=o.txt", "--exec", show, "write"];
      const text = () => readFileSync(join(directory, "o.txt"), "utf8");
      await sidecarExe(["--append", ...both], { directory });
      expect(text()).toMatch(/^before\r\nto stdout\r?\nto stderr\r?\n$/);
      await sidecarExe(both, { directory });
      expect(text()).toMatch(/^to stdout\r?\nto stderr\r?\n$/);
    });

    it("are copied by --tee", async () => {
      const directory = workspace();
      const { stdout, stderr } = await sidecarExe(
        ["--tee", "--stdout=o.txt", "--stderr=e.txt", "--exec", show, "write"],
        { directory },
      );
      expect([stdout.trim(), stderr.trim()]).toEqual(["to stdout", "to stderr"]);
      expect(readFileSync(join(directory, "o.txt"), "utf8")).toBe(stdout);
      expect(readFileSync(join(directory, "e.txt"), "utf8")).toBe(stderr);
    });

    it("cannot be limited", async () => {
      const { code, stderr } = await sidecarExe(
        ["--max-output=1m", "--stdout=o.txt", "--exec", show, "write"],
        { directory: workspace() },
      );
      expect({ code, codes: messageCodes(stderr) }).toEqual({
        code: 125,
        codes: ["max-output-unavailable"],
      });
    });

    it("lose nothing by --tee, however much it is", async () => {
      const directory = directoryWith({
        "much.bat": "@for /L %%i in (1,1,20000) do @echo line %%i of what is much\n",
      });
      const { stdout } = await sidecarExe(
        ["--tee", "--stdout=o.txt", "--exec", "much.bat"],
        { directory },
      );
      expect(stdout.split("\n").length).toBe(20_001);
      expect(readFileSync(join(directory, "o.txt"), "utf8")).toBe(stdout);
    });

    it("that cannot be opened are refused", async () => {
      const directory = workspace();
      const into = (path: string) =>
        sidecarExe([`--stdout=${path}`, "--exec", show], { directory });
      expect((await into("C:\\windows")).stderr).toContain("error[stream-directory]");
      const missing = await into("no\\such\\o.txt");
      expect(missing.stderr).toContain("there is no directory no\\such");
      expect(missing.code).toBe(125);
    });
  });

  describe("ends", () => {
    it("by --timeout, with every grandchild", async () => {
      const mark = `mark-${crypto.randomUUID()}`;
      const directory = workspace();
      const { code, stderr } = await sidecarExe(
        ["--result=r.json", "--timeout=2s", "--grace=0s", "--exec", show, "tree", mark],
        { directory },
      );
      expect(code).toBe(124);
      expect(stderr).toContain("error[block-timeout]");
      const record = JSON.parse(readFileSync(join(directory, "r.json"), "utf8"));
      expect(record.exit.cause).toBe("timeout");
      await until(() => !isWaiting(mark), "the grandchild's end");
    });

    it("what a block leaves behind, and keeps its exit code", async () => {
      const mark = `mark-${crypto.randomUUID()}`;
      const { code } = await sidecarExe([
        ...["--grace=0s", "--exec", show, "tree", mark, "leave"],
      ]);
      expect(code).toBe(3);
      await until(() => !isWaiting(mark), "the grandchild's end");
    });

    it("the block when sidecar itself is killed", async () => {
      const mark = `mark-${crypto.randomUUID()}`;
      const { child, ended } = startSidecarExe(["--exec", show, "tree", mark]);
      await until(() => isWaiting(mark), "the grandchild's start");
      child.kill("SIGKILL");
      await ended;
      await until(() => !isWaiting(mark), "the grandchild's end");
    });
  });

  it("is not led astray by files of the directory", async () => {
    const directory = directoryWith({
      ".env": "INTRUDER=1\nPATH=/nowhere\n",
      "bunfig.toml": 'preload = ["./intruder.ts"]\n',
      "intruder.ts": 'console.log("intruder"); process.exit(9);\n',
      "tsconfig.json": "not even JSON",
      "package.json": '{"type": "commonjs", "main": "./intruder.ts"}',
    });
    const { stdout, code } = await sidecarExe(["--exec", show], { directory });
    expect(code).toBe(0);
    expect(stdout).not.toContain("intruder");
    expect(shown(stdout).variables["INTRUDER"]).toBeUndefined();
  });

  it.each([
    ["BUN_OPTIONS", "--version"],
    ["BUN_OPTIONS", "--preload=./intruder.ts"],
    ["BUN_BE_BUN", "1"],
    ["BUN_INSPECT", "127.0.0.1:0/x"],
    ["BUN_FEATURE_FLAG_NO_ORPHANS", "1"],
    ["NODE_OPTIONS", "--nonsense"],
    ["NODE_PATH", "C:\\nowhere"],
  ])("is not led astray by %s=%s, which the block gets", async (name, value) => {
    const directory = directoryWith({ "intruder.ts": "process.exit(9);\n" });
    const environment = { [name]: value };
    const result = await sidecarExe(["--exec", show], { environment, directory });
    expect({ code: result.code, stderr: result.stderr }).toEqual({
      code: 0,
      stderr: "",
    });
    expect(result.stdout).toMatch(/^d /);
    expect(shown(result.stdout).variables[name]).toBe(value);
  });

  it("speaks JSON, and only of errors with --quiet", async () => {
    const { stderr } = await sidecarExe(["--quiet", "--log=json", "--exec", "no-such"]);
    expect(JSON.parse(stderr)).toMatchObject({ code: "program-not-found" });
  });
});

describeWhere(windowsNeeds, "sidecar.exe install", () => {
  beforeAll(prepareWine);

  const sum = (file: string) =>
    new Bun.CryptoHasher("sha256").update(readFileSync(file)).digest("hex");

  it("copies itself, whole, and leaves the same alone", async () => {
    const directory = workspace();
    const first = await sidecarExe(["install", "in ü\\"], { directory });
    expect(messageCodes(first.stderr)).toEqual(["install-directory-missing"]);
    expect(first.code).toBe(125);
    mkdirSync(join(directory, "in ü"));
    const { stdout, code } = await sidecarExe(["install", "in ü\\"], { directory });
    const copy = join(directory, "in ü/sidecar.exe");
    expect(code).toBe(0);
    expect(stdout).toContain(sum(product));
    expect(sum(copy)).toBe(sum(product));
    expect(readdirSync(join(directory, "in ü"))).toEqual(["sidecar.exe"]);
    const again = await sidecarExe(["install", "in ü"], { directory });
    expect(again.stdout).toContain("left alone");
  });

  it("replaces what was there, and removes what an earlier one left", async () => {
    const directory = workspace();
    writeFileSync(join(directory, "tool.exe"), "old");
    writeFileSync(join(directory, ".sidecar-install-0123456789abcdef"), "half");
    const { code } = await sidecarExe(["install", "tool.exe"], { directory });
    expect(code).toBe(0);
    expect(sum(join(directory, "tool.exe"))).toBe(sum(product));
    expect(readdirSync(directory)).toEqual(["tool.exe"]);
  });

  it("and --version --verbose tell which file it is", async () => {
    const { stdout, code } = await sidecarExe(["--version", "--verbose"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^target: windows-x64\r?$/m);
    expect(stdout).toMatch(/^build: dynamic\r?$/m);
    expect(stdout).toMatch(/^executable: .*\\sidecar\.exe\r?$/m);
    expect(stdout).toContain(`SHA-256: ${sum(product)}`);
  });
});

describeWhere(windowsNeeds, "docs/windows.md", () => {
  beforeAll(prepareWine);

  it("has commands that work", async () => {
    const page = readFileSync(join(root, "docs/windows.md"), "utf8");
    const lines = /^```bat\n(.*?)^```/ms.exec(page)![1]!.trim().split("\n");
    const set = lines.flatMap((line) => {
      const match = /^setx \/M (\S+) "(.*)"$/.exec(line);
      return match ? [[match[1]!, match[2]!] as const] : [];
    });
    for (const folder of ["runenvs/python3/Scripts", "work/42"])
      mkdirSync(join(driveC, folder), { recursive: true });
    // A Python that says only that it is one, where the activation finds it.
    const scripts = join(driveC, "runenvs/python3/Scripts");
    writeFileSync(join(scripts, "activate.bat"), "@set PATH=%~dp0;%PATH%\r\n");
    writeFileSync(join(scripts, "python.bat"), "@echo python %*\r\n");
    const directory = workspace();
    writeFileSync(join(directory, "train.bat"), "@echo trained\r\n");
    const outputs: string[] = [];
    for (const line of lines.filter((text) => text.startsWith("sidecar "))) {
      const { code, stdout, stderr } = await sidecarExe(line.split(" ").slice(1), {
        environment: Object.fromEntries(set),
        directory,
      });
      expect({ code, stderr }, line).toEqual({ code: 0, stderr: "" });
      outputs.push(stdout.trim());
    }
    expect(outputs).toEqual(["", "trained"]);
    const written = readFileSync(join(driveC, "work/42/out.txt"), "utf8");
    expect(written.trim()).toBe("python block.py");
  });
});

describeWhere(
  { ...windowsNeeds, script: has("script") },
  "on a console, sidecar.exe",
  () => {
    beforeAll(prepareWine);

    it("ends the block when Ctrl-C is typed", async () => {
      const directory = workspace();
      const record = join(directory, "r.json");
      const words = ["--result=r.json", "--stdout=o.txt", "--exec", show, "attend"];
      const terminal = Bun.spawn(["script", "-qec", shellCommand(words), "/dev/null"], {
        cwd: directory,
        stdin: "pipe",
        stdout: "ignore",
      });
      // Not before: Ctrl-C can stop Wine itself while it starts a process.
      const said = () => readFileSync(join(directory, "o.txt"), "utf8");
      await until(() => said().includes("attending"), "its start");
      terminal.stdin.write("\x03");
      terminal.stdin.flush();
      const finished = () => readFileSync(record, "utf8").includes('"finished"');
      await until(finished, "its end");
      terminal.stdin.end();
      await terminal.exited;
      const { exit, message } = JSON.parse(readFileSync(record, "utf8"));
      expect(exit.cause).toBe("cancelled");
      expect(message).toContain("SIGINT");
    });
  },
);

describeWhere(windowsNeeds, "sidecar.exe freeze", () => {
  beforeAll(prepareWine);

  it("is refused: there is nothing of the kind on Windows", async () => {
    const { stderr, code } = await sidecarExe(["freeze"]);
    expect(messageCodes(stderr)).toEqual(["freeze-impossible"]);
    expect(code).toBe(125);
  });
});
