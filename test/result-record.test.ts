/** `--result`: at every moment the last known truth, and never a variable's value. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { summary } from "../src/companion/record.ts";
import {
  describeWhere,
  hasLauncher,
  hasNamespaces,
  isRoot,
} from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import {
  codesBut,
  run,
  sidecar,
  smallEnvironment,
  start,
  until,
  workspace,
} from "./support/sidecar.ts";

const time = z.iso.datetime();
const stream = z.strictObject({
  path: z.string(),
  bytes: z.int().min(0).optional(),
  leftOut: z.int().min(1).optional(),
});

/** What docs/result-record.md promises. */
const record = z.strictObject({
  schema: z.literal("sidecar-result-1"),
  state: z.enum(["activating", "running", "finished"]),
  runenv: z
    .strictObject({
      name: z.string(),
      version: z.int().optional(),
      requested: z.int(),
    })
    .optional(),
  words: z.array(z.string()).min(1),
  directory: z.string(),
  started: time,
  activated: time.optional(),
  finished: time.optional(),
  exit: z
    .strictObject({
      code: z.int().optional(),
      signal: z.string().optional(),
      core: z.literal(true).optional(),
      cause: z.enum([
        "exited",
        "signalled",
        "timeout",
        "cancelled",
        "out-of-memory",
        "activation-failed",
        "refused",
        "not-found",
        "not-executable",
      ]),
    })
    .optional(),
  usage: z
    .strictObject({
      processorSeconds: z.number().min(0).optional(),
      processorSecondsSource: z.enum(["cgroup", "process"]).optional(),
      peakMemory: z.number().min(0).optional(),
      peakMemorySource: z.enum(["cgroup", "process"]).optional(),
      memoryLimit: z.int().min(1).optional(),
      memoryLimitReached: z.int().min(1).optional(),
      outOfMemoryKills: z.int().min(1).optional(),
    })
    .optional(),
  streams: z
    .strictObject({ stdout: stream.optional(), stderr: stream.optional() })
    .optional(),
  message: z.string().optional(),
});

function read(directory: string, name = "r.json") {
  return record.parse(JSON.parse(readFileSync(join(directory, name), "utf8")));
}

async function recordOf(words: string[], environment: Record<string, string> = {}) {
  const directory = workspace();
  const result = await sidecar(["--result=r.json", ...words], {
    directory,
    environment: { ...smallEnvironment, ...environment },
  });
  return { ...result, directory, record: read(directory) };
}

describe("the record of a block that", () => {
  it("ended by itself", async () => {
    const { record, directory } = await recordOf(
      [
        "--runenv=(T,3)",
        "--stdout=o",
        "--stderr=e",
        "--exec",
        "sh",
        "-c",
        "echo hello; exit 3",
      ],
      { DA__P7__RUNENV__T__ACTIVATE: "", DA__P7__RUNENV__T__VERSION: "4" },
    );
    expect(record).toMatchObject({
      state: "finished",
      runenv: { name: "T", version: 4, requested: 3 },
      words: ["sh", "-c", "echo hello; exit 3"],
      directory,
      exit: { code: 3, cause: "exited" },
      streams: { stdout: { path: "o", bytes: 6 }, stderr: { path: "e", bytes: 0 } },
    });
    const times = [record.started, record.activated, record.finished];
    expect(times).toEqual(times.toSorted());
    expect(record.usage!.peakMemory).toBeGreaterThan(0);
    expect(record.message).toBeUndefined();
  });

  it("appended and copied its streams counts only what is new", async () => {
    const directory = workspace();
    writeFileSync(join(directory, "o"), "before");
    const options = [
      "--result=r.json",
      "--append",
      "--stdout=o",
      "--exec",
      "printf",
      "1234",
    ];
    await sidecar(options, { directory });
    expect(read(directory).streams!.stdout!.bytes).toBe(4);
    await sidecar(["--tee", ...options], { directory });
    expect(read(directory).streams!.stdout!.bytes).toBe(4);
  });

  it.each<[string, string[], object, number]>([
    [
      "a signal ended",
      ["--exec", "sh", "-c", "kill -11 $$"],
      { signal: "SIGSEGV", cause: "signalled" },
      139,
    ],
    [
      "took too long",
      ["--timeout=200ms", "--exec", "sleep", "60"],
      { signal: "SIGTERM", cause: "timeout" },
      124,
    ],
    ["was not found", ["--exec", "no-such"], { cause: "not-found" }, 127],
    ["is not executable", ["--exec", "/etc/passwd"], { cause: "not-executable" }, 126],
    ["was refused", ["--runenv=X,1", "--exec", "true"], { cause: "refused" }, 125],
    ["was refused by its words", ["--exec", "${NONE}"], { cause: "refused" }, 125],
    [
      "could not be activated",
      ["--runenv=F,1", "--exec", "true"],
      { cause: "activation-failed" },
      123,
    ],
  ])("%s", async (_, words, exit, code) => {
    const result = await recordOf(words, { DA__P7__RUNENV__F__ACTIVATE: "exit 9" });
    expect(result.record.state).toBe("finished");
    expect(result.record.exit).toEqual(exit);
    expect(result.record.message).toBeTruthy();
    expect(result.code).toBe(code);
    expect(readdirSync(result.directory)).toEqual(["r.json"]);
  });

  it("was cancelled says so, also when it then ended well", async () => {
    const directory = workspace();
    const { child, ended } = start(
      [
        executable,
        "--result=r.json",
        "--exec",
        "bash",
        "-c",
        "trap 'exit 0' TERM; touch up; while :; do sleep 0.05; done",
      ],
      { directory },
    );
    await until(() => existsSync(join(directory, "up")), "the block is up");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
    expect(read(directory).exit).toEqual({ code: 0, cause: "cancelled" });
  });
});

