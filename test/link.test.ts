/** The launcher in the executable, and what the linker refuses. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { link } from "../src/launcher/link.ts";
import { blockedSignals, signalNumber } from "../src/system/posix/signals.ts";
import { describeWhere, has } from "./support/machine.ts";
import { built, root } from "./support/paths.ts";
import { run, sidecar } from "./support/sidecar.ts";

/** An ELF file with segments of the given types, one page each. */
function elf(types: number[], base: number, entry = base): Uint8Array {
  const bytes = new Uint8Array(0x2000);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 62, true);
  view.setBigUint64(24, BigInt(entry), true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, types.length, true);
  types.forEach((type, index) => {
    const at = 64 + index * 56;
    view.setUint32(at, type, true);
    view.setBigUint64(at + 8, BigInt(index === 1 ? 0x1000 : 0), true);
    view.setBigUint64(at + 16, BigInt(base + index * 0x10000), true);
    view.setBigUint64(at + 32, 0x100n, true);
    view.setBigUint64(at + 40, 0x100n, true);
  });
  return bytes;
}

function launcher(name = "sidecar-record1"): Uint8Array {
  const bytes = elf([1, 1], 0x20000000);
  bytes.set(new TextEncoder().encode(name), 0x1000);
  return bytes;
}

describe("link", () => {
  const program = elf([6, 3, 1, 1, 4], 0x200000, 0x201234);

  it("starts at the launcher, which knows where the program starts", () => {
    const bytes = link(program, launcher());
    const view = new DataView(bytes.buffer);
    expect(view.getBigUint64(24, true)).toBe(0x20000000n);
    const record = bytes.length - 0x100;
    expect(view.getBigUint64(record + 16, true)).toBe(0x201234n);
  });

  it.each<[string, Uint8Array, Uint8Array, RegExp]>([
    ["what is no ELF file", new Uint8Array(100), launcher(), /the program is an ELF/],
    [
      "a table without room",
      elf([6, 3, 1, 1], 0x200000),
      launcher(),
      /two segments to/,
    ],
    ["a program in its place", elf([6, 1, 4], 0x20000000), launcher(), /ends below/],
    ["another record", program, launcher("sidecar-record0"), /the one that we know/],
    ["a launcher in one piece", program, elf([1], 0x20000000), /two segments to load/],
  ])("refuses %s", (_, target, source, message) => {
    expect(() => link(target, source)).toThrow(message);
  });
});

describeWhere({ readelf: has("readelf") }, "the product", () => {
  it("has no segment that can be both written and executed", async () => {
    const { stdout } = await run(["readelf", "-lW", built]);
    const loads = stdout.split("\n").filter((line) => /^ *(LOAD|GNU_STACK)/.test(line));
    expect(loads.length).toBeGreaterThan(2);
    for (const line of loads) expect(line).not.toMatch(/RWE/);
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

it("the product says so if it has no launcher", async () => {
  const { stdout } = await sidecar(["--version"]);
  const linked = readFileSync(built).includes("sidecar-record1");
  expect(stdout.includes("without launcher")).toBe(!linked);
});

it("--internal-environment answers what it was given, and nothing else", async () => {
  const environment = { A: "1", B: "two\nlines" };
  const words = ["--internal-environment", "1"];
  const good = await sidecar([...words, "0"], { environment });
  expect(good.stdout).toBe("A=1\0B=two\nlines\0\0");
  const bad = await sidecar([...words, "7"], { environment });
  expect(bad).toMatchObject({ stdout: "", code: 7 });
});
