/** `--tee`: the redirected streams on sidecar's own as well, byte for byte. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { executable } from "./support/paths.ts";
import { codesBut, run, sidecar, start, until, workspace } from "./support/sidecar.ts";

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

it("holds the reading end of the block's pipe only, so that it sees its end", async () => {
  const directory = workspace();
  const script = "echo $$ > pid; exec sleep 600";
  const { child, ended } = start(
    [executable, "--quiet", "--tee", "--stdout=o", "--exec", "sh", "-c", script],
    { directory },
  );
  const pid = () => readFileSync(join(directory, "pid"), "utf8").trim();
  await until(() => pid() !== "", "the block is up");
  const pipe = readlinkSync(`/proc/${pid()}/fd/1`);
  const own = readdirSync(`/proc/${child.pid}/fd`).map((descriptor) =>
    readlinkSync(`/proc/${child.pid}/fd/${descriptor}`),
  );
  expect(own.filter((target) => target === pipe)).toHaveLength(1);
  child.kill("SIGTERM");
  await ended;
});

it("makes a block wait for a slow reader, as a pipe does, and loses nothing", async () => {
  const directory = workspace();
  const script =
    '"$0" --quiet --tee --stdout=o --exec sh -c "seq 200000; echo done > done" |' +
    " (sleep 1; [ -e done ] && echo early; cat) | tail -n 1";
  const { stdout } = await run(["sh", "-c", script, executable], { directory });
  expect(stdout).toBe("200000\n");
});

it("does not wait for a process that keeps the pipe open", async () => {
  const directory = workspace();
  const { code, stdout } = await sidecar(
    [
      "--quiet",
      "--tee",
      "--grace=1s",
      "--stdout=o",
      "--exec",
      "sh",
      "-c",
      "setsid sh -c 'trap \"\" TERM; touch up; sleep 600' 2>/dev/null & " +
        "while [ ! -e up ]; do sleep 0.05; done; echo last",
    ],
    { directory },
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: "last\n" });
});

it("goes on into the file when the console has gone away", async () => {
  const directory = workspace();
  const script =
    '("$0" --tee --result=r --stdout=o --exec sh -c "seq 100000; exit 3"; echo $? > code)' +
    " 2>messages | head -n 1";
  await run(["sh", "-c", script, executable], { directory });
  const text = (name: string) => readFileSync(join(directory, name), "utf8");
  await until(() => text("code") !== "", "sidecar has ended");
  expect(text("code")).toBe("3\n");
  expect(text("o").endsWith("\n100000\n")).toBe(true);
  expect(codesBut(text("messages"))).toEqual(["stream-lost"]);
});

it("goes on to the console when the file cannot take more", async () => {
  const { stdout, stderr, code } = await sidecar([
    "--tee",
    "--stdout=/dev/full",
    "--exec",
    "seq",
    "50000",
  ]);
  expect(code).toBe(0);
  expect(stdout.endsWith("\n50000\n")).toBe(true);
  expect(codesBut(stderr)).toEqual(["stream-lost"]);
  expect(stderr).toContain("No space left on device");
});
