/** `--tee` where the file, the console or the block's children behave badly. */
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  describeWhere,
  hasLauncher,
  hasNamespaces,
  isRoot,
} from "./support/machine.ts";
import { isSame, numbered, place } from "./support/numbered.ts";
import { executable } from "./support/paths.ts";
import { startUnread } from "./support/reader.ts";
import { codesBut, run, sidecar, start, until, workspace } from "./support/sidecar.ts";
import { hasStrace, tamperedWith } from "./support/tracing.ts";

describe("a process that keeps the pipe open", () => {
  const holder = "setsid sh -c 'touch up; exec sleep 30' 2>/dev/null &";
  const wait = "while [ ! -e up ]; do sleep 0.05; done";

  it("is not waited for, and nothing from before the end is lost", async () => {
    for (const size of [10, 4096, 50_000, 65_536, 400_000]) {
      const directory = place();
      const { code, bytes } = await sidecar(
        [
          ...["--quiet", "--tee", "--grace=1s", "--stdout=o", "--exec", "sh", "-c"],
          `${holder} ${wait}; exec ./write ${size}`,
        ],
        { directory },
      );
      expect(code).toBe(0);
      expect(isSame(bytes, numbered(size))).toBe(true);
      expect(isSame(readFileSync(join(directory, "o")), numbered(size))).toBe(true);
    }
  });

  it("and is no descendant is not waited for either", async () => {
    const directory = workspace();
    const script =
      "echo $$ > pid; touch up; while [ ! -e go ]; do sleep 0.05; done; " +
      "seq 10000; exit 3";
    const { ended } = start(
      [executable, "--quiet", "--tee", "--stdout=o", "--exec", "sh", "-c", script],
      { directory },
    );
    const pid = () => readFileSync(join(directory, "pid"), "utf8").trim();
    await until(() => existsSync(join(directory, "up")), "the block is up");
    const held = openSync(`/proc/${pid()}/fd/1`, constants.O_WRONLY);
    writeFileSync(join(directory, "go"), "");
    const { code, stdout } = await ended;
    closeSync(held);
    expect(code).toBe(3);
    expect(stdout.endsWith("\n10000\n")).toBe(true);
    expect(readFileSync(join(directory, "o"), "utf8")).toBe(stdout);
  });

  it("and writes all the time does not hold up the end either", async () => {
    const directory = workspace();
    const writer = "setsid sh -c 'trap \"\" TERM; touch up; exec yes' 2>/dev/null &";
    const { code, stdout } = await sidecar(
      [
        ...["--quiet", "--tee", "--grace=1s", "--stdout=o", "--exec", "sh", "-c"],
        `${writer} ${wait}; echo last; exit 3`,
      ],
      { directory },
    );
    expect(code).toBe(3);
    expect(stdout).toContain("last\n");
  });
});

it("the threads end with the streams, not with the block", async () => {
  const directory = workspace();
  const script = "exec >&- 2>&-; touch up; exec sleep 600";
  const { child, ended } = start(
    [
      ...[executable, "--quiet", "--tee", "--stdout=o", "--stderr=e"],
      ...["--exec", "sh", "-c", script],
    ],
    { directory },
  );
  await until(() => existsSync(join(directory, "up")), "the block is up");
  const threads = () => readdirSync(`/proc/${child.pid}/task`).length;
  await until(() => threads() === 1, "only the main thread is left");
  child.kill("SIGTERM");
  expect((await ended).code).toBe(143);
});

describe("the console going away", () => {
  it("does not disturb the block, and the file is whole", async () => {
    const directory = workspace();
    const script =
      '("$0" --tee --result=r --stdout=o --exec sh -c "seq 100000; exit 3"; ' +
      "echo $? > code) 2>messages | head -c 10";
    const { stdout } = await run(["sh", "-c", script, executable], { directory });
    expect(stdout).toBe("1\n2\n3\n4\n5\n");
    const text = (name: string) => readFileSync(join(directory, name), "utf8");
    await until(() => text("code") !== "", "sidecar has ended");
    expect(text("code")).toBe("3\n");
    expect(text("o").length).toBe(588_895);
    expect(text("o").endsWith("\n100000\n")).toBe(true);
    expect(codesBut(text("messages"))).toEqual(["stream-lost"]);
    expect(text("messages")).toMatch(/own stdout ended early, after \d+ bytes: Broken/);
  });
});

// Without it Bun opens something in its place.
describeWhere({ launcher: hasLauncher }, "the console not being there", () => {
  it("does not disturb the block either", async () => {
    const directory = workspace();
    const script = '"$0" --tee --stdout=o --exec seq 1000 >&-; echo $? >&2';
    const { stderr } = await run(["sh", "-c", script, executable], { directory });
    expect(stderr).toMatch(/\n0\n$/);
    expect(codesBut(stderr)).toEqual(["stream-lost"]);
    expect(stderr).toContain("after 0 bytes: Bad file descriptor");
    expect(statSync(join(directory, "o")).size).toBe(3893);
  });
});

