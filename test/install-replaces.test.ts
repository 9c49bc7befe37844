/**
 * What `sidecar install` does with what is at DEST: replaces it in one step, or not.
 */
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectCopy, old } from "./support/copies.ts";
import { executable } from "./support/paths.ts";
import { run, sidecar, start, until, workspace } from "./support/sidecar.ts";

describe("what is there already", () => {
  it("is left alone, where it is the same", async () => {
    const directory = workspace();
    const file = join(directory, "sidecar");
    await sidecar(["install", directory]);
    const before = statSync(file, { bigint: true });
    const { stdout, code } = await sidecar(["install", directory]);
    expect(stdout).toMatch(/: left alone, since it is the same: sidecar /);
    expect(code).toBe(0);
    const after = statSync(file, { bigint: true });
    expect([after.ino, after.mtimeNs, after.ctimeNs]).toEqual([
      before.ino,
      before.mtimeNs,
      before.ctimeNs,
    ]);
  });

  it.each<[string, (file: string) => void]>([
    ["another mode", (file) => chmodSync(file, 0o700)],
    ["one byte more", (file) => appendFileSync(file, "x")],
    [
      "one other byte",
      (file) => {
        const bytes = readFileSync(file);
        bytes[bytes.length >> 1]! ^= 1;
        writeFileSync(file, bytes);
      },
    ],
  ])("is replaced, where it has %s", async (_, change) => {
    const file = join(workspace(), "copy");
    await sidecar(["install", file]);
    change(file);
    const { stdout } = await sidecar(["install", file]);
    expect(stdout).toContain(": installed: ");
    await expectCopy(file);
  });

  it("is replaced in one step: whoever starts it gets one or the other", async () => {
    const directory = workspace();
    const file = join(directory, "copy");
    const log = join(directory, "log");
    // No script: its interpreter would open the file a second time, perhaps the new
    // one.
    copyFileSync("/bin/true", file);
    const readers = `while [ ! -e stop ]; do
        ./copy --quiet --exec echo new && echo ran || echo "failed with $?"
      done >log`;
    const reader = start(["sh", "-c", readers], { directory });
    const told = () => readFileSync(log, "utf8");
    await until(() => told().includes("ran"), "the old one was started");
    for (let round = 0; round < 5; round += 1) {
      const mark = told().length;
      expect((await sidecar(["install", file])).code).toBe(0);
      await until(() => told().slice(mark).includes("new"), "the new one was started");
      // Back to the old one, as whole as the new one.
      copyFileSync("/bin/true", `${file}.old`);
      expect((await run(["mv", `${file}.old`, file])).code).toBe(0);
    }
    writeFileSync(join(directory, "stop"), "");
    const { stderr } = await reader.ended;
    expect(new Set(told().trim().split("\n"))).toEqual(new Set(["ran", "new"]));
    expect(stderr).toBe("");
  });

  it("is replaced while it runs, and runs on", async () => {
    const directory = workspace();
    const file = join(directory, "copy");
    copyFileSync(executable, file);
    appendFileSync(file, "x");
    const script = "echo on >started; read line; echo $line";
    const words = [file, "--quiet", "--exec", "sh", "-c", script];
    const { child, ended } = start(
      ["sh", "-c", 'mkfifo f; exec "$@" <>f', "sh", ...words],
      {
        directory,
      },
    );
    await until(() => existsSync(join(directory, "started")), "the block runs");
    expect((await sidecar(["install", file])).code).toBe(0);
    await expectCopy(file);
    expect(child.exitCode).toBe(null);
    writeFileSync(join(directory, "f"), "ended\n");
    expect(await ended).toMatchObject({ stdout: "ended\n", code: 0 });
  });

  it("is replaced by several at once", async () => {
    const directory = workspace();
    const file = join(directory, "copy");
    writeFileSync(file, old);
    const all = [1, 2, 3, 4].map(() => sidecar(["install", file]));
    for (const { code, stderr } of await Promise.all(all))
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expectCopy(file);
    expect(readdirSync(directory)).toEqual(["copy"]);
  });

  it("stays under its other names", async () => {
    const directory = workspace();
    writeFileSync(join(directory, "copy"), old);
    linkSync(join(directory, "copy"), join(directory, "other"));
    await sidecar(["install", "copy"], { directory });
    await expectCopy(join(directory, "copy"));
    expect(readFileSync(join(directory, "other"), "utf8")).toBe(old);
  });
});

describe("a symbolic link", () => {
  it.each(["precious", "nowhere", "copy"])(
    "to %s is replaced itself",
    async (target) => {
      const directory = workspace();
      writeFileSync(join(directory, "precious"), "as it was");
      symlinkSync(target, join(directory, "copy"));
      const { code } = await sidecar(["install", "copy"], { directory });
      expect(code).toBe(0);
      await expectCopy(join(directory, "copy"));
      expect(readFileSync(join(directory, "precious"), "utf8")).toBe("as it was");
      expect(readdirSync(directory).sort()).toEqual(["copy", "precious"]);
    },
  );

  it("to the same file is replaced too", async () => {
    const directory = workspace();
    await sidecar(["install", "one"], { directory });
    symlinkSync("one", join(directory, "copy"));
    await sidecar(["install", "copy"], { directory });
    await expectCopy(join(directory, "copy"));
  });
});
