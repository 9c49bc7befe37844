/** `--max-output`: a file keeps the beginning and the end of what its block wrote. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWhere, has, hasLauncher } from "./support/machine.ts";
import { isSame, numbered } from "./support/numbered.ts";
import { executable } from "./support/paths.ts";
import { program } from "./support/roots.ts";
import { codesBut, run, sidecar, start, until, workspace } from "./support/sidecar.ts";

/** What is left of `all` under a limit: as docs/administrators.md says. */
function limited(all: Buffer, limit: number): Buffer {
  if (all.length <= limit) return all;
  const tail = Math.min(Math.floor(limit / 2), 4 << 20);
  const head = limit - tail - 64;
  const line = `\n[sidecar: ${all.length - head - tail} bytes left out here]\n`;
  return Buffer.concat([
    all.subarray(0, head),
    Buffer.from(line),
    all.subarray(all.length - tail),
  ]);
}

/** And what the file holds while the block runs: the end of it as a ring. */
function unfinished(all: Buffer, limit: number): Buffer {
  if (all.length <= limit) return all;
  const size = Math.min(Math.floor(limit / 2), 4 << 20) + 64;
  const ring = Buffer.alloc(size);
  const head = limit - size;
  const seam = Buffer.from("\n[sidecar: the end so far; what follows is older]\n");
  for (let at = all.length - size; at < all.length; at += 1)
    ring[(at - head) % size] = all[at]!;
  seam.forEach((byte, index) => {
    ring[(all.length - head + index) % size] = byte;
  });
  return Buffer.concat([all.subarray(0, head), ring]);
}

