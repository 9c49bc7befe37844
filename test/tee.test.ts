/** `--tee`: the redirected streams on sidecar's own as well, byte for byte. */
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isSame, numbered } from "./support/numbered.ts";
import { executable } from "./support/paths.ts";
import { program } from "./support/roots.ts";
import { run, sidecar, start, until, workspace } from "./support/sidecar.ts";

it("copies both streams, each to its own", async () => {
  const directory = workspace();
  const { stdout, stderr } = await sidecar(
    [
      "--quiet",
      "--tee",
      "--stdout=o",
      "--stderr=e",
      "--exec",
      "sh",
      "-c",
      "printf out; printf error >&2",
    ],
    { directory },
  );
  expect({ stdout, stderr }).toEqual({ stdout: "out", stderr: "error" });
  expect(readFileSync(join(directory, "o"), "utf8")).toBe("out");
  expect(readFileSync(join(directory, "e"), "utf8")).toBe("error");
});

it("of both streams in one file loses nothing of either", async () => {
  const directory = workspace();
  const { stdout, stderr } = await sidecar(
    [
      "--quiet",
      "--tee",
      "--stdout=log",
      "--stderr=log",
      "--exec",
      "sh",
      "-c",
      "for i in 1 2 3; do echo o$i; echo e$i >&2; done",
    ],
    { directory },
  );
  expect(stdout).toBe("o1\no2\no3\n");
  expect(stderr).toBe("e1\ne2\ne3\n");
  const lines = readFileSync(join(directory, "log"), "utf8").trimEnd().split("\n");
  expect(lines.toSorted()).toEqual(["e1", "e2", "e3", "o1", "o2", "o3"]);
});

it("is exact for many megabytes of any bytes", async () => {
  const directory = workspace();
  await run(["sh", "-c", "head -c 20000000 /dev/urandom > data"], { directory });
  const { bytes } = await sidecar(
    ["--quiet", "--tee", "--stdout=o", "--exec", "cat", "data"],
    { directory },
  );
  const data = readFileSync(join(directory, "data"));
  expect(Buffer.compare(data, readFileSync(join(directory, "o")))).toBe(0);
  expect(Buffer.compare(data, bytes)).toBe(0);
});

it("does not hold lines back", async () => {
  const directory = workspace();
  const { child, ended } = start(
    [
      executable,
      "--quiet",
      "--tee",
      "--stdout=o",
      "--exec",
      "sh",
      "-c",
      "printf begun; exec sleep 600",
    ],
    { directory },
  );
  await until(
    () => readFileSync(join(directory, "o"), "utf8") === "begun",
    "the first words are in the file",
  );
  child.kill("SIGTERM");
  await ended;
});

it("holds only the reading end of the block's pipe, and sees its end", async () => {
  const directory = workspace();
  const script = "echo $$ > pid; touch up; exec sleep 600";
  const { child, ended } = start(
    [executable, "--quiet", "--tee", "--stdout=o", "--exec", "sh", "-c", script],
    { directory },
  );
  const pid = () => readFileSync(join(directory, "pid"), "utf8").trim();
  await until(() => existsSync(join(directory, "up")), "the block is up");
  const pipe = readlinkSync(`/proc/${pid()}/fd/1`);
  // Sidecar gives up the other end when the block runs, which the block may see first.
  await until(() => {
    const own = readdirSync(`/proc/${child.pid}/fd`).map((descriptor) =>
      readlinkSync(`/proc/${child.pid}/fd/${descriptor}`),
    );
    return own.filter((target) => target === pipe).length === 1;
  }, "one end of the pipe is left");
  child.kill("SIGTERM");
  await ended;
});

it("appends with --append, and counts only what is new", async () => {
  const directory = workspace();
  writeFileSync(join(directory, "o"), "before\n");
  const { stdout } = await sidecar(
    ["--quiet", "--tee", "--append", "--stdout=o", "--exec", "echo", "new"],
    { directory },
  );
  expect(stdout).toBe("new\n");
  expect(readFileSync(join(directory, "o"), "utf8")).toBe("before\nnew\n");
});

it("is exact for both streams at once, in writes of any size", async () => {
  const directory = workspace();
  const write = join(directory, "write");
  program("write", write);
  const size = fc.oneof(fc.nat(200), fc.nat(5000), fc.nat(300_000));
  const writes = fc.array(fc.tuple(size, fc.constantFrom("", "e")), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(writes, async (writes) => {
      const words = writes.map(([size, stream]) => `${size}${stream}`);
      const script = 'exec "$0" "$@" >own-o 2>own-e';
      const { code } = await run(
        [
          ...["sh", "-c", script, executable, "--quiet", "--tee"],
          ...["--stdout=o", "--stderr=e", "--exec", write, ...words],
        ],
        { directory },
      );
      expect(code).toBe(0);
      for (const [letter, stream] of [["", 1] as const, ["e", 2] as const]) {
        const sizes = writes.map(([size, to]) => (to === letter ? size : 0));
        const all = numbered(
          sizes.reduce((a, b) => a + b, 0),
          stream,
        );
        const name = stream === 1 ? "o" : "e";
        expect(isSame(readFileSync(join(directory, name)), all)).toBe(true);
        expect(isSame(readFileSync(join(directory, `own-${name}`)), all)).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});

it("of both streams in one file keeps each write whole", async () => {
  const directory = workspace();
  const lines = (word: string) => `seq -f ${word}%06.0f 20000`;
  const script = `${lines("o")} & ${lines("e")} >&2; wait`;
  await sidecar(
    ["--quiet", "--tee", "--stdout=log", "--stderr=log", "--exec", "sh", "-c", script],
    { directory },
  );
  const text = readFileSync(join(directory, "log"), "utf8");
  // seq writes many lines at once, and ends some of its writes in the middle of one.
  for (const word of ["o", "e"]) {
    expect(text.length).toBe(2 * 20_000 * 8);
    expect(text).toContain(`${word}000001\n${word}000002\n`);
  }
});

it("to a terminal", async () => {
  const directory = workspace();
  const command = `${executable} --quiet --tee --stdout=o --exec seq 20000`;
  const { stdout } = await run(["script", "-qec", command, "/dev/null"], { directory });
  const expected = Array.from({ length: 20_000 }, (_, n) => `${n + 1}\n`).join("");
  expect(stdout.replaceAll("\r\n", "\n")).toBe(expected);
  expect(readFileSync(join(directory, "o"), "utf8")).toBe(expected);
});

it("gives the block no descriptor but its own three", async () => {
  const { stdout } = await sidecar([
    ...["--quiet", "--tee", "--stdout=/dev/null", "--stderr=/dev/null"],
    ...["--exec", "ls", "-x", "/proc/self/fd"],
  ]);
  // The last is that of ls itself.
  expect(stdout.trim().split(/\s+/)).toEqual(["0", "1", "2", "3"]);
});
