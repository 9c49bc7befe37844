/** `sidecar freeze`: what it freezes, what it refuses, and what it leaves behind. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Image, nameOf, script } from "./support/freezing.ts";
import { asPlatformUser, describeWhere, has, isRoot } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import {
  codesBut,
  homeOfPlatformUser,
  run,
  sidecar,
  smallEnvironment,
  start,
  until,
  workspace,
} from "./support/sidecar.ts";
import { hasStrace, tamperedWith } from "./support/tracing.ts";

describe("what is frozen", () => {
  it.each<[string, string, string[]]>([
    ["constants", "export B=2 A=1", ["set A any 1", "set B any 2"]],
    ["what is unset", "unset OLD", ["unset OLD any"]],
    [
      "edits of what was there",
      "export PATH=/x:$PATH LIST=$LIST:/z",
      [
        "set LIST unset,empty :/z",
        "set LIST filled ${LIST}:/z",
        expect.stringMatching(/^set PATH unset \/x:/),
        "set PATH empty /x:",
        "set PATH filled /x:${PATH}",
      ] as string[],
    ],
    [
      "what differs where it is not there",
      "export NONE=/z${NONE:+:$NONE}",
      ["set NONE unset,empty /z", "set NONE filled /z:${NONE}"],
    ],
    [
      "entries of PATH under HOME, as such",
      "export PATH=$HOME/.local/bin:$PATH A=$(basename /x/y)",
      [
        "set A any y",
        expect.stringMatching(/^set PATH unset \$\{HOME\}/),
        "refuse PATH empty",
        "set PATH filled ${HOME}/.local/bin:${PATH}",
      ] as string[],
    ],
    [
      "what it depends on",
      'case $OLD in old) export A=1;; esac; [ "$X$Y" = "" ] && export B=1; :',
      [
        "set A any 1",
        "set B any 1",
        expect.stringMatching(/^same [0-9a-f]{64} OLD$/),
        "refuse OLD unset,empty",
        "refuse X filled",
        "refuse Y filled",
      ] as string[],
    ],
    [
      "values that a script looks for",
      "case $MODE in slow) ;; fast) export A=1;; esac",
      ["refuse MODE filled"],
    ],
  ])("%s", async (_, command, lines) => {
    const image = new Image(command, { OLD: "old", LIST: "/l" });
    const { stderr, code } = await image.freeze();
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(image.lines).toEqual(lines);
  });

  it("what only several variables do together", async () => {
    const command = '[ -n "$OLD" ] || [ -n "$LIST" ] || export A=1; :';
    const image = new Image(command, { OLD: "old", LIST: "/l" });
    await image.freeze();
    expect((await image.run({ OLD: "x", LIST: "y" })).code).toBe(0);
    const { code, stderr } = await image.run({ OLD: "", LIST: "" });
    expect(codesBut(stderr)).toEqual(["activation-frozen-changed"]);
    expect(code).toBe(123);
  });

  it("is told in one line, without values", async () => {
    const file = script("export TOOL_HOME=/opt/tool API_TOKEN=hush\n");
    const image = new Image(file);
    const { stdout } = await image.freeze();
    const parts = stdout.replace(/\n$/, "").split("; ");
    expect(parts).toEqual([
      expect.stringMatching(/^T: frozen in \S+, \d+ bytes: API_TOKEN, TOOL_HOME$/),
      expect.stringMatching(
        /^as long as these are the same: the value, \S+\/activate\.sh$/,
      ),
      expect.stringMatching(/^the shell took [\d.]+ ms$/),
    ]);
    expect(stdout).not.toContain("hush");
  });

  it("are the same bytes again, and nothing is written then", async () => {
    const image = new Image("export A=1 PATH=/x:$PATH B=$HOME", { V: "v", W: "" });
    await image.freeze();
    const [first, time] = [readFileSync(image.frozen), statSync(image.frozen).mtimeMs];
    await image.freeze();
    expect(readFileSync(image.frozen)).toEqual(first);
    expect(statSync(image.frozen).mtimeMs).toBe(time);
  });

  it("has mode 0644, its directory 0755, whatever the umask", async () => {
    const image = new Image("export A=1");
    const place = join(image.directory, "a/b/T");
    const environment = { ...image.environment, [nameOf.frozen]: place };
    const { code } = await run(["sh", "-c", 'umask 077; "$0" freeze', executable], {
      environment,
    });
    expect(code).toBe(0);
    for (const [path, mode] of [["a/b/T", 0o644] as const, ["a/b", 0o755] as const])
      expect(statSync(join(image.directory, path)).mode & 0o7777).toBe(mode);
  });

  it("concerns the runenvs that are named, or all that need a shell", async () => {
    const directory = workspace();
    const environment = {
      ...smallEnvironment,
      DA__P7__RUNENV__A__ACTIVATE: "export A=1",
      DA__P7__RUNENV__A__FROZEN: join(directory, "a"),
      DA__P7__RUNENV__B__ACTIVATE: "export A=2",
      DA__P7__RUNENV__B__FROZEN: join(directory, "b"),
      DA__P7__RUNENV__C__ACTIVATE: "/opt/c.env",
      DA__P7__RUNENV__D__EXECUTE: "cobc",
    };
    const one = await sidecar(["freeze", "b"], { environment });
    expect(one.stdout).toMatch(/^B: frozen in .*\n$/);
    expect(readdirSync(directory)).toEqual(["b"]);
    const { stdout } = await sidecar(["freeze"], { environment });
    expect(stdout).toMatch(/^A: frozen in .*\nB: frozen in .*\nC: .*\nD: .*\n$/);
    expect(stdout).toContain("C: nothing to freeze: a .env file needs no shell\n");
    expect(stdout).toContain("D: nothing to freeze: there is nothing to do\n");
    expect(readdirSync(directory).sort()).toEqual(["a", "b"]);
  });

  it("watches further files that are named", async () => {
    const settings = script("a", "settings");
    const image = new Image(`export A=$(cat ${settings})`);
    expect((await image.freeze(`--input=${settings}`)).code).toBe(0);
    writeFileSync(settings, "b");
    const { stderr, code } = await image.run();
    expect(code).toBe(123);
    expect(stderr).toContain(`${settings} has changed`);
  });
});

/** The image is refused, and nothing is written. */
async function expectRefusal(
  image: Image,
  code: string,
  text: string | RegExp,
  words: string[] = [],
) {
  const result = await image.freeze(...words);
  expect(codesBut(result.stderr)).toEqual([code]);
  expect(result.stderr).toMatch(text);
  expect(result.stdout).toBe("");
  expect(existsSync(image.frozen)).toBe(false);
  return result;
}