describe("who ended a block:", () => {
  /** Starts a block that writes its process id, and ends it from outside. */
  async function endedFromOutside(
    options: string[],
    block: string,
    signal: NodeJS.Signals,
    when: (directory: string) => boolean = () => true,
  ) {
    const directory = workspace();
    const script = `echo $$ > pid; ${block}`;
    const words = ["--quiet", "--result=r.json", ...options, "--exec", "bash", "-c"];
    const { ended } = start([executable, ...words, script], { directory });
    const pid = () => Number(readFileSync(join(directory, "pid"), "utf8"));
    await until(() => pid() > 0 && when(directory), "the block is ready");
    process.kill(pid(), signal);
    return { code: (await ended).code, exit: read(directory).exit };
  }

  it.each([
    ["SIGKILL", 137],
    ["SIGTERM", 143],
  ] as const)("somebody else, by %s", async (signal, code) => {
    const options = ["--timeout=1h"];
    expect(await endedFromOutside(options, "exec sleep 600", signal)).toEqual({
      code,
      exit: { signal, cause: "signalled" },
    });
  });

  it("somebody else, but the time limit was first", async () => {
    const block = "trap 'touch asked' TERM; while :; do sleep 0.05; done";
    const asked = (directory: string) => existsSync(join(directory, "asked"));
    const options = ["--timeout=200ms", "--grace=1h"];
    expect(await endedFromOutside(options, block, "SIGKILL", asked)).toEqual({
      code: 124,
      exit: { signal: "SIGKILL", cause: "timeout" },
    });
  });

  it("the time limit, and the block then ended well", async () => {
    const block = "trap 'exit 0' TERM; while :; do sleep 0.05; done";
    const { code, record } = await recordOf([
      "--timeout=200ms",
      ...["--exec", "bash", "-c", block],
    ]);
    expect(code).toBe(124);
    expect(record.exit).toEqual({ code: 0, cause: "timeout" });
  });

  it("nobody: what it left behind was ended, which is no time limit", async () => {
    const block = "trap '' TERM; sleep 600 & exit 5";
    const options = ["--timeout=1s", "--grace=2s"];
    const { code, record } = await recordOf([
      ...options,
      "--exec",
      "bash",
      "-c",
      block,
    ]);
    expect(code).toBe(5);
    expect(record.exit).toEqual({ code: 5, cause: "exited" });
  });
});

it("tells no usage that is not known, and the source of what is", async () => {
  const { record } = await recordOf(["--exec", "true"]);
  const { usage } = record;
  expect(usage!.processorSecondsSource).toBeDefined();
  expect(usage!.peakMemorySource).toBeDefined();
  expect(usage!.outOfMemoryKills).toBeUndefined();
  const refused = await recordOf(["--exec", "no-such"]);
  expect(refused.record.usage).toBeUndefined();
});

it("that cannot be written once the block runs does not disturb it", async () => {
  const directory = workspace();
  mkdirSync(join(directory, "there"));
  // The activation takes the directory away, after the first writing.
  const { stderr, code } = await sidecar(
    ["--result=there/r.json", "--runenv=T,1", "--exec", "sh", "-c", "exit 4"],
    {
      directory,
      environment: {
        ...smallEnvironment,
        DA__P7__RUNENV__T__ACTIVATE: "rm -r there",
      },
    },
  );
  expect(codesBut(stderr)).toEqual(["result-not-written"]);
  expect(code).toBe(4);
});

it("is there while activation and block run, and when all was killed", async () => {
  const directory = workspace();
  const script = "echo $$ > pid; exec sleep 600";
  const { child } = start(
    [executable, "--result=r.json", "--runenv=T,1", "--exec", "sh", "-c", script],
    {
      directory,
      environment: {
        ...smallEnvironment,
        DA__P7__RUNENV__T__ACTIVATE: "cp r.json during.json",
      },
    },
  );
  const pid = () => Number(readFileSync(join(directory, "pid"), "utf8"));
  await until(() => pid() > 0, "it runs");
  expect(read(directory, "during.json").state).toBe("activating");
  child.kill("SIGKILL");
  await child.exited;
  expect(read(directory)).toMatchObject({
    state: "running",
    words: ["sh", "-c", script],
  });
  // Without the launcher the block is still there.
  if (!hasLauncher) process.kill(pid());
});

