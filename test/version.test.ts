/** `sidecar --version --verbose`: all about a build, by names that stay. */
import { copyFileSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hasLauncher } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { run, sidecar, workspace } from "./support/sidecar.ts";

const facts = (stdout: string) =>
  Object.fromEntries(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/: (.*)/).slice(0, 2)),
  );

it.each([
  ["--version", "--verbose"],
  ["--verbose", "--version"],
])("%s %s", async (...words) => {
  const { stdout, stderr, code } = await sidecar(words);
  const plain = (await sidecar(["--version"])).stdout;
  const [, version, commit, bun] = /^sidecar (\S+) \((\S+), Bun ([^,)]+)/.exec(plain)!;
  const { bytes, libc, ...others } = facts(stdout);
  const sum = await run(["sha256sum", executable]);
  expect(others).toEqual({
    version,
    commit,
    Bun: bun,
    build: hasLauncher ? "static, with launcher" : "dynamic, without launcher",
    target: "linux-x64",
    executable,
    "SHA-256": sum.stdout.split(" ")[0],
  });
  // What build.ts has told it; it must not contradict what the kernel says.
  expect(libc).toMatch(hasLauncher ? /^Debian GLIBC \d.*, static$/ : /, dynamic$/);
  expect(bytes).toBe(String(statSync(executable).size));
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
});

it("plain --version is one line, whatever else is asked for", async () => {
  for (const words of [["--version"], ["--quiet", "--version"]])
    expect((await sidecar(words)).stdout).toMatch(/^sidecar [^\n]*\n$/);
});

it("tells of the program that runs, not of what is at its path now", async () => {
  const directory = workspace();
  const one = join(directory, "one");
  copyFileSync(executable, one);
  const script = 'exec 3<one && rm one && echo x >one && exec /proc/self/fd/3 "$@"';
  const { stdout } = await run(["sh", "-c", script, "sh", "--version", "--verbose"], {
    directory,
  });
  expect(facts(stdout)["executable"]).toBe(`${one} (deleted)`);
  expect(facts(stdout)["bytes"]).toBe(String(readFileSync(executable).length));
  rmSync(one);
});
