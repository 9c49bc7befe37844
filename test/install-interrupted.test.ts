/** `sidecar install` where the system does not play along, and where a signal comes. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectCopy, old } from "./support/copies.ts";
import { describeWhere, hasNamespaces } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { codesBut, run, sidecar, workspace } from "./support/sidecar.ts";
import { hasStrace, startUntilStopped, tamperedWith } from "./support/tracing.ts";

/** A directory with an older DEST in it. */
function withOld(): { directory: string; file: string } {
  const directory = workspace();
  const file = join(directory, "copy");
  writeFileSync(file, old);
  return { directory, file };
}

function expectUntouched(directory: string): void {
  expect(readdirSync(directory)).toEqual(["copy"]);
  expect(readFileSync(join(directory, "copy"), "utf8")).toBe(old);
}

/** The file system has no files without a name, says strace. */
const noNameless = (directory: string) => ({
  inject: ["open,openat:error=EOPNOTSUPP"],
  paths: [directory, executable],
});

describeWhere(
  { strace: hasStrace },
  "what the kernel cannot do is done otherwise:",
  () => {
    it.each(["EXDEV", "EINVAL", "ENOSYS", "EOPNOTSUPP", "EPERM"])(
      "copy_file_range says %s",
      async (error) => {
        for (const fault of [`error=${error}`, `error=${error}:when=3+`]) {
          const file = join(workspace(), "copy");
          const inject = [`copy_file_range:${fault}`];
          const result = await run(tamperedWith({ inject }, ["install", file]));
          expect(result).toMatchObject({ stderr: "", code: 0 });
          await expectCopy(file);
        }
      },
    );

    it("copy_file_range copies nothing", async () => {
      const file = join(workspace(), "copy");
      const inject = ["copy_file_range:retval=0"];
      const { code } = await run(tamperedWith({ inject }, ["install", file]));
      expect(code).toBe(0);
      await expectCopy(file);
    });

    it.each(["linkat:error=EPERM", "linkat:error=ENOENT:when=1", "flock:error=ENOLCK"])(
      "%s",
      async (fault) => {
        const { directory, file } = withOld();
        const words = tamperedWith({ inject: [fault] }, ["install", file]);
        expect((await run(words)).code).toBe(0);
        await expectCopy(file);
        expect(readdirSync(directory)).toEqual(["copy"]);
      },
    );

    it("there are no files without a name", async () => {
      const { directory, file } = withOld();
      const words = tamperedWith(noNameless(directory), ["install", file]);
      expect((await run(words)).code).toBe(0);
      await expectCopy(file);
      expect(readdirSync(directory)).toEqual(["copy"]);
    });
  },
);

describeWhere(
  { strace: hasStrace },
  "nothing is left, and the old one is whole:",
  () => {
    it.each([
      ["copy_file_range:error=ENOSPC:when=5", "no-space"],
      ["copy_file_range:error=EDQUOT:when=5", "no-space"],
      ["copy_file_range:error=EIO:when=5", "failed"],
      ["copy_file_range:retval=4194304:when=5", "checksum"],
      ["fsync:error=EIO:when=1", "failed"],
      ["rename:error=EBUSY", "destination-invalid"],
      ["rename:error=EROFS", "read-only"],
    ])("%s", async (fault, code) => {
      const { directory, file } = withOld();
      const named = noNameless(directory);
      for (const tampering of [
        { inject: [fault] },
        fault.startsWith("copy_file_range")
          ? { ...named, inject: [...named.inject, fault] }
          : // The copy without a name has been made by then, the second has one.
            { inject: ["linkat:error=EPERM", fault.replace("when=1", "when=2")] },
      ]) {
        const result = await run(tamperedWith(tampering, ["install", file]));
        expect(codesBut(result.stderr)).toEqual([`install-${code}`]);
        expect(result).toMatchObject({ stdout: "", code: 125 });
        expectUntouched(directory);
      }
    });

    describe.each(["without a name", "with a temporary name"])("%s", (how) => {
      it.each(["TERM", "INT", "HUP", "QUIT"])("SIG%s in mid-copy", async (name) => {
        const { directory, file } = withOld();
        const { inject, paths } = how.startsWith("with ")
          ? noNameless(directory)
          : { inject: [], paths: [executable] };
        const signal = `copy_file_range:signal=${name}:when=3`;
        const words = ["install", file];
        const result = await run(
          tamperedWith({ inject: [...inject, signal], paths }, words),
        );
        // strace ends as what it ran has ended.
        expect(result.signal).toBe(`SIG${name}`);
        expect(result.stderr + result.stdout).toBe("");
        expectUntouched(directory);
      });
    });

    it("SIGKILL in mid-copy", async () => {
      const { directory, file } = withOld();
      const inject = ["copy_file_range:signal=KILL:when=3"];
      const result = await run(tamperedWith({ inject }, ["install", file]));
      expect(result.signal).toBe("SIGKILL");
      expectUntouched(directory);
    });

    it("not by a signal that it was started to ignore", async () => {
      const file = join(workspace(), "copy");
      const inject = ["copy_file_range:signal=HUP:when=3"];
      const words = tamperedWith({ inject }, ["install", file]);
      const result = await run(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", ...words]);
      expect(result.code).toBe(0);
      await expectCopy(file);
    });
  },
);

describeWhere(
  { strace: hasStrace, namespaces: hasNamespaces },
  "nothing is left, either, by",
  () => {
    it("SIGTERM to process 1, which no signal ends", async () => {
      const { directory, file } = withOld();
      const inject = ["copy_file_range:signal=TERM:when=3"];
      const [strace, ...words] = tamperedWith({ inject }, ["install", file]);
      const alone = ["unshare", "--pid", "--fork", "--mount-proc"];
      const result = await run([...alone, strace!, "-D", ...words]);
      expect(result).toMatchObject({ stdout: "", stderr: "", code: 128 + 15 });
      expectUntouched(directory);
    });
  },
);

describeWhere({ strace: hasStrace }, "a temporary file", () => {
  it("that SIGKILL has left is removed by the next installation", async () => {
    const { directory, file } = withOld();
    const { inject, paths } = noNameless(directory);
    const kill = { inject: [...inject, "copy_file_range:signal=KILL:when=3"], paths };
    await run(tamperedWith(kill, ["install", file]));
    expect(readdirSync(directory).sort()).toEqual([
      expect.stringMatching(/^\.sidecar-install-[0-9a-f]{16}$/),
      "copy",
    ]);
    expect((await sidecar(["install", file])).code).toBe(0);
    expect(readdirSync(directory)).toEqual(["copy"]);
    await expectCopy(file);
  });

  it("of an installation that is at work is not", async () => {
    const { directory, file } = withOld();
    const { inject, paths } = noNameless(directory);
    const stop = { inject: [...inject, "copy_file_range:signal=STOP:when=3"], paths };
    const one = await startUntilStopped(stop, ["install", file]);
    const other = join(directory, "other");
    expect((await sidecar(["install", other])).code).toBe(0);
    await expectCopy(other);
    expect(readdirSync(directory)).toHaveLength(3);
    one.goOn();
    expect(await one.ended).toMatchObject({ stderr: "", code: 0 });
    expect(readdirSync(directory).sort()).toEqual(["copy", "other"]);
    await expectCopy(file);
  });

  it("of somebody who only has such a name is not, if it is no file", async () => {
    const { directory, file } = withOld();
    mkdirSync(join(directory, ".sidecar-install-0123456789abcdef"));
    expect((await sidecar(["install", file])).code).toBe(0);
    expect(readdirSync(directory)).toHaveLength(2);
  });
});
