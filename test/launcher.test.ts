/** The launcher in the executable. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { identityOffset, markedSize, readMark } from "../src/contract/mark.ts";
import { Elf, segmentType } from "../src/launcher/elf.ts";
import { blockedSignals, signalNumber } from "../src/system/posix/signals.ts";
import { describeWhere, has, hasLauncher } from "./support/machine.ts";
import { built, root } from "./support/paths.ts";
import { run, sidecar } from "./support/sidecar.ts";
import { hasStrace } from "./support/tracing.ts";

describeWhere({ readelf: has("readelf") }, "the product", () => {
  it("has no segment that can be both written and executed", async () => {
    const { stdout } = await run(["readelf", "-lW", built]);
    const loads = stdout.split("\n").filter((line) => /^ *(LOAD|GNU_STACK)/.test(line));
    expect(loads.length).toBeGreaterThan(2);
    for (const line of loads) expect(line).not.toMatch(/RWE/);
  });
});

describeWhere({ "the launcher": hasLauncher }, "the product", () => {
  it("is not dynamic, says ldd, and needs no loader", async () => {
    const { stdout, stderr, code } = await run(["ldd", built]);
    expect(stdout + stderr).toMatch(/not a dynamic executable/);
    expect(code).toBe(1);
    const types = new Elf(readFileSync(built), "it").segments.map(({ type }) => type);
    expect(types).not.toContain(segmentType.INTERP);
    expect(types).not.toContain(segmentType.DYNAMIC);
  });

  it("holds a checksum of itself", () => {
    const bytes = readFileSync(built);
    const at = identityOffset(new Elf(bytes, "it").segments.length);
    const held = Buffer.from(bytes.subarray(at, at + 32));
    bytes.fill(0, at, at + 32);
    const own = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    expect(held.toString("hex")).toBe(own);
  });

  it("says in its first page which version it is", async () => {
    const head = readFileSync(built).subarray(0, markedSize);
    const { version, commit } = readMark(head) ?? {};
    const { stdout } = await sidecar(["--version"]);
    expect(stdout).toContain(`sidecar ${version} (${commit}, `);
  });

  it("is at most 2 MB larger than what Bun made", async () => {
    const elf = new Elf(readFileSync(built), "it");
    // The launcher's two parts come last.
    const added = elf.loads.slice(-2).reduce((sum, { fileSize }) => sum + fileSize, 0);
    expect(added).toBeGreaterThan(500_000);
    expect(added).toBeLessThan(2_000_000);
  });
});

describeWhere({ "the launcher": hasLauncher, strace: hasStrace }, "libc", () => {
  it("sees no variable either: it cannot be tuned", async () => {
    // With this one it would not register restartable sequences when it starts.
    const environment = { GLIBC_TUNABLES: "glibc.pthread.rseq=0" };
    const words = ["strace", "-e", "trace=rseq", built, "--version"];
    const { stderr } = await run(words, { environment });
    expect(stderr).toMatch(/^rseq\(/m);
  });
});

it("the launcher blocks the very signals that sidecar reads", () => {
  const source = readFileSync(join(root, "src/launcher/entry.c"), "utf8");
  const handled = /u64 handled =([^;]*);/.exec(source)![1]!;
  const numbers = [...handled.matchAll(/BIT\((\d+)\)/g)].map(([, number]) =>
    Number(number),
  );
  const known = blockedSignals.map((name) => signalNumber[name]);
  expect(numbers.toSorted((a, b) => a - b)).toEqual(known.toSorted((a, b) => a - b));
});

it("--internal-environment answers what it was given, and nothing else", async () => {
  const environment = { A: "1", B: "two\nlines" };
  const words = ["--internal-environment", "1"];
  const good = await sidecar([...words, "0"], { environment });
  expect(good.stdout).toBe("A=1\0B=two\nlines\0\0");
  const bad = await sidecar([...words, "7"], { environment });
  expect(bad).toMatchObject({ stdout: "", code: 7 });
});