describe("what differs is refused by name:", () => {
  it.each<[string, string]>([
    ["random numbers", "export WHEN=$(od -An -N8 -tx8 /dev/urandom)"],
    ["the time", "export WHEN=$(date +%s)"],
    ["a process id", "export WHEN=$$"],
    ["the block's directory", "export WHEN=$(pwd)"],
    ["HOME, disguised", "export WHEN=$(echo $HOME | tr / _)"],
    ["a file of its own", "export WHEN=$(mktemp -u)"],
  ])("%s", async (_, command) => {
    const image = new Image(`export CONSTANT=1; ${command}`);
    const { code } = await expectRefusal(image, "freeze-differs", /values to WHEN\n/);
    expect(code).toBe(125);
  });

  describeWhere({ root: isRoot }, "as only root can find out:", () => {
    it.each<[string, string]>([
      ["the user id", "export WHO=$(id -u)"],
      ["whether it is root", '[ "$(id -u)" != 0 ] || export WHO=root'],
    ])("%s", async (_, command) => {
      await expectRefusal(new Image(command), "freeze-differs", /values to WHO\n/);
    });

    it("what the host is called", async () => {
      const name = hostname();
      const image = new Image("export WHO=$(uname -n)-1");
      await expectRefusal(image, "freeze-differs", /values to WHO\n/);
      const copied = new Image(`export WHO=27000@${name}`);
      if (!name.startsWith("localhost"))
        await expectRefusal(copied, "freeze-differs", `this host, ${name}, into WHO`);
    });

    it("what the host is called, by the second of two runenvs", async () => {
      const image = new Image("export WHO=$(uname -n)-1", {
        DA__P7__RUNENV__FIRST__ACTIVATE: "export CONSTANT=1",
        DA__P7__RUNENV__FIRST__FROZEN: join(workspace(), "FIRST"),
      });
      await expectRefusal(image, "freeze-differs", /of T cannot.* values to WHO\n/);
    });
  });

  describeWhere({ processors: availableParallelism() > 1 }, "on several:", () => {
    it("the number of processors", async () => {
      const image = new Image("export OMP_NUM_THREADS=$(nproc)");
      await expectRefusal(image, "freeze-differs", /values to OMP_NUM_THREADS\n/);
    });
  });
});

