/** An image that is written is whole or absent, whatever the kernel says or cannot do. */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  dockerArchive,
  type ImageDescription,
  ociLayout,
  writeArchive,
} from "./support/images.ts";
import { describeWhere } from "./support/machine.ts";
import {
  messageCodes,
  run,
  sidecar,
  start,
  until,
  workspace,
} from "./support/sidecar.ts";
import { hasStrace, tamperedWith } from "./support/tracing.ts";

const image: ImageDescription = {
  layers: [
    { "bin/": {}, "bin/tool": { mode: 0o755, content: "tool" } },
    { "etc/": {}, "etc/passwd": "root:x:0:0::/root:/bin/sh\n" },
  ],
  config: { Env: ["DA__P7__RUNENV__COBOL__VERSION=42"] },
};

async function prepared(make = ociLayout) {
  const directory = workspace();
  const source = await writeArchive(await make(image), join(directory, "i.tar"));
  const out = join(directory, "out.tar");
  return { directory, source, out, words: ["image", "names", source, "--apply", "-o"] };
}

describeWhere({ strace: hasStrace }, "the output", () => {
  /** The directory cannot be opened as a file without a name. */
  const noNameless = (directory: string) => ({
    inject: ["open,openat:error=EOPNOTSUPP"],
    paths: [directory],
  });

  it.each([dockerArchive, ociLayout])(
    "is the same where the file system has no files without a name: %o",
    async (make) => {
      const { directory, out, words } = await prepared(make);
      const other = join(directory, "other.tar");
      const usual = await sidecar([...words, out]);
      expect(usual.code, usual.stderr).toBe(0);
      const tampered = tamperedWith(noNameless(directory), [...words, other]);
      const { code, stderr } = await run(tampered);
      expect(code, stderr).toBe(0);
      expect(readFileSync(other).equals(readFileSync(out))).toBe(true);
      expect(readdirSync(directory).toSorted()).toEqual([
        ...["i.tar", "other.tar", "out.tar"],
      ]);
    },
  );

  it("leaves nothing where sidecar is killed when all is written", async () => {
    const { directory, out, words } = await prepared();
    const killed = tamperedWith({ inject: ["fsync:signal=KILL"] }, [...words, out]);
    expect((await run(killed)).signal).toBe("SIGKILL");
    expect(readdirSync(directory)).toEqual(["i.tar"]);
  });

  it.each([
    "write:error=ENOSPC:when=3",
    "fsync:error=EIO",
    "rename,renameat,renameat2:error=EACCES",
    "linkat:error=EPERM:when=2+",
  ])("is absent after %s, and what was there is left", async (fault) => {
    for (const form of ["oci-archive", "oci-layout"]) {
      const { directory, source, out, words } = await prepared();
      if (form === "oci-archive") copyFileSync(source, out);
      const named = [...words, out, `--form=${form}`];
      const result = await run(tamperedWith({ inject: [fault] }, named));
      // A directory has its name from the beginning.
      if (form === "oci-layout" && fault.startsWith("linkat")) continue;
      expect(messageCodes(result.stderr), form).toEqual(["image-output-unwritable"]);
      expect(result.code).toBe(125);
      expect(readdirSync(directory).toSorted()).toEqual(
        form === "oci-archive" ? ["i.tar", "out.tar"] : ["i.tar"],
      );
      if (form === "oci-archive")
        expect(readFileSync(out).equals(readFileSync(source))).toBe(true);
    }
  });
});

it("removes what a killed one left, and not what somebody is at work on", async () => {
  const { directory, out, words } = await prepared();
  const left = ".sidecar-image-0123456789abcdef";
  const held = ".sidecar-image-fedcba9876543210";
  for (const name of [left, held]) writeFileSync(join(directory, name), "half");
  const holder = start([
    "flock",
    "--no-fork",
    "--shared",
    join(directory, held),
    "sleep",
    "600",
  ]);
  await until(() => isLocked(join(directory, held)), "it is held");
  const { code, stderr } = await sidecar([...words, out]);
  expect(code, stderr).toBe(0);
  expect(readdirSync(directory).toSorted()).toEqual([held, "i.tar", "out.tar"]);
  holder.child.kill("SIGKILL");
});

function isLocked(file: string): boolean {
  const words = ["flock", "--nonblock", "--exclusive", file, "true"];
  return Bun.spawnSync(words).exitCode !== 0;
}