describeWhere({ launcher: hasLauncher }, "--max-output", () => {
  const programs = mkdtempSync(join(tmpdir(), "sidecar-programs-"));
  const write = join(programs, "write");
  beforeAll(() => program("write", write));
  afterAll(() => rmSync(programs, { recursive: true, force: true }));

  it("leaves alone what is no longer than it allows", async () => {
    const directory = workspace();
    const { stderr } = await sidecar(
      ["--max-output=4k", "--stdout=o", "--exec", "head", "-c", "4096", "/dev/zero"],
      { directory },
    );
    expect(codesBut(stderr)).toEqual([]);
    expect(isSame(readFileSync(join(directory, "o")), Buffer.alloc(4096))).toBe(true);
  });

  it("keeps beginning and end of what is longer, and says so everywhere", async () => {
    const directory = workspace();
    const { code, stderr } = await sidecar(
      ["--max-output=8k", "--result=r", "--stdout=o", "--exec", "seq", "100000"],
      { directory },
    );
    const text = readFileSync(join(directory, "o"), "utf8");
    expect(code).toBe(0);
    expect(text.length).toBeLessThanOrEqual(8192);
    expect(text).toMatch(/^1\n2\n3\n/);
    expect(text).toMatch(/\n99999\n100000\n$/);
    const leftOut = 588_895 - (8192 - 64);
    expect(text).toContain(`\n[sidecar: ${leftOut} bytes left out here]\n`);
    expect(codesBut(stderr)).toEqual(["output-cut"]);
    expect(stderr).toContain(`${leftOut} bytes were left out of o`);
    const { streams } = JSON.parse(readFileSync(join(directory, "r"), "utf8"));
    expect(streams).toEqual({ stdout: { path: "o", bytes: 588_895, leftOut } });
  });

  it("is exact for any sizes of writes, any limit, whatever was there", async () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 90_000 })),
      { minLength: 1, maxLength: 30 },
    );
    const limits = fc.oneof(
      fc.integer({ min: 4096, max: 9000 }),
      fc.integer({ min: 4096, max: 500_000 }),
    );
    await fc.assert(
      fc.asyncProperty(sizes, limits, fc.nat(5000), async (sizes, limit, before) => {
        const directory = workspace();
        const file = join(directory, "o");
        writeFileSync(file, Buffer.alloc(before, "b"));
        const { code } = await sidecar(
          [
            ...["--quiet", "--append", `--max-output=${limit}`, "--stdout=o"],
            ...["--exec", write, ...sizes.map(String)],
          ],
          { directory },
        );
        expect(code).toBe(0);
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const content = readFileSync(file);
        expect(content.length).toBeLessThanOrEqual(before + limit);
        expect(isSame(content.subarray(0, before), Buffer.alloc(before, "b"))).toBe(
          true,
        );
        const expected = limited(numbered(total), limit);
        expect(isSame(content.subarray(before), expected)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps four megabytes of the end at most", async () => {
    const directory = workspace();
    await sidecar(
      ["--quiet", "--max-output=20m", "--stdout=o", "--exec", write, "30000000"],
      { directory },
    );
    const expected = limited(numbered(30_000_000), 20 << 20);
    expect(isSame(readFileSync(join(directory, "o")), expected)).toBe(true);
  });

  it("does not limit what --tee copies to the console", async () => {
    const directory = workspace();
    const { bytes } = await sidecar(
      [
        "--quiet",
        "--tee",
        "--max-output=64k",
        "--stdout=o",
        "--exec",
        write,
        "1000000",
      ],
      { directory },
    );
    const all = numbered(1_000_000);
    expect(isSame(bytes, all)).toBe(true);
    const file = readFileSync(join(directory, "o"));
    expect(isSame(file, limited(all, 65_536))).toBe(true);
  });

  it.each([[], ["--tee"]])("is one for both streams in one file %j", async (...tee) => {
    const directory = workspace();
    const script = "for i in 1 2 3; do seq 1000; seq 1000 >&2; done";
    await sidecar(
      [
        ...["--quiet", ...tee, "--max-output=6000", "--result=r"],
        ...["--stdout=o", "--stderr=o", "--exec", "sh", "-c", script],
      ],
      { directory },
    );
    expect(statSync(join(directory, "o")).size).toBeLessThanOrEqual(6000);
    const text = readFileSync(join(directory, "o"), "utf8");
    const bytes = 6 * 3893;
    const leftOut = bytes - (6000 - 64);
    expect(text.match(/\[sidecar: \d+/g)).toEqual([`[sidecar: ${leftOut}`]);
    const { streams } = JSON.parse(readFileSync(join(directory, "r"), "utf8"));
    expect(streams.stdout).toEqual({ path: "o", bytes, leftOut });
    expect(streams.stderr).toEqual({ path: "o", bytes, leftOut });
  });

  it("keeps the order of both streams in one file", async () => {
    const directory = workspace();
    const script = "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done";
    await sidecar(
      [
        ...["--quiet", "--max-output=1m", "--stdout=o", "--stderr=o"],
        ...["--exec", "sh", "-c", script],
      ],
      { directory },
    );
    const lines = [..."123456789"].flatMap((n) => [`o${n}`, `e${n}`]);
    expect(readFileSync(join(directory, "o"), "utf8")).toBe(`${lines.join("\n")}\n`);
  });

  it("is of each file, where there are two", async () => {
    const directory = workspace();
    const { stderr } = await sidecar(
      [
        ...["--max-output=4k", "--stdout=o", "--stderr=e"],
        ...["--exec", "sh", "-c", "seq 3000; echo short >&2"],
      ],
      { directory },
    );
    expect(statSync(join(directory, "o")).size).toBeLessThanOrEqual(4096);
    expect(readFileSync(join(directory, "e"), "utf8")).toBe("short\n");
    expect(codesBut(stderr)).toEqual(["output-cut"]);
  });

  it("does not concern what is no plain file", async () => {
    const directory = workspace();
    await run(["mkfifo", "pipe"], { directory });
    const { ended } = start(
      [
        ...[executable, "--max-output=4k", "--stdout=pipe", "--stderr=/dev/null"],
        ...["--exec", "seq", "100000"],
      ],
      { directory },
    );
    const { stdout } = await run(["cat", "pipe"], { directory });
    expect(stdout.length).toBe(588_895);
    expect(codesBut((await ended).stderr)).toEqual([]);
  });

  it("has the last that came on disk when sidecar is killed", async () => {
    const directory = workspace();
    const script = "seq 100000; echo last; touch up; exec sleep 600";
    const { child, ended } = start(
      [
        ...[executable, "--quiet", "--max-output=8k", "--stdout=o"],
        ...["--exec", "sh", "-c", script],
      ],
      { directory },
    );
    const text = () => readFileSync(join(directory, "o"), "utf8");
    await until(() => text().includes("100000\nlast\n"), "the last line is there");
    child.kill("SIGKILL");
    await ended;
    expect(text().length).toBeLessThanOrEqual(8192);
    expect(text()).toMatch(/^1\n2\n3\n/);
    const seam = "\n[sidecar: the end so far; what follows is older]\n";
    expect(text()).toContain(`\n99999\n100000\nlast\n${seam}`);
  });

  it("is exact at any moment until then", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1 });
    const limits = fc.integer({ min: 4096, max: 30_000 });
    await fc.assert(
      fc.asyncProperty(sizes, limits, async (sizes, limit) => {
        const directory = workspace();
        const script = `${write} ${sizes.join(" ")}; exec sleep 600`;
        const { child, ended } = start(
          [
            ...[executable, "--quiet", `--max-output=${limit}`, "--stdout=o"],
            ...["--exec", "sh", "-c", script],
          ],
          { directory },
        );
        const all = numbered(sizes.reduce((sum, size) => sum + size, 0));
        const now = () => readFileSync(join(directory, "o"));
        await until(() => isSame(now(), unfinished(all, limit)), "the file is so");
        child.kill("SIGKILL");
        await ended;
        expect(isSame(now(), unfinished(all, limit))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it("is said by --explain", async () => {
    const { stdout } = await sidecar([
      ...["--explain", "--max-output=10m", "--stdout=o", "--exec", "true"],
    ]);
    expect(stdout).toMatch(/^stdout {6}o \(emptied first, at most 10m\)$/m);
  });
});

/** `+`: the file takes bytes at its end only, from now on. @returns whether it is so */
function appendOnly(sign: "+" | "-", file: string): boolean {
  return Bun.spawnSync(["chattr", `${sign}a`, file], { stderr: "ignore" }).success;
}

/** Whether there are such files where tests work, and this user may make them. */
function hasAppendOnlyFiles(): boolean {
  const file = join(workspace(), "file");
  writeFileSync(file, "");
  return has("chattr") && appendOnly("+", file) && appendOnly("-", file);
}

describeWhere(
  { launcher: hasLauncher, "append-only files": hasAppendOnlyFiles() },
  "a file that takes bytes at its end only",
  () => {
    it("cannot have --max-output, which is said, and --tee alone can", async () => {
      const directory = workspace();
      const file = join(directory, "o");
      writeFileSync(file, "before\n");
      expect(appendOnly("+", file)).toBe(true);
      try {
        const words = ["--append", "--tee", "--stdout=o", "--exec", "echo", "new"];
        const refused = await sidecar(["--max-output=4k", ...words], { directory });
        expect(codesBut(refused.stderr)).toEqual(["max-output-unavailable"]);
        expect(refused.stderr).toContain("--max-output: o takes bytes at its end only");
        expect(refused.code).toBe(125);
        const { code, stdout } = await sidecar(words, { directory });
        expect({ code, stdout }).toEqual({ code: 0, stdout: "new\n" });
      } finally {
        appendOnly("-", file);
      }
      expect(readFileSync(file, "utf8")).toBe("before\nnew\n");
    });
  },
);

it.each<[string, string, RegExp]>([
  ["10", "size-invalid", /10 is less than 4k/],
  ["4095", "size-invalid", /4095 is less than 4k/],
  ["3.9k", "size-invalid", /3\.9k is less than 4k/],
  ["", "size-invalid", /'' is not a size/],
  ["10MB", "size-invalid", /'10MB' is not a size/],
  ["-5m", "size-invalid", /'-5m' is not a size/],
  ["1e9", "size-invalid", /'1e9' is not a size/],
  ["99999999999g", "size-invalid", /more than any disk holds/],
])("a size of %j is refused", async (size, code, text) => {
  const { code: exit, stderr } = await sidecar([
    ...[`--max-output=${size}`, "--stdout=o", "--exec", "true"],
  ]);
  expect(codesBut(stderr)).toEqual([code]);
  expect(stderr).toMatch(text);
  expect(exit).toBe(125);
});

it("without a file is refused", async () => {
  const { code, stderr } = await sidecar(["--max-output=1m", "--exec", "true"]);
  expect(code).toBe(125);
  expect(codesBut(stderr)).toEqual(["option-conflict"]);
});
