/** `sidecar install DEST`: a whole copy under its name, or none at all. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectCopy, old } from "./support/copies.ts";
import { asPlatformUser, describeWhere, isRoot } from "./support/machine.ts";
import { executable, root } from "./support/paths.ts";
import { codesBut, run, sidecar, start, workspace } from "./support/sidecar.ts";

describe("a copy", () => {
  it("is the same, starts, and is told of in one line", async () => {
    const directory = workspace();
    const script = 'umask 077; exec "$0" install copy';
    const told = await run(["sh", "-c", script, executable], { directory });
    const file = join(directory, "copy");
    await expectCopy(file);
    const sum = (await run(["sha256sum", file])).stdout.split(" ")[0];
    const version = await run([file, "--version"]);
    expect(version.stdout).toMatch(/^sidecar \S+ \(/);
    const number = version.stdout.split(" ")[1];
    expect(told).toMatchObject({
      stdout:
        `copy: installed: sidecar ${number}, ${statSync(executable).size} bytes,` +
        ` SHA-256 ${sum}\n`,
      stderr: "",
      code: 0,
    });
    expect(readdirSync(directory)).toEqual(["copy"]);
  });

  it.each([
    [".", "sidecar"],
    ["./", "sidecar"],
    ["in", "in/sidecar"],
    ["in/", "in/sidecar"],
    ["in//", "in/sidecar"],
    ["link", "in/sidecar"],
    ["link/", "in/sidecar"],
    ["in/../other", "other"],
    ["-", "-"],
  ])("for %s is %s", async (given, file) => {
    const directory = workspace();
    mkdirSync(join(directory, "in"));
    symlinkSync("in", join(directory, "link"));
    const { code, stderr } = await sidecar(["install", given], { directory });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expectCopy(join(directory, file));
  });

  it.each([
    ["a b", "a b: installed"],
    ["./-x", "./-x: installed"],
    ["a\\nb", "a\\nb: installed"],
    ["\\377\\001", "\ufffd\\x01: installed"],
  ])("may be named %j", async (name, told) => {
    const directory = workspace();
    const script = `name=$(printf '${name}')
      "$0" install "$name" && cmp "$0" "$name"`;
    const result = await run(["sh", "-c", script, executable], { directory });
    expect(result).toMatchObject({ stderr: "", code: 0 });
    expect(result.stdout.startsWith(told)).toBe(true);
  });

  it("follows --, whatever its name", async () => {
    const directory = workspace();
    await sidecar(["install", "--", "--x"], { directory });
    await expectCopy(join(directory, "--x"));
  });

  it("does not need its own file to have a name any more", async () => {
    const directory = workspace();
    copyFileSync(executable, join(directory, "one"));
    const script = `exec 3<one && rm one && echo another >one
      exec /proc/self/fd/3 install copy`;
    const { code } = await run(["sh", "-c", script], { directory });
    expect(code).toBe(0);
    await expectCopy(join(directory, "copy"));
  });

  it("is never in memory as a whole", async () => {
    const directory = workspace();
    const { child, ended } = start([executable, "install", "copy"], { directory });
    expect((await ended).code).toBe(0);
    const plain = start([executable, "--version"], { directory });
    await plain.ended;
    const more = child.resourceUsage()!.maxRSS - plain.child.resourceUsage()!.maxRSS;
    expect(more).toBeLessThan(statSync(executable).size / 3);
  });
});

describe("is refused:", () => {
  const cases: [string, string, string, string, RegExp][] = [
    [
      "a directory of the name",
      "mkdir -p d/sidecar",
      "d",
      "destination-invalid",
      /dir/,
    ],
    ["a FIFO", "mkfifo x", "x", "destination-invalid", /is a fifo/],
    ["a device", "true", "/dev/null", "destination-invalid", /is a character device/],
    ["no directory", "true", "no/x", "directory-missing", /no directory no\n/],
    ["no such directory", "true", "no/", "directory-missing", /no directory no\n/],
    ["a file as directory", "touch f", "f/x", "directory-missing", /no directory f\n/],
    ["a file with a slash", "touch f", "f/", "directory-missing", /no directory f\n/],
    ["a dangling parent", "ln -s no l", "l/x", "directory-missing", /no directory l\n/],
    ["a loop", "ln -s l l", "l/x", "failed", /symbolic links/],
    ["a long name", "true", "x".repeat(256), "failed", /File name too long/],
  ];
  it.each(cases)("%s", async (_, prepare, given, code, text) => {
    const directory = workspace();
    await run(["sh", "-c", prepare], { directory });
    const before = (await run(["find"], { directory })).stdout;
    const result = await sidecar(["install", given], { directory });
    expect(codesBut(result.stderr)).toEqual([`install-${code}`]);
    expect(result.stderr).toMatch(text);
    expect(result).toMatchObject({ stdout: "", code: 125 });
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(2);
    expect((await run(["find"], { directory })).stdout).toBe(before);
  });

  it("a limit of file size that is too low", async () => {
    const directory = workspace();
    writeFileSync(join(directory, "copy"), old);
    const script = 'ulimit -f 2000; exec "$0" install copy';
    const result = await run(["sh", "-c", script, executable], { directory });
    expect(codesBut(result.stderr)).toEqual(["install-no-space"]);
    expect(result.code).toBe(125);
    expect(readdirSync(directory)).toEqual(["copy"]);
    expect(readFileSync(join(directory, "copy"), "utf8")).toBe(old);
  });
});

describeWhere({ root: isRoot }, "as a user of the platform", () => {
  it("it is refused where they may not write", async () => {
    const directory = workspace();
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, "copy"), old);
    const words = asPlatformUser(executable, "install", join(directory, "copy"));
    const { stderr, code } = await run(words);
    expect(codesBut(stderr)).toEqual(["install-forbidden"]);
    expect(code).toBe(125);
    expect(readdirSync(directory)).toEqual(["copy"]);
    expect(readFileSync(join(directory, "copy"), "utf8")).toBe(old);
  });

  it("it is refused where the old one may not be replaced", async () => {
    const directory = workspace();
    chmodSync(directory, 0o1777);
    writeFileSync(join(directory, "copy"), old);
    const words = asPlatformUser(executable, "install", join(directory, "copy"));
    expect(codesBut((await run(words)).stderr)).toEqual(["install-forbidden"]);
    expect(readdirSync(directory)).toEqual(["copy"]);
    expect(readFileSync(join(directory, "copy"), "utf8")).toBe(old);
  });

  it("it works where they may", async () => {
    const file = join(workspace(), "copy");
    expect((await run(asPlatformUser(executable, "install", file))).code).toBe(0);
    await expectCopy(file);
  });
});

it("where no file can be made (/proc), it is told as the kernel tells it", async () => {
  const { stderr, code } = await sidecar(["install", "/proc/copy"]);
  expect(codesBut(stderr)).toEqual(["install-failed"]);
  expect(code).toBe(125);
});

it("the init container of docs/administrators.md serves the main one", async () => {
  const page = readFileSync(join(root, "docs/administrators.md"), "utf8");
  const yaml = /```yaml\n([\s\S]*?)```/.exec(page)![1]!;
  const lists = [...yaml.matchAll(/(?:command|args): (\[".*"\])/g)].map(
    ([, list]) => JSON.parse(list!) as string[],
  );
  const [init, main, rest] = lists as [string[], string[], string[]];
  const shared = workspace();
  const here = (words: string[]) =>
    words.map((word) => word.replace(/^\/shared/, shared));
  const [program, ...words] = here(init);
  expect(program).toBe("sidecar");
  expect((await sidecar(words)).code).toBe(0);
  const { stdout, code } = await run(here([...main, ...rest]), {
    environment: {
      DA__P7__RUNENV__PYTHON3__ACTIVATE: "",
      DA__P7__RUNENV__PYTHON3__VERSION: "3",
      DA__P7__RUNENV__PYTHON3__EXECUTE: "/bin/echo python3",
    },
  });
  expect({ stdout, code }).toEqual({ stdout: "python3 calibrate.py\n", code: 0 });
});