it("goes on to the console when the file takes no more, and says so", async () => {
  const { stdout, stderr, code } = await sidecar([
    ...["--quiet", "--tee", "--stdout=/dev/full", "--exec", "seq", "50000"],
  ]);
  expect(code).toBe(0);
  expect(stdout.endsWith("\n50000\n")).toBe(true);
  expect(codesBut(stderr)).toEqual(["stream-lost"]);
  expect(stderr).toContain("after 0 bytes: No space left on device");
});

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "on a full disk", () => {
  it("says so once, and the console gets everything", async () => {
    const directory = workspace();
    const script = `
      mount -t tmpfs -o size=64k full "$1" && cd "$1" || exit 99
      "$0" --tee --stdout=log --stderr=log \\
        --exec sh -c 'seq 50000; seq 50000 >&2; exit 5'
      code=$?
      stat -c %s log
      exit $code`;
    const { code, stdout, stderr } = await run([
      ...["unshare", "--mount", "sh", "-c", script, executable, directory],
    ]);
    expect(code).toBe(5);
    const [last, size] = stdout.trim().split("\n").slice(-2);
    expect({ last, size }).toEqual({ last: "50000", size: "65536" });
    expect(stderr).toContain("\n50000\n");
    expect(codesBut(stderr)).toEqual(["stream-lost"]);
    expect(stderr).toContain("log ended early, after 65536 bytes: No space left");
  });
});

describeWhere(
  { launcher: hasLauncher, root: isRoot, namespaces: hasNamespaces },
  "--max-output on a full disk",
  () => {
    it("keeps the beginning, and the block goes on", async () => {
      const directory = workspace();
      const script = `
      mount -t tmpfs -o size=64k full "$1" && cd "$1" || exit 99
      "$0" --max-output=1m --stdout=log --exec sh -c 'seq 50000; exit 5'
      code=$?
      head -c 6 log
      exit $code`;
      const { code, stdout, stderr } = await run([
        ...["unshare", "--mount", "sh", "-c", script, executable, directory],
      ]);
      expect({ code, stdout }).toEqual({ code: 5, stdout: "1\n2\n3\n" });
      expect(codesBut(stderr)).toEqual(["stream-lost"]);
    });
  },
);

describeWhere({ launcher: hasLauncher, strace: hasStrace }, "without threads", () => {
  // Later ones are Bun's own, which cannot do without.
  const none = { inject: ["clone3:error=EAGAIN:when=1..2"] };

  it.each([
    ["both streams", none],
    ["one of two", { inject: ["clone3:error=EAGAIN:when=1"] }],
  ])("sidecar copies by itself: %s", async (_, tampering) => {
    const directory = place();
    const words = ["--tee", "--stdout=o", "--stderr=o", "--exec"];
    const { code, bytes, stderr } = await run(
      tamperedWith(tampering, [...words, "./write", "1000000", "0e"]),
      { directory },
    );
    expect(code).toBe(0);
    expect(codesBut(stderr)).toEqual([]);
    expect(isSame(bytes, numbered(1_000_000))).toBe(true);
    expect(isSame(readFileSync(join(directory, "o")), numbered(1_000_000))).toBe(true);
  });

  it("an unread console is not waited for, and the file is whole", async () => {
    const directory = place();
    // As much as fits into the console and the pipe together.
    const writes = Array.from({ length: 100 }, () => "1000");
    const end =
      "read _ _ _ sidecar _ < /proc/$PPID/stat; kill $sidecar; exec sleep 600";
    const words = ["--tee", "--grace=1s", "--result=r", "--stdout=o", "--exec"];
    const script = `./write ${writes.join(" ")}; ${end}`;
    const command = tamperedWith(none, [...words, "sh", "-c", script]);
    const { ended } = startUnread(1, [], directory, command);
    const { code, stderr } = await ended;
    expect(code).toBe(143);
    expect(codesBut(stderr)).toEqual(["stream-lost", "block-cancelled"]);
    expect(isSame(readFileSync(join(directory, "o")), numbered(100_000))).toBe(true);
    const { streams } = JSON.parse(readFileSync(join(directory, "r"), "utf8"));
    expect(streams).toEqual({ stdout: { path: "o", bytes: 100_000 } });
  });

  it("--max-output cannot be had, and says so", async () => {
    const directory = workspace();
    const words = ["--max-output=1m", "--stdout=o", "--exec", "touch", "ran"];
    const { code, stderr } = await run(tamperedWith(none, words), { directory });
    expect(code).toBe(125);
    expect(codesBut(stderr)).toEqual(["max-output-unavailable"]);
    expect(existsSync(join(directory, "ran"))).toBe(false);
  });
});