it("never holds the value of a variable", async () => {
  const { record, directory } = await recordOf(
    ["--runenv=(T,1)", "--exec", "${PROGRAM}", "-n", "x${API_TOKEN}"],
    {
      DA__P7__RUNENV__T__ACTIVATE: "export MORE=from-activation",
      PROGRAM: "/bin/echo",
      API_TOKEN: "s3cret-value",
    },
  );
  expect(record.words).toEqual(["${PROGRAM}", "-n", "x${API_TOKEN}"]);
  const text = readFileSync(join(directory, "r.json"), "utf8");
  expect(text).not.toMatch(/s3cret|from-activation|bin\/echo/);
});

it("may be named relative to sidecar's own start, whatever --cwd is", async () => {
  const directory = workspace();
  await sidecar(["--result=r.json", "--cwd=/", "--exec", "true"], { directory });
  expect(read(directory).directory).toBe("/");
  await sidecar(["--result=r.json", "--temporary", "--exec", "true"], { directory });
  expect(read(directory).directory).toMatch(/^\/tmp\/sidecar-/);
});

it("that cannot be written is refused before the block runs", async () => {
  const directory = workspace();
  mkdirSync(join(directory, "folder"));
  for (const path of ["no/such/r.json", "folder"]) {
    const { stderr, code } = await sidecar(
      [`--result=${path}`, "--exec", "touch", "ran"],
      { directory },
    );
    expect(codesBut(stderr)).toEqual(["result-unwritable"]);
    expect(code).toBe(125);
  }
  expect(readdirSync(directory)).toEqual(["folder"]);
});

it("replaces no device, FIFO or standard stream by itself", async () => {
  const directory = workspace();
  const prepare = `
    mkfifo "$1/fifo"; ln -s /proc/self/fd/1 "$1/stdout"; ln -s fifo "$1/link"
    ln -s /dev/null "$1/null"; cd "$1"; shift
    for path in fifo stdout link null; do
      "$0" --quiet --result=$path --exec touch ran; echo $?
    done > codes`;
  await run(["sh", "-c", prepare, executable, directory]);
  const codes = readFileSync(join(directory, "codes"), "utf8");
  expect(codes).toBe("125\n".repeat(4));
  expect(statSync(join(directory, "fifo")).isFIFO()).toBe(true);
  for (const name of ["stdout", "link", "null"])
    expect(lstatSync(join(directory, name)).isSymbolicLink()).toBe(true);
  expect(readdirSync(directory).toSorted()).toEqual(
    ["codes", "fifo", "link", "null", "stdout"].toSorted(),
  );
});

it("replaces a symbolic link to a file, or to none, and not what it leads to", async () => {
  const directory = workspace();
  writeFileSync(join(directory, "other"), "as it was");
  symlinkSync("other", join(directory, "r.json"));
  await sidecar(["--result=r.json", "--exec", "true"], { directory });
  expect(read(directory).state).toBe("finished");
  expect(readFileSync(join(directory, "other"), "utf8")).toBe("as it was");
});

it("that can no longer be written at the end is a warning", async () => {
  const directory = workspace();
  mkdirSync(join(directory, "there"));
  const { stderr, code } = await sidecar(
    ["--result=there/r.json", "--exec", "sh", "-c", "rm -r there; exit 3"],
    { directory },
  );
  expect(codesBut(stderr)).toEqual(["result-not-written"]);
  expect(code).toBe(3);
});

describeWhere(
  { root: isRoot, namespaces: hasNamespaces },
  "Kubernetes's message",
  () => {
    const script = (size: number) => `
    mount -t tmpfs dev "$1" && touch "$1/termination-log" &&
    for d in null zero; do touch "$1/$d"; mount --bind /dev/$d "$1/$d"; done
    mount --move "$1" /dev
    "$0" --exec "/no/such/${"x".repeat(size)}" 2>/dev/null
    cat /dev/termination-log`;

    it.each([10, 200])("is left in /dev/termination-log", async (size) => {
      const words = [
        "unshare",
        "-m",
        "sh",
        "-c",
        script(size),
        executable,
        workspace(),
      ];
      const { stdout } = await run(words);
      expect(JSON.parse(stdout)).toMatchObject({
        schema: "sidecar-result-1",
        state: "finished",
        exit: { cause: "not-found" },
      });
    });
  },
);

it("a summary of a record with a long message has at most 4096 bytes", () => {
  const bytes = summary({
    schema: "sidecar-result-1",
    state: "finished",
    words: ["x"],
    directory: "/",
    started: "2026-01-01T00:00:00Z",
    exit: { cause: "refused" },
    message: "日本".repeat(5000),
  });
  expect(bytes.length).toBeLessThanOrEqual(4096);
  const { message } = JSON.parse(new TextDecoder().decode(bytes)) as {
    message: string;
  };
  expect(message.length).toBeGreaterThan(500);
});
