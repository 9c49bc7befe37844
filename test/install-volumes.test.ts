/** `sidecar install` onto volumes of all kinds, and without /proc/self/exe. */
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { identityOffset } from "../src/contract/mark.ts";
import { Elf } from "../src/launcher/elf.ts";
import { expectCopy, old } from "./support/copies.ts";
import {
  describeWhere,
  hasLauncher,
  hasNamespaces,
  isRoot,
  platformUser,
} from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { codesBut, run, workspace } from "./support/sidecar.ts";
import { hasStrace, startUntilStopped } from "./support/tracing.ts";

describeWhere({ namespaces: hasNamespaces }, "a volume", () => {
  const inVolume = (script: string) =>
    run([
      "unshare",
      "--mount",
      "sh",
      "-c",
      `set -e; cd /\n${script}`,
      "sh",
      executable,
    ]);

  it("that is full keeps what it had", async () => {
    const { stdout, stderr, code } = await inVolume(`
      mount -t tmpfs -o size=1m full /mnt
      echo '${old}' >/mnt/copy
      "$1" install /mnt/copy || code=$?
      ls -A /mnt; cat /mnt/copy; exit $code`);
    expect(codesBut(stderr)).toEqual(["install-no-space"]);
    expect({ stdout, code }).toEqual({ stdout: `copy\n${old}\n`, code: 125 });
  });

  it("that is read-only is named as such", async () => {
    const { stderr, code } = await inVolume(`
      mount -t tmpfs read-only /mnt
      mount -o remount,ro /mnt
      exec "$1" install /mnt/`);
    expect(codesBut(stderr)).toEqual(["install-read-only"]);
    expect(code).toBe(125);
  });

  it("that is one file, mounted by itself, is named as such", async () => {
    const { stderr } = await inVolume(`
      mount -t tmpfs keep /mnt
      touch /mnt/one /mnt/copy
      mount --bind /mnt/one /mnt/copy
      exec "$1" install /mnt/copy`);
    expect(codesBut(stderr)).toEqual(["install-destination-invalid"]);
  });

  it("of another file system gets a whole copy", async () => {
    const { stderr, code } = await inVolume(`
      mount -t tmpfs other /mnt
      "$1" install /mnt/
      cmp "$1" /mnt/sidecar
      exec /mnt/sidecar --version`);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  it("that is full, but for the same file, is left alone", async () => {
    const { stdout, code } = await inVolume(`
      mount -t tmpfs other /mnt
      "$1" install /mnt/
      mount -o remount,ro /mnt
      exec "$1" install /mnt/`);
    expect(stdout).toMatch(/installed: [^\n]*\n.*left alone/);
    expect(code).toBe(0);
  });
});

/** A /proc with what Bun needs to start, and nothing else. */
const smallProc = `
  mount -t tmpfs keep /mnt
  mkdir /mnt/proc
  mount --rbind /proc /mnt/proc
  mount -t tmpfs small /proc
  mkdir /proc/self
  ln -s /mnt/proc/self/maps /proc/self/maps`;

const needs = { namespaces: hasNamespaces, launcher: hasLauncher };

describeWhere(needs, "without /proc/self/exe", () => {
  it.each([
    ["its path", '"$1" install "$2"'],
    ["a relative path", 'cd "${1%/*}"; ./sidecar install "$2"'],
    ["PATH", 'PATH=${1%/*}:$PATH; sidecar install "$2"'],
    ["another /proc/self/exe", 'ln -s /bin/true /proc/self/exe; "$1" install "$2"'],
  ])("the file is found by %s", async (_, command) => {
    const file = join(workspace(), "copy");
    const script = `set -e; ${smallProc}\n${command}`;
    const words = ["unshare", "--mount", "sh", "-c", script, "sh", executable, file];
    expect(await run(words)).toMatchObject({ stderr: "", code: 0 });
    await expectCopy(file);
  });
});

describeWhere({ ...needs, strace: hasStrace }, "without /proc/self/exe", () => {
  it.each([
    ["another program", () => readFileSync("/bin/true")],
    ["another build", anotherBuild],
    ["no program", () => "text"],
  ])("%s that took its place is not taken for it", async (_, content) => {
    const directory = workspace();
    const one = join(directory, "one");
    copyFileSync(executable, one);
    // The launcher asks for the directory, long before anything is looked for.
    const inject = ["getcwd:signal=STOP:when=1"];
    const words = ["install", join(directory, "copy")];
    const stopped = await startUntilStopped({ inject, program: one }, words, [
      ...["unshare", "--mount", "sh", "-c", `set -e; ${smallProc}\nexec "$@"`, "sh"],
    ]);
    writeFileSync(join(directory, "other"), content());
    renameSync(join(directory, "other"), one);
    stopped.goOn();
    const { stderr, code } = await stopped.ended;
    expect(codesBut(stderr)).toEqual(["executable-missing"]);
    expect(code).toBe(125);
    expect(readdirSync(directory)).toEqual(["one"]);
  });
});

/** As another build would be: it has another checksum in its first page. */
function anotherBuild(): Uint8Array {
  const bytes = readFileSync(executable);
  bytes[identityOffset(new Elf(bytes, "it").segments.length)]! ^= 1;
  return bytes;
}

describeWhere(
  { root: isRoot, launcher: hasLauncher },
  "in an image of nothing but sidecar",
  () => {
    it.each([
      ["root", "0:0"],
      ["a user of the platform", `${platformUser}:${platformUser}`],
    ])("it installs itself, as %s", async (_, user) => {
      const directory = workspace();
      copyFileSync(executable, join(directory, "sidecar"));
      const inside = ["chroot", `--userspec=${user}`, directory];
      for (const told of [": installed: ", ": left alone, "]) {
        const result = await run([...inside, "/sidecar", "install", "/copy"]);
        expect(result).toMatchObject({ stderr: "", code: 0 });
        expect(result.stdout).toContain(told);
      }
      await expectCopy(join(directory, "copy"));
      const copied = await run([...inside, "/copy", "--version", "--verbose"]);
      expect(copied.stdout).toContain("\nexecutable: /copy\n");
      expect(readdirSync(directory).sort()).toEqual(["copy", "sidecar"]);
    });
  },
);
