/** A block whose activation is frozen: what it sees, and when it is refused. */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Image, nameOf, script } from "./support/freezing.ts";
import {
  asPlatformUser,
  describeWhere,
  has,
  hasNamespaces,
  isRoot,
  platformUser,
} from "./support/machine.ts";
import { sidecarAsUser } from "./support/namespace.ts";
import { executable } from "./support/paths.ts";
import { scratch } from "./support/roots.ts";
import {
  codesBut,
  homeOfPlatformUser,
  run,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";
import { hasStrace } from "./support/tracing.ts";

/** Frozen, and as it was: no shell is there any more. */
async function frozen(activate: string, variables: Record<string, string> = {}) {
  const image = new Image(activate, variables);
  const { code, stderr } = await image.freeze();
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return image;
}

describe("a frozen activation gives a block what the shell gave it:", () => {
  it.each<[string, string]>([
    ["values as they are", "export A=1 B='x y ' C= D='a=b='"],
    ["several lines", "export A='one\ntwo\n\n'"],
    ["any byte", "export A=\"$(printf '\\377\\376\\303(\\001\\033\\177')\""],
    ["characters that its file escapes", "export A='\\\\ \\n ${HOME} $${B} \\x41'"],
    ["UTF-8", "export A='größer 日本 \u2028 \ufeff'"],
    ["no value", "unset OLD NONE"],
    ["edits", "export PATH=/opt/a/bin:$PATH LIST=$LIST:/z"],
    ["lists that may be empty", "export LIST=/z${LIST:+:$LIST} NONE=/z${NONE:+:$NONE}"],
    ["references to other variables", 'export A="$HOME/.a" B="$OLD-$LIST-$OLD"'],
    ["a great deal", "a=0123456789; a=$a$a$a$a$a$a$a$a$a$a; export A=$a$a$a$a$a$a$a$a"],
    ["nothing", ": comment"],
  ])("%s", async (_, command) => {
    const image = await frozen(command, { OLD: "old", LIST: "/l:/m" });
    const [one, other] = await Promise.all([image.run(), image.runSourced()]);
    expect(one.stderr).toBe("");
    expect(one.variables).toEqual(other.variables);
    expect(one.code).toBe(0);
  });

  it.each(["/bin/sh", "/bin/bash"])("a virtual environment, by %s", async (shell) => {
    const directory = workspace();
    await run(["python3", "-m", "venv", "--without-pip", join(directory, "venv")]);
    const file = join(directory, "venv/bin/activate");
    const image = await frozen(script(`#!${shell}\n. ${file}\n`));
    for (const variables of [
      {},
      { PATH: "/mine:/usr/bin:/bin" },
      { VIRTUAL_ENV: "/v" },
    ]) {
      const [one, other] = [image.run(variables), image.runSourced(variables)];
      expect((await one).stderr).toBe("");
      // Some shells' own prompt ends otherwise for root: that is not frozen.
      const prompt = { PS1: expect.stringMatching(/^\(venv\) /) };
      const expected = (await other).variables;
      expect((await one).variables).toEqual({
        ...expected,
        ...("PS1" in expected ? prompt : {}),
      });
      expect((await one).variables["PATH"]).toMatch(`${directory}/venv/bin:`);
    }
  });
});

describeWhere({ strace: hasStrace }, "a frozen activation", () => {
  it("runs no shell", async () => {
    const log = join(workspace(), "log");
    const image = await frozen("export A=1");
    const { stdout } = await run(
      [
        ...["strace", "-f", "-e", "trace=execve", "-o", log],
        ...[executable, "--quiet", "--runenv=T,1", "--exec", "/usr/bin/env"],
      ],
      { environment: image.environment },
    );
    expect(stdout).toContain("A=1\n");
    const executed = readFileSync(log, "utf8").match(/execve\("[^"]+"/g);
    expect(executed).toEqual([`execve("${executable}"`, 'execve("/usr/bin/env"']);
  });
});

it("is used by words and by the search for the program", async () => {
  const directory = workspace();
  writeFileSync(join(directory, "tool"), "#!/bin/sh\necho tool $1\n", { mode: 0o755 });
  const image = await frozen(`export PATH=${directory}:$PATH A='from ice'`);
  const { stdout } = await sidecar(
    ["--quiet", "--runenv=T,1", "--exec", "tool", "<${A}>"],
    { environment: image.environment },
  );
  expect(stdout).toBe("tool <from ice>\n");
});

it("is what --explain shows, with what it sets", async () => {
  const image = await frozen("export TOOL=/opt/tool API_TOKEN=hush");
  const { stdout } = await sidecar(
    ["--explain", "--runenv=T,1", "--exec", "echo", "x${TOOL}", "${API_TOKEN}"],
    { environment: image.environment },
  );
  expect(stdout).toContain(`activation  frozen in ${image.frozen}\n`);
  expect(stdout).toContain('["echo","x/opt/tool","<API_TOKEN: not shown>"]');
  expect(stdout).not.toContain("hush");
});

describe("what was frozen for one user holds for another:", () => {
  it("another HOME, PATH and USER at run time", async () => {
    const image = await frozen(
      'export PATH="$HOME/bin:/opt/t:$PATH" WHO=$USER-$LOGNAME',
    );
    const variables = { HOME: "/home/me", USER: "me", LOGNAME: "myself", PATH: "/bin" };
    const one = await image.run(variables);
    expect(one.variables).toMatchObject({
      PATH: "/home/me/bin:/opt/t:/bin",
      WHO: "me-myself",
    });
    expect(one.variables).toEqual((await image.runSourced(variables)).variables);
  });

  describeWhere({ root: isRoot, setpriv: has("setpriv") }, "a user id", () => {
    it("of the platform, whom nobody knows", async () => {
      const image = await frozen('export CACHE="$HOME/.cache" WHO=$USER');
      const HOME = homeOfPlatformUser();
      const { variables, stderr } = await image.run({ HOME }, asPlatformUser());
      expect(stderr).toBe("");
      expect(variables).toMatchObject({
        HOME,
        CACHE: `${HOME}/.cache`,
        WHO: `user${platformUser}`,
      });
    });
  });
});

/** What a block is refused by. */
async function expectRefusal(
  image: Image,
  code: string,
  text: string | RegExp,
  variables: Record<string, string> = {},
  around: readonly string[] = [],
) {
  const result = await image.run(variables, around);
  expect(codesBut(result.stderr)).toEqual([`activation-frozen-${code}`]);
  expect(result.stderr).toMatch(text);
  expect(result.code).toBe(123);
  expect(result.stdout).toBe("");
}

describe("a block is refused where things have changed:", () => {
  it("the file that is sourced", async () => {
    const file = script("export A=1\n");
    const image = await frozen(file);
    appendFileSync(file, "export A=2\n");
    await expectRefusal(image, "changed", `${file} has changed`);
  });

  it("not by its time alone, nor by its owner", async () => {
    const file = script("export A=1\n");
    const image = await frozen(file);
    copyFileSync(file, `${file}.copy`);
    renameSync(`${file}.copy`, file);
    expect((await image.run()).variables["A"]).toBe("1");
  });

  it("the file is gone, or may not be read", async () => {
    const file = script("export A=1\n");
    const image = await frozen(file);
    renameSync(file, `${file}.away`);
    await expectRefusal(image, "changed", /cannot be read: No such file/);
  });

  it("a file that the file sources in turn", async () => {
    const inner = script("export A=1\n", "inner.sh");
    const image = await frozen(script(`if true; then . "${inner}"; fi\n`, "outer.sh"));
    writeFileSync(inner, "export A=2\n");
    await expectRefusal(image, "changed", `${inner} has changed`);
  });

  it("the value", async () => {
    const image = await frozen("export A=1");
    await expectRefusal(image, "changed", /__ACTIVATE is another/, {
      [nameOf.activate]: "export A=2",
    });
  });

  it("the runenv", async () => {
    const image = await frozen("export A=1");
    const { stderr, code } = await sidecar(["--runenv=U,1", "--exec", "true"], {
      environment: {
        ...smallEnvironment,
        DA__P7__RUNENV__U__ACTIVATE: "export A=1",
        DA__P7__RUNENV__U__FROZEN: image.frozen,
      },
    });
    expect(stderr).toContain("error[activation-frozen-changed]");
    expect(stderr).toContain("the runenv was T");
    expect(code).toBe(123);
  });

  it("a variable that it depends on, and says which, not its value", async () => {
    const image = await frozen("case $MY_KEY in a*) export A=1;; esac", {
      MY_KEY: "abc-hush",
    });
    expect((await image.run()).variables["A"]).toBe("1");
    expect(readFileSync(image.frozen, "utf8")).not.toContain("hush");
    await expectRefusal(image, "changed", /variable MY_KEY has another value/, {
      MY_KEY: "b-hush",
    });
    await expectRefusal(image, "changed", /variable MY_KEY is empty/, { MY_KEY: "" });
  });

  it("a variable was not there, and now is", async () => {
    const image = await frozen('[ -z "$DEBUG" ] || export A=1');
    await expectRefusal(image, "changed", /DEBUG is filled/, { DEBUG: "yes" });
  });

  it("HOME is not there to refer to", async () => {
    const image = await frozen('export A="$HOME/a"');
    const { HOME: _, ...environment } = image.environment;
    const { stderr } = await sidecar(["--runenv=T,1", "--exec", "true"], {
      environment,
    });
    expect(codesBut(stderr)).toEqual(["activation-frozen-changed"]);
    expect(stderr).toContain("HOME is not set");
  });

  it("but it may be run by the shell all the same, if that is asked for", async () => {
    const file = script("export A=1\n");
    const image = await frozen(file);
    writeFileSync(file, "export A=2\n");
    const { variables } = await image.run({ [nameOf.frozen]: "" });
    expect(variables["A"]).toBe("2");
  });
});

describe("a block is refused where the frozen activation is damaged:", () => {
  it("truncated anywhere", async () => {
    const image = await frozen("export A=1 B=2");
    const whole = readFileSync(image.frozen);
    for (const length of [0, 1, 27, 28, 60, whole.length - 70, whole.length - 1]) {
      truncateSync(image.frozen, length);
      await expectRefusal(image, "damaged", /is damaged: .*\n.*sidecar freeze again/);
      writeFileSync(image.frozen, whole);
    }
    expect((await image.run()).code).toBe(0);
  });

  it("edited by hand", async () => {
    const image = await frozen("export A=1");
    const text = readFileSync(image.frozen, "utf8");
    writeFileSync(image.frozen, text.replace("any 1", "any 2"));
    await expectRefusal(image, "damaged", /not whole, or was changed by hand/);
    writeFileSync(image.frozen, `${text}\n`);
    await expectRefusal(image, "damaged", /not whole/);
  });

  it("of a form to come", async () => {
    const image = await frozen("export A=1");
    const text = readFileSync(image.frozen, "utf8");
    writeFileSync(image.frozen, text.replace("activation 1\n", "activation 2\n"));
    await expectRefusal(image, "damaged", /this version of sidecar does not know/);
  });
});

describe("a block is refused where somebody else could have made it:", () => {
  it.each([0o664, 0o646, 0o666, 0o777])("mode %o", async (mode) => {
    const image = await frozen("export A=1");
    chmodSync(image.frozen, mode);
    await expectRefusal(image, "untrusted", /others than its owner may write it/);
  });

  it.each(["a FIFO", "a directory", "a device"])("%s", async (what) => {
    const image = await frozen("export A=1");
    if (what === "a FIFO") {
      const path = `${image.frozen}.fifo`;
      Bun.spawnSync(["mkfifo", path]);
      renameSync(path, image.frozen);
    }
    const place = what === "a directory" ? image.directory : "/dev/null";
    const variables = what === "a FIFO" ? {} : { [nameOf.frozen]: place };
    await expectRefusal(image, "unreadable", /it is a /, variables);
  });

  it("a variable names a file that is not there", async () => {
    await expectRefusal(new Image("export A=1"), "unreadable", /does not exist/);
  });

  describeWhere({ root: isRoot, setpriv: has("setpriv") }, "the owner", () => {
    it("is another user of the platform", async () => {
      const image = await frozen("export A=1");
      const variables = { HOME: homeOfPlatformUser() };
      chownSync(image.frozen, 20_043, 20_043);
      const text = /belongs to user id 20043/;
      await expectRefusal(image, "untrusted", text, variables, asPlatformUser());
      await expectRefusal(image, "untrusted", text);
    });

    it("is another, behind a symbolic link of root", async () => {
      const image = await frozen("export A=1");
      const planted = join(image.directory, "planted");
      copyFileSync(image.frozen, planted);
      chownSync(planted, 20_043, 20_043);
      const link = join(image.directory, "link");
      symlinkSync(planted, link);
      await expectRefusal(image, "untrusted", /20043/, { [nameOf.frozen]: link });
    });

    it("may be the user himself, or root", async () => {
      const image = await frozen("export A=1");
      for (const owner of [0, platformUser]) {
        chownSync(image.frozen, owner, owner);
        const variables = { HOME: homeOfPlatformUser() };
        const { code } = await image.run(variables, asPlatformUser());
        expect(code).toBe(0);
      }
    });

    it("may be the owner of sidecar, whoever that is", async () => {
      const image = await frozen("export A=1");
      const copy = join(image.directory, "sidecar");
      copyFileSync(executable, copy);
      for (const file of [copy, image.frozen]) chownSync(file, 65_534, 65_534);
      const { stderr, stdout } = await run(
        asPlatformUser(copy, "--runenv=T,1", "--exec", "env"),
        { environment: { ...image.environment, HOME: homeOfPlatformUser() } },
      );
      expect(stderr).toBe("");
      expect(stdout).toContain("A=1\n");
    });

    it("lets nobody else read it", async () => {
      const image = await frozen("export A=1");
      chmodSync(image.frozen, 0o600);
      const variables = { HOME: homeOfPlatformUser() };
      await expectRefusal(image, "unreadable", /denied/, variables, asPlatformUser());
    });
  });
});

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "with no variable", () => {
  const place = "/usr/local/share/sidecar/frozen";

  it("it is found where sidecar freeze puts it", async () => {
    const image = await frozen("export A=1");
    const { [nameOf.frozen]: _, ...environment } = image.environment;
    const prepare = `
      mount -t tmpfs -o mode=755 share /usr/local/share
      DA__P7__RUNENV__E__ACTIVATE=x.env /mnt/sidecar freeze T >&2
      stat -c '%a %u' ${place}/T ${place} >&2
    `;
    const words = ["--runenv=T,1", "--explain", "--exec", "echo", "${A}"];
    const { stdout, stderr } = await sidecarAsUser(prepare, words, { environment });
    expect(stderr).toContain(`T: frozen in ${place}/T, `);
    expect(stderr).toContain("644 0\n755 0\n");
    expect(stdout).toContain(`activation  frozen in ${place}/T\n`);
    expect(stdout).toContain('["echo","1"]');
  });

  it("it is not needed", async () => {
    const { stdout } = await sidecar(["--quiet", "--runenv=T,1", "--exec", "env"], {
      environment: { ...smallEnvironment, [nameOf.activate]: "export A=1" },
    });
    expect(stdout).toContain("A=1\n");
  });
});

describeWhere({ root: isRoot }, "in an image with nothing but sidecar", () => {
  it("an activation works that was frozen elsewhere", async () => {
    const root = workspace();
    scratch(root);
    const file = script("#!/bin/bash\nlist=(a b)\nexport LIST=${list[*]}\n");
    const image = await frozen(file);
    for (const path of [file, image.frozen]) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      copyFileSync(path, join(root, path));
    }
    const { stdout, stderr, code } = await run(
      ["chroot", root, "/sidecar", "--quiet", "--runenv=T,1", "--exec", "/block"],
      { environment: image.environment },
    );
    expect(stderr).toBe("");
    expect(code).toBe(7);
    expect(stdout).toContain("variable LIST=a b\n");
  });
});
