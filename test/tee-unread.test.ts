/** `--tee` to a console that nobody reads for a while, or at all. */
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isSame, numbered, place } from "./support/numbered.ts";
import { executable } from "./support/paths.ts";
import { startUnread } from "./support/reader.ts";
import { codesBut, run, until, workspace } from "./support/sidecar.ts";

/** The same bytes each time; more than pipes and buffers between hold. */
const much = 3_000_000;

const sizeOf = (directory: string) => statSync(join(directory, "o")).size;

/** Waits until a file has not grown for a while. @returns its size */
async function settled(directory: string): Promise<number> {
  let size = -1;
  let since = 0;
  await until(() => {
    since = sizeOf(directory) === size ? since + 1 : 0;
    size = sizeOf(directory);
    return size > 0 && since > 25;
  }, "the file grows no more");
  return size;
}

it("makes the block wait, and needs no memory; read, it gets everything", async () => {
  const directory = place();
  const { child, ended, readAll } = startUnread(
    1,
    ["--quiet", "--tee", "--stdout=o", "--exec", "./write", String(much), "10e"],
    directory,
  );
  expect(await settled(directory)).toBeLessThan(much / 2);
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  expect(Number(/^RssAnon:\s*(\d+) kB/m.exec(status)![1])).toBeLessThan(6144);
  expect(isSame(await readAll(), numbered(much))).toBe(true);
  expect((await ended).code).toBe(0);
  expect(isSame(readFileSync(join(directory, "o")), numbered(much))).toBe(true);
});

it("does not hold up --timeout", async () => {
  const directory = place();
  const script = "echo $$ > pid; exec ./write 3000000";
  const { ended, readAll } = startUnread(
    1,
    [
      ...["--quiet", "--tee", "--timeout=1s", "--grace=1h", "--stdout=o"],
      ...["--exec", "sh", "-c", script],
    ],
    directory,
  );
  const pid = () => readFileSync(join(directory, "pid"), "utf8").trim();
  await until(() => pid() !== "", "the block is up");
  await until(() => !existsSync(`/proc/${pid()}`), "the block was ended");
  const copy = await readAll();
  expect((await ended).code).toBe(124);
  // Not all was written; what was is the same in both.
  expect(copy.length).toBeLessThan(much);
  expect(isSame(copy, numbered(copy.length))).toBe(true);
  expect(isSame(readFileSync(join(directory, "o")), copy)).toBe(true);
});

it.each([
  ["--timeout", ["--timeout=1s"], { code: 124, cause: "timeout" }],
  ["one SIGTERM", [], { code: 143, cause: "cancelled" }],
] as const)(
  "is not waited for for ever when the block was ended by %s",
  async (_, options, { code, cause }) => {
    const directory = place();
    const words = ["--tee", "--grace=1s", "--result=r", ...options, "--stdout=o"];
    const { child, ended } = startUnread(
      1,
      [...words, "--exec", "./write", String(much)],
      directory,
    );
    if (cause === "cancelled") {
      await settled(directory);
      child.kill("SIGTERM");
    }
    const result = await ended;
    expect(result.code).toBe(code);
    expect(codesBut(result.stderr)).toContain("stream-lost");
    const { exit, streams } = JSON.parse(readFileSync(join(directory, "r"), "utf8"));
    expect(exit.cause).toBe(cause);
    const file = readFileSync(join(directory, "o"));
    expect(isSame(file, numbered(streams.stdout.bytes))).toBe(true);
  },
);

it.each([1, 2] as const)(
  "is not waited for any more after SIGTERM: stream %i",
  async (stream) => {
    const directory = place();
    const letter = stream === 1 ? "" : "e";
    // As much as fits into the console and the pipe together: the block itself ends.
    const writes = Array.from({ length: 100 }, () => `1000${letter}`);
    const file = stream === 1 ? "--stdout=o" : "--stderr=o";
    const { child, ended } = startUnread(
      stream,
      [
        ...["--tee", "--grace=1s", "--result=r", file, "--exec", "sh", "-c"],
        ...[`./write ${writes.join(" ")}; echo $? > code; exit 3`],
      ],
      directory,
    );
    await until(() => existsSync(join(directory, "code")), "the block has ended");
    await Bun.sleep(300);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(3);
    const all = numbered(100_000, stream);
    expect(isSame(readFileSync(join(directory, "o")), all)).toBe(true);
    const { streams } = JSON.parse(readFileSync(join(directory, "r"), "utf8"));
    expect(Object.values(streams)).toEqual([{ path: "o", bytes: 100_000 }]);
  },
);

it("that somebody made non-blocking gets everything", async () => {
  const directory = place();
  await run(["mkfifo", "console"], { directory });
  const flags = constants.O_RDWR | constants.O_NONBLOCK;
  const console = openSync(join(directory, "console"), flags);
  const sidecar = Bun.spawn(
    [executable, "--tee", "--stdout=o", "--exec", "./write", String(much)],
    { cwd: directory, stdio: ["ignore", console, "pipe"] },
  );
  await settled(directory);
  const copy = Buffer.alloc(much);
  for (let at = 0; at < much; ) {
    try {
      at += readSync(console, copy, at, much - at, null);
    } catch {
      await Bun.sleep(1); // EAGAIN
    }
  }
  expect(await sidecar.exited).toBe(0);
  closeSync(console);
  expect(codesBut(await new Response(sidecar.stderr).text())).toEqual([]);
  expect(isSame(copy, numbered(much))).toBe(true);
});

it("leaves in the file what came that far when sidecar is killed", async () => {
  const directory = place();
  const { child, ended } = startUnread(
    1,
    ["--quiet", "--tee", "--stdout=o", "--exec", "./write", String(much)],
    directory,
  );
  const size = await settled(directory);
  child.kill("SIGKILL");
  await ended;
  const file = readFileSync(join(directory, "o"));
  expect(file.length).toBe(size);
  expect(isSame(file, numbered(size))).toBe(true);
});

it("makes a block wait for a slow reader, as a pipe does, without loss", async () => {
  const directory = workspace();
  const script =
    '"$0" --quiet --tee --stdout=o --exec sh -c "seq 200000; echo done > done" |' +
    " (sleep 1; [ -e done ] && echo early; cat) | tail -n 1";
  const { stdout } = await run(["sh", "-c", script, executable], { directory });
  expect(stdout).toBe("200000\n");
});