describe("what cannot be frozen is refused by its reason:", () => {
  it.each<[string, string, RegExp]>([
    ["a process that stays", "sleep 600 &", /leaves a process running/],
    [
      "one that has gone its own way",
      "(setsid sleep 600 </dev/null >/dev/null 2>&1 &)",
      /leaves a process running/,
    ],
    ["output", "echo 'please wait'; export A=1", /prints something.*: please wait/],
    ["a file in HOME", "mkdir $HOME/.tool; export A=1", /makes \.tool in HOME/],
    ["a file in the block's directory", "touch lock", /makes lock in the block's dir/],
    ["a secret", "export DB_PASSWORD=$(echo h''ush)", /DB_PASSWORD may be a secret/],
  ])("%s", async (_, command, text) => {
    const { stderr, code } = await expectRefusal(
      new Image(command),
      "freeze-impossible",
      text,
    );
    expect(stderr).not.toContain("hush");
    expect(code).toBe(125);
  });

  it("a file of any directory", async () => {
    const directory = workspace();
    writeFileSync(join(directory, "on.sh"), "export A=1\n");
    const image = new Image("./on.sh");
    const { stderr } = await sidecar(["freeze"], {
      environment: image.environment,
      directory,
    });
    // No user is in that directory when it is tried.
    expect(stderr).toMatch(/error\[freeze-impossible\].*another file in another dir/);
  });

  it.each<[string, string]>([
    ["exit 3", "activation-failed"],
    ["exit 0", "activation-incomplete"],
    ["/no/such/file.sh", "activation-file-missing"],
  ])("an activation that fails: %s", async (command, message) => {
    const { code } = await expectRefusal(new Image(command), message, "");
    expect(code).toBe(123);
  });

  it("no place to be", async () => {
    for (const place of ["", "relative/T"]) {
      const image = new Image("export A=1");
      const { stderr } = await sidecar(["freeze"], {
        environment: { ...image.environment, [nameOf.frozen]: place },
      });
      expect(codesBut(stderr)).toEqual(["freeze-impossible"]);
    }
  });

  it("an image without runenvs", async () => {
    const { stderr, code } = await sidecar(["freeze"]);
    expect(codesBut(stderr)).toEqual(["freeze-impossible"]);
    expect(code).toBe(125);
  });

  it("of several runenvs, all", async () => {
    const image = new Image("export A=1");
    const { stderr } = await sidecar(["freeze"], {
      environment: { ...image.environment, DA__P7__RUNENV__U__ACTIVATE: "exit 1" },
    });
    expect(codesBut(stderr)).toEqual(["activation-failed"]);
    expect(existsSync(image.frozen)).toBe(false);
  });

  it("a place where nobody may write", async () => {
    const image = new Image("export A=1");
    mkdirSync(image.frozen);
    const { stderr, code } = await image.freeze();
    expect(codesBut(stderr)).toEqual(["freeze-unwritable"]);
    expect(readdirSync(image.directory)).toEqual(["T.frozen"]);
    expect(code).toBe(125);
  });

  it.each<[string[], string]>([
    [["NOSUCH"], "runenv-unknown"],
    [[""], "runenv-invalid"],
    [["T,1"], "runenv-invalid"],
    [["--check=1"], "option-value-invalid"],
    [["--chek"], "option-unknown"],
    [["--input"], "option-value-missing"],
    [["--input=/no/such"], "option-value-invalid"],
    [["--input=relative"], "option-value-invalid"],
    [["--input=/dev/null"], "option-value-invalid"],
    [["--check", "--remove"], "option-conflict"],
    [["--check", "--input=/x"], "option-conflict"],
  ])("%j", async (words, code) => {
    await expectRefusal(new Image("export A=1"), code, "", words);
  });
});

describe("--check", () => {
  it("says whether all is as it was", async () => {
    const file = script("export A=1\n");
    const image = new Image(file);
    const none = await image.freeze("--check");
    expect(codesBut(none.stderr)).toEqual(["activation-frozen-unreadable"]);
    await image.freeze();
    const { stdout, code } = await image.freeze("--check");
    expect(stdout).toBe("T: frozen, and nothing has changed\n");
    expect(code).toBe(0);
    writeFileSync(file, "export A=2\n");
    const changed = await image.freeze("--check");
    expect(codesBut(changed.stderr)).toEqual(["activation-frozen-changed"]);
    expect(changed.code).toBe(123);
  });

  it("says where no variable names it, and none is there", async () => {
    const { stderr, code } = await sidecar(["freeze", "--check"], {
      environment: {
        ...smallEnvironment,
        DA__P7__RUNENV__NOWHERE__ACTIVATE: "export A=1",
      },
    });
    expect(codesBut(stderr)).toEqual(["freeze-missing"]);
    expect(code).toBe(125);
  });
});

it("--remove undoes it", async () => {
  const image = new Image("export A=1");
  await image.freeze();
  const { stdout } = await image.freeze("--remove");
  expect(stdout).toBe(`T: ${image.frozen} is removed\n`);
  expect(readdirSync(image.directory)).toEqual([]);
  expect((await image.freeze("--remove")).stdout).toBe("T: was not frozen\n");
});

describeWhere({ root: isRoot, setpriv: has("setpriv") }, "who is not root", () => {
  it("freezes for himself", async () => {
    const image = new Image("export A=1 B=$HOME");
    const environment = { ...image.environment, HOME: homeOfPlatformUser() };
    const words = asPlatformUser(executable, "freeze");
    const { code, stderr } = await run(words, { environment });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(image.lines).toEqual(["set A any 1", "set B any ${HOME}"]);
  });

  it("may not write where root's are", async () => {
    const image = new Image("export A=1");
    chmodSync(image.directory, 0o755);
    const words = asPlatformUser(executable, "freeze");
    const { code, stderr } = await run(words, { environment: image.environment });
    expect(codesBut(stderr)).toEqual(["freeze-unwritable"]);
    expect(code).toBe(125);
  });
});

describeWhere({ root: isRoot }, "where users cannot start sidecar", () => {
  it("it says so", async () => {
    const image = new Image("export A=1");
    const place = join(image.directory, "private");
    mkdirSync(place, { mode: 0o700 });
    copyFileSync(executable, join(place, "sidecar"));
    const { stderr } = await run([join(place, "sidecar"), "freeze"], {
      environment: image.environment,
    });
    expect(codesBut(stderr)).toEqual(["freeze-impossible"]);
    expect(stderr).toContain("may not be executed by every user");
  });
});

describe("an interruption", () => {
  it("in the midst of an activation ends it, and leaves nothing", async () => {
    const image = new Image("sleep 600");
    const { child, ended } = start([executable, "freeze"], {
      environment: image.environment,
    });
    await until(() => {
      const { stdout } = Bun.spawnSync(["pgrep", "-P", String(child.pid)]);
      return stdout.length > 0;
    }, "the activation runs");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(128 + 15);
    expect(readdirSync(image.directory)).toEqual([]);
  });

  describeWhere({ strace: hasStrace }, "while it is written", () => {
    it.each(["TERM", "KILL"])("by SIG%s leaves the old one whole", async (signal) => {
      const image = new Image("export A=1");
      await image.freeze();
      const before = readFileSync(image.frozen);
      const environment = {
        ...image.environment,
        [nameOf.activate]: "export A=2",
      };
      for (const call of ["fchmod", "fsync", "rename"]) {
        const words = tamperedWith({ inject: [`${call}:signal=${signal}`] }, [
          "freeze",
        ]);
        await run(words, { environment });
        const after = readFileSync(image.frozen);
        // Whole, and what it was: only the last step changes that.
        if (call !== "rename") expect(after).toEqual(before);
        writeFileSync(image.frozen, before);
        const left = readdirSync(image.directory).filter((name) => name !== "T.frozen");
        if (signal === "TERM") expect(left).toEqual([]);
        expect(left.every((name) => name.startsWith(".sidecar-freeze-"))).toBe(true);
      }
      // What SIGKILL has left, the next one removes.
      await sidecar(["freeze"], { environment });
      expect(readdirSync(image.directory)).toEqual(["T.frozen"]);
      expect(readFileSync(image.frozen, "utf8")).toContain("set A any 2\n");
    });

    it.each(["fsync:error=EIO", "rename:error=EROFS"])(
      "%s leaves the old one whole, and says so",
      async (fault) => {
        const image = new Image("export A=1");
        await image.freeze();
        const before = readFileSync(image.frozen);
        const { stderr, code } = await run(
          tamperedWith({ inject: [fault] }, ["freeze"]),
          { environment: { ...image.environment, [nameOf.activate]: "export A=2" } },
        );
        expect(codesBut(stderr)).toEqual(["freeze-unwritable"]);
        expect(code).toBe(125);
        expect(readFileSync(image.frozen)).toEqual(before);
        expect(readdirSync(image.directory)).toEqual(["T.frozen"]);
      },
    );
  });
});

it("a disk that is full leaves the old one whole", async () => {
  const image = new Image("export A=1");
  await image.freeze();
  const before = readFileSync(image.frozen);
  const { stderr, code } = await run(
    ["sh", "-c", 'ulimit -f 0; exec "$0" freeze', executable],
    { environment: { ...image.environment, [nameOf.activate]: "export A=2" } },
  );
  expect(codesBut(stderr)).toEqual(["freeze-unwritable"]);
  expect(code).toBe(125);
  expect(readFileSync(image.frozen)).toEqual(before);
  expect(readdirSync(image.directory)).toEqual(["T.frozen"]);
});

it.each([
  ["frozen", "export A=1", 4],
  ["refused", "mkdir -p $HOME/a/b; chmod 0 $HOME/a", 2],
])("leaves none of its own directories behind: %s", async (_, command, least) => {
  // Other files freeze at the same time: the activation says which are this one's.
  const places = join(workspace(), "places");
  writeFileSync(places, "");
  chmodSync(places, 0o666);
  const image = new Image(`echo "$HOME" "$PWD" >>${places}; ${command}`);
  await image.freeze();
  const used = new Set(readFileSync(places, "utf8").split(/\s+/).filter(Boolean));
  expect(used.size).toBeGreaterThanOrEqual(least);
  expect([...used].filter((place) => existsSync(place))).toEqual([]);
});
