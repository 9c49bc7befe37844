/** `--stdout` and `--stderr`: the block has the real descriptors of the files. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  describeWhere,
  hasLauncher,
  hasNamespaces,
  isRoot,
} from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { codesBut, run, sidecar, start, workspace } from "./support/sidecar.ts";

const both = ["sh", "-c", "echo out; echo error >&2; echo more"];

describe("redirection", () => {
  it("of both streams into two files", async () => {
    const directory = workspace();
    const result = await sidecar(
      ["--quiet", "--stdout=o", "--stderr=e", "--exec", ...both],
      { directory },
    );
    expect(result).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(join(directory, "o"), "utf8")).toBe("out\nmore\n");
    expect(readFileSync(join(directory, "e"), "utf8")).toBe("error\n");
  });

  it.each(["log", "./log", "../LINK/log"])(
    "of both into one file, as %s, keeps their order",
    async (second) => {
      const directory = workspace();
      const name = second.replace("LINK", directory.split("/").at(-1)!);
      await sidecar(["--stdout=log", `--stderr=${name}`, "--exec", ...both], {
        directory,
      });
      expect(readFileSync(join(directory, "log"), "utf8")).toBe("out\nerror\nmore\n");
    },
  );

  it("empties the file first, and only appends with --append", async () => {
    const directory = workspace();
    const log = join(directory, "log");
    writeFileSync(log, "a long text from before\n");
    await sidecar(["--stdout=log", "--exec", "echo", "new"], { directory });
    expect(readFileSync(log, "utf8")).toBe("new\n");
    await sidecar(["--append", "--stdout=log", "--stderr=log", "--exec", ...both], {
      directory,
    });
    expect(readFileSync(log, "utf8")).toBe("new\nout\nerror\nmore\n");
  });

  it("is relative to the block's directory", async () => {
    const directory = workspace();
    await sidecar([`--cwd=${directory}`, "--stdout=o", "--exec", "pwd"]);
    expect(readFileSync(join(directory, "o"), "utf8")).toBe(`${directory}\n`);
  });

  it("with --temporary is relative to where sidecar was started", async () => {
    const directory = workspace();
    await sidecar(["--temporary", "--stdout=o", "--exec", "pwd"], { directory });
    expect(readFileSync(join(directory, "o"), "utf8")).not.toBe(`${directory}\n`);
  });

  it("to /dev/null", async () => {
    const { code, stdout } = await sidecar([
      "--stdout=/dev/null",
      "--stderr=/dev/null",
      "--exec",
      ...both,
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  });

  it("to a FIFO waits for its reader, and the reader sees the end", async () => {
    const directory = workspace();
    await run(["mkfifo", "pipe"], { directory });
    const { ended } = start(
      [executable, "--quiet", "--stdout=pipe", "--exec", ...both],
      { directory },
    );
    await Bun.sleep(300);
    const { stdout } = await run(["cat", "pipe"], { directory });
    expect(stdout).toBe("out\nmore\n");
    expect((await ended).code).toBe(0);
  });

  it("to a FIFO that nobody reads can be cancelled", async () => {
    const directory = workspace();
    await run(["mkfifo", "pipe"], { directory });
    const { child, ended } = start(
      [executable, "--quiet", "--stdout=pipe", "--exec", "true"],
      { directory },
    );
    await Bun.sleep(300);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(143);
  });

  it("hands the very file to the block, not a pipe", async () => {
    const directory = workspace();
    const { stdout } = await sidecar(
      ["--stderr=e", "--exec", "sh", "-c", "readlink /proc/self/fd/1 /proc/$$/fd/2"],
      { directory },
    );
    expect(stdout).toContain(join(directory, "e"));
  });

  it("of a block that is killed loses nothing that it wrote", async () => {
    const directory = workspace();
    await sidecar(["--stdout=o", "--exec", "sh", "-c", "echo last; kill -9 $$"], {
      directory,
    });
    expect(readFileSync(join(directory, "o"), "utf8")).toBe("last\n");
  });

  it("to a full device is the block's own trouble", async () => {
    const { code, stderr } = await sidecar([
      "--stdout=/dev/full",
      "--exec",
      "/bin/echo",
      "x",
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("No space left on device");
    expect(codesBut(stderr)).toEqual([]);
  });
});

it("too low a limit for open files is told as such, whatever it hits", async () => {
  const tally = new Set<string>();
  const least = hasLauncher ? 0 : 5; // Bun itself needs five
  for (let limit = least; limit <= 24; limit += 1) {
    const { code, stdout, stderr } = await run([
      ...["prlimit", `--nofile=${limit}:${limit}`, executable, "--tee"],
      ...["--stdout=/dev/null", "--stderr=/dev/null", "--exec", "echo", "x"],
    ]);
    const codes = codesBut(stderr).join();
    tally.add(codes);
    const isRefused = codes === "open-files-limited";
    expect({ limit, codes, code, stdout }).toEqual({
      limit,
      codes: isRefused ? codes : "",
      code: isRefused ? 125 : 0,
      stdout: isRefused ? "" : "x\n",
    });
  }
  expect([...tally]).toEqual(["open-files-limited", ""]);
});

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "on a full disk", () => {
  it("the block sees the error itself, and sidecar runs on", async () => {
    const directory = workspace();
    const script = `
      mount -t tmpfs -o size=64k full "$1" && cd "$1" || exit 99
      "$0" --quiet --stdout=o \\
        --exec sh -c 'head -c 200000 /dev/zero || echo refused >&2; exit 5'`;
    const { code, stderr } = await run([
      "unshare",
      "--mount",
      "sh",
      "-c",
      script,
      executable,
      directory,
    ]);
    expect(stderr).toContain("No space left on device");
    expect(stderr).toContain("refused");
    expect(code).toBe(5);
  });
});

describe("a file that cannot be written is refused before the block runs:", () => {
  it.each<[string, string, RegExp]>([
    ["folder", "stream-directory", /folder is a directory/],
    ["no/such/file", "stream-unwritable", /there is no directory no\/such/],
    ["long".repeat(100), "stream-unwritable", /cannot be written: File name too long/],
    ["plain/file", "stream-unwritable", /Not a directory/],
  ])("%s", async (path, code, text) => {
    const directory = workspace();
    mkdirSync(join(directory, "folder"));
    writeFileSync(join(directory, "plain"), "");
    for (const option of ["stdout", "stderr"]) {
      const result = await sidecar([`--${option}=${path}`, "--exec", "touch", "ran"], {
        directory,
      });
      expect(codesBut(result.stderr)).toEqual([code]);
      expect(result.stderr).toMatch(text);
      expect(result.stderr).toContain(`--${option}`);
      expect(result.code).toBe(125);
    }
  });
});
