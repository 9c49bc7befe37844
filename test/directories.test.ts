/** `--cwd`, storage paths and `--temporary`. */
import { chmodSync, existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  asPlatformUser,
  describeWhere,
  hasLauncher,
  isRoot,
} from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import {
  codesBut,
  homeOfPlatformUser,
  run,
  sidecar,
  smallEnvironment,
  start,
  workspace,
} from "./support/sidecar.ts";

const storage = "DA__P7__PCLUSTER__STORAGE__USER";

describe("--cwd", () => {
  it("is the block's directory; without it, the one of sidecar's start", async () => {
    const directory = workspace();
    mkdirSync(join(directory, "sub folder"));
    const inside = await sidecar(["--cwd", "sub folder", "--exec", "pwd"], {
      directory,
    });
    expect(inside.stdout).toBe(`${directory}/sub folder\n`);
    const outside = await sidecar(["--exec", "pwd"], { directory });
    expect(outside.stdout).toBe(`${directory}\n`);
  });

  it("that appears three seconds late is waited for", async () => {
    const directory = workspace();
    const late = join(directory, "a/b");
    const { ended } = start([executable, `--cwd=${late}`, "--exec", "pwd"]);
    await Bun.sleep(3000);
    mkdirSync(late, { recursive: true });
    expect((await ended).stdout).toBe(`${late}\n`);
  });

  it("that never appears is an error after ten seconds", async () => {
    const began = performance.now();
    const { stderr, code } = await sidecar(["--cwd=/no/such", "--exec", "true"]);
    expect(performance.now() - began).toBeGreaterThan(9900);
    expect(codesBut(stderr)).toEqual(["directory-missing"]);
    expect(stderr).toContain(
      "--cwd: /no/such: No such file or directory, also not after",
    );
    expect(code).toBe(125);
  });

  it("is not waited for once sidecar is told to end", async () => {
    const { child, ended } = start([executable, "--cwd=/no/such", "--exec", "true"]);
    await Bun.sleep(300);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(143);
  });

  it("that is a file is refused", async () => {
    const { stderr, code } = await sidecar(["--cwd=/etc/passwd", "--exec", "true"]);
    expect(codesBut(stderr)).toEqual(["directory-missing"]);
    expect(stderr).toContain("is a file, not a directory");
    expect(code).toBe(125);
  });
});

describeWhere({ launcher: hasLauncher }, "the directory sidecar was started in", () => {
  it("if it was deleted, is named as what is wrong", async () => {
    const gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$0" --exec true';
    const { stderr, code } = await run(["sh", "-c", gone, executable]);
    expect(codesBut(stderr)).toEqual(["directory-missing"]);
    expect(stderr).toContain("was deleted\n  start it in");
    expect(code).toBe(125);
  });
});

describe("a storage path", () => {
  async function withStorage(path: string) {
    const { stderr, code } = await sidecar(["--exec", "true"], {
      environment: { ...smallEnvironment, [storage]: path },
    });
    return { codes: codesBut(stderr), stderr, code };
  }

  it("that is a directory is all right", async () => {
    expect(await withStorage(`${workspace()}/`)).toMatchObject({ codes: [], code: 0 });
  });

  it.each(["relative/path", "", "./x"])(
    "'%s' that is not absolute is refused",
    async (path) => {
      const { codes, stderr, code } = await withStorage(path);
      expect(codes).toEqual(["storage-not-absolute"]);
      expect(stderr).toContain(`${storage}=${path} `);
      expect(code).toBe(125);
    },
  );

  it("that is missing is refused after ten seconds", async () => {
    const { codes, stderr, code } = await withStorage("/no/such/storage");
    expect(codes).toEqual(["storage-missing"]);
    expect(stderr).toContain(storage);
    expect(code).toBe(125);
  });

  it("that is a file is refused", async () => {
    expect((await withStorage("/etc/passwd")).codes).toEqual(["storage-missing"]);
  });
});

describeWhere({ root: isRoot }, "for a user without rights", () => {
  it.each([
    ["storage", "storage-forbidden"],
    ["cwd", "directory-forbidden"],
  ])("a directory (%s) that cannot be entered is refused", async (kind, code) => {
    const closed = join(workspace(), "closed");
    mkdirSync(closed, { mode: 0o700 });
    const options = kind === "cwd" ? [`--cwd=${closed}`] : [];
    const result = await run(asPlatformUser(executable, ...options, "--exec", "true"), {
      environment:
        kind === "storage"
          ? { ...smallEnvironment, [storage]: closed }
          : smallEnvironment,
    });
    expect(codesBut(result.stderr)).toEqual([code]);
    expect(result.stderr).toContain("cannot be entered by user id 20042");
    expect(result.code).toBe(125);
  });
});

describe("--temporary", () => {
  it("is fresh, private, and gone at the end, with all that is in it", async () => {
    const { stdout, code } = await sidecar([
      "--temporary",
      "--exec",
      "sh",
      "-c",
      "pwd; stat -c %a .; ls -A; mkdir -p a/b; echo x > a/b/c; chmod 0 a; exit 3",
    ]);
    const [directory, mode, ...rest] = stdout.trimEnd().split("\n");
    expect(directory).toMatch(/^\/tmp\/sidecar-/);
    expect(mode).toBe("700");
    expect(rest).toEqual([]);
    expect(existsSync(directory!)).toBe(false);
    expect(code).toBe(3);
  });

  it("is made under TMPDIR", async () => {
    const directory = workspace();
    const { stdout } = await sidecar(["--temporary", "--exec", "pwd"], {
      environment: { ...smallEnvironment, TMPDIR: directory },
    });
    expect(stdout).toMatch(new RegExp(`^${directory}/sidecar-`));
  });

  it("is removed also when the block is killed or never starts", async () => {
    const parent = workspace();
    const environment = { ...smallEnvironment, TMPDIR: parent };
    await sidecar(["--temporary", "--exec", "sh", "-c", "kill -9 $$"], { environment });
    await sidecar(["--temporary", "--exec", "no-such-program"], { environment });
    rmdirSync(parent);
    mkdirSync(parent);
  });

  it("that cannot be made is an error", async () => {
    const { stderr, code } = await sidecar(["--temporary", "--exec", "true"], {
      environment: { ...smallEnvironment, TMPDIR: "/no/such" },
    });
    expect(codesBut(stderr)).toEqual(["temporary-failed"]);
    expect(stderr).toContain("/no/such");
    expect(code).toBe(125);
  });
});

describeWhere({ root: isRoot }, "--temporary of a user", () => {
  it("is removed although the block took its own rights away", async () => {
    const parent = workspace();
    await run(
      asPlatformUser(
        executable,
        "--quiet",
        "--temporary",
        "--exec",
        "sh",
        "-c",
        "mkdir -p a/b; touch a/b/c; chmod 0 a/b; chmod 500 a; chmod 500 .",
      ),
      {
        environment: {
          ...smallEnvironment,
          HOME: homeOfPlatformUser(),
          TMPDIR: parent,
        },
      },
    );
    rmdirSync(parent);
    mkdirSync(parent);
    writeFileSync(join(parent, "still-usable"), "");
    chmodSync(parent, 0o777);
  });
});
