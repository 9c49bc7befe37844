/** Of files' content what is wanted is kept, and anything else can be had. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ProgramReader } from "../src/image/layer/program.ts";
import type { Program, Tree, TreeNode } from "../src/image/tree/tree.ts";
import { type LayerDescription, layerTar } from "./support/images.ts";
import { compressed, digestOf, imageOf, read } from "./support/layers.ts";
import { describeWhere } from "./support/machine.ts";
import { executable } from "./support/paths.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

function node(tree: Tree, path: string): TreeNode {
  const found = tree.resolve(path);
  if (found.kind !== "found") throw new Error(`${path} is ${found.kind}`);
  return found.node;
}

const layers: LayerDescription[] = [
  {
    "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
    "usr/lib/os-release": "ID=debian\n",
    "opt/large": "0123456789".repeat(10_000),
    "opt/hard": { type: "link", linkname: "opt/large" },
  },
  { "opt/passwd": "p".repeat(5000), "opt/other": "other", "etc/empty": "" },
];

async function opened() {
  const tars = await Promise.all(layers.map(layerTar));
  return imageOf(tars.map((tar) => ({ tar, compression: "gzip" })));
}

const wanted = { names: ["passwd", "os-release"], limit: 4096 };

it("what is wanted is kept, by name in any directory", async () => {
  const image = await opened();
  const { tree } = await read(image, wanted);
  const content = (path: string, limit: number) =>
    tree.content(node(tree, path), limit);
  expect(text(await content("/etc/passwd", 4096))).toContain("root:x:0:0");
  expect(text(await content("/usr/lib/os-release", 2))).toBe("ID");
  expect(text(await content("/opt/passwd", 4096))).toBe("p".repeat(4096));
  expect(await content("/etc/empty", 10)).toEqual(new Uint8Array(0));
  expect(await content("/etc", 10)).toEqual(new Uint8Array(0));
  expect(image.opened).toBe(2);
});

it("anything else is read again, a layer once for all who ask at once", async () => {
  const image = await opened();
  const { tree } = await read(image, wanted);
  const asked = ["/opt/large", "/opt/hard", "/opt/other", "/opt/passwd", "/opt/large"];
  const limits = [5, 100_000, 100, 5000, 12];
  const contents = await Promise.all(
    asked.map((path, at) => tree.content(node(tree, path), limits[at]!)),
  );
  expect(contents.map(text)).toEqual([
    "01234",
    "0123456789".repeat(10_000),
    "other",
    "p".repeat(5000),
    "012345678901",
  ]);
  expect(image.opened).toBe(4);
});

it("a layer that changed meanwhile is refused", async () => {
  const tar = await layerTar(layers[0]!);
  const image = imageOf([{ tar }]);
  const { tree } = await read(image);
  const changed = Uint8Array.from(tar, (byte, at) => (at === 600 ? byte ^ 1 : byte));
  const source = imageOf([{ tar, given: changed }]).source;
  Object.assign(image.source, { open: source.open });
  await expect(tree.content(node(tree, "/opt/large"), 5)).rejects.toMatchObject({
    code: "image-layer-digest",
  });
});

it("no more is kept than a few MiB, whatever the files are called", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, at) => [`${at}/passwd`, "x".repeat(1000)]),
  );
  const image = imageOf([{ tar: await layerTar(files) }]);
  const { tree } = await read(image, wanted, { kept: 100_000 });
  const all = [...Array(300).keys()].map((at) =>
    tree.content(node(tree, `/${at}/passwd`), 4096),
  );
  for (const content of await Promise.all(all)) expect(content.length).toBe(1000);
  expect(image.opened).toBe(2);
});

it("reading tells how far it is", async () => {
  const { readImageFiles } = await import("../src/image/tree/read.ts");
  const { source, image } = await opened();
  const told: [number, number][] = [];
  await readImageFiles(source, image, wanted, (...one) => told.push(one));
  const total = image.layers.reduce((sum, { stored }) => sum + stored.size, 0);
  expect(told.at(-1)).toEqual([total, total]);
});

function programOf(bytes: Uint8Array, pieceLength: number): Program {
  const reader = new ProgramReader(bytes.length);
  for (let at = 0; at < bytes.length; at += pieceLength) {
    const known = reader.write(bytes.subarray(at, at + pieceLength));
    if (known) return known;
  }
  return reader.end();
}

describe("what an executable file says to the kernel", () => {
  /** ELF with its headers at 64 and the interpreter's path wherever it is wanted. */
  function elf(interpreterAt: number, headersAt = 64, bits: 32 | 64 = 64): Buffer {
    const bytes = Buffer.alloc(Math.max(interpreterAt, headersAt) + 500);
    bytes.write("\x7fELF", "latin1");
    bytes.set([bits === 64 ? 2 : 1, 1, 1], 4);
    bytes.writeUInt16LE(62, 18);
    const path = "/lib64/ld-linux-x86-64.so.2\0";
    bytes.write(path, interpreterAt);
    if (bits === 64) {
      bytes.writeBigUInt64LE(BigInt(headersAt), 32);
      bytes.writeUInt16LE(56, 54);
      bytes.writeUInt16LE(2, 56);
      bytes.writeUInt32LE(3, headersAt + 56);
      bytes.writeBigUInt64LE(BigInt(interpreterAt), headersAt + 64);
      bytes.writeBigUInt64LE(BigInt(path.length), headersAt + 88);
    } else {
      bytes.writeUInt32LE(headersAt, 28);
      bytes.writeUInt16LE(32, 42);
      bytes.writeUInt16LE(2, 44);
      bytes.writeUInt32LE(3, headersAt + 32);
      bytes.writeUInt32LE(interpreterAt, headersAt + 36);
      bytes.writeUInt32LE(path.length, headersAt + 48);
    }
    return bytes;
  }
  const loader = { interpreter: "/lib64/ld-linux-x86-64.so.2" };
  const x86 = { kind: "elf", bits: 64, machine: 62 };
  const noHeaders = elf(1000);
  noHeaders.writeUInt16LE(0, 56);
  const endless = elf(1000);
  endless.writeBigUInt64LE(2n ** 60n, 64 + 88);
  const nowhere = elf(1000);
  nowhere.writeBigUInt64LE(2n ** 62n, 64 + 64);

  it.each<[string, Uint8Array, unknown]>([
    [
      "a script",
      Buffer.from("#!/bin/sh -e\necho\n"),
      { kind: "script", line: "/bin/sh -e" },
    ],
    [
      "DOS's script",
      Buffer.from("#! /bin/sh\r\n"),
      { kind: "script", line: " /bin/sh\r" },
    ],
    ["one line", Buffer.from("#!x"), { kind: "script", line: "x" }],
    [
      "a long line",
      Buffer.from(`#!${"y".repeat(999)}`),
      { kind: "script", line: "y".repeat(254) },
    ],
    ["bytes", Buffer.from("#!/\xff\n", "latin1"), { kind: "script", line: "/\udcff" }],
    ["text", Buffer.from("echo"), { kind: "other" }],
    ["the mark of ELF alone", Buffer.from("\x7fELF"), { kind: "other" }],
    ["ELF", elf(1000), { ...x86, ...loader }],
    [
      "ELF of 32 bits",
      elf(1000, 52, 32),
      { kind: "elf", bits: 32, machine: 62, ...loader },
    ],
    ["ELF with a far interpreter", elf(123_456), { ...x86, ...loader }],
    ["ELF with far headers", elf(223_456, 123_456), { ...x86, ...loader }],
    ["ELF that was patched", elf(5000, 123_456), { ...x86, interpreterUnread: true }],
    ["ELF without program headers", noHeaders, x86],
    ["ELF with an endless path", endless, { ...x86, interpreterUnread: true }],
    ["ELF with a path nowhere", nowhere, { ...x86, interpreterUnread: true }],
  ])("%s", (_, bytes, program) => {
    for (const length of [1, 100, 4096, 5000, bytes.length])
      expect(programOf(bytes, length)).toEqual(program);
  });

  it("is known of each file in a layer that somebody may execute", async () => {
    const tar = await layerTar({
      a: { content: "#!/bin/sh\n", mode: 0o755 },
      b: { content: "#!/bin/sh\n", mode: 0o644 },
      c: { content: "", mode: 0o755 },
      d: { content: elf(9999), mode: 0o500 },
    });
    const stored = compressed(tar, "zstd");
    const { tree } = await read(
      imageOf([{ tar, compression: "zstd", digest: digestOf(stored) }], 700),
    );
    const found = ["a", "b", "c", "d"].map((path) =>
      tree.program(node(tree, `/${path}`)),
    );
    expect(found).toEqual([
      { kind: "script", line: "/bin/sh" },
      undefined,
      undefined,
      { ...x86, ...loader },
    ]);
  });
});

describeWhere({ readelf: Bun.which("readelf") !== null }, "on this machine", () => {
  it("the interpreter of a program is what readelf says", () => {
    for (const file of [executable, "/bin/sh", "/bin/ls", process.execPath]) {
      const listed = execFileSync("readelf", ["-lW", file]).toString();
      const interpreter = /interpreter: (.*)\]/.exec(listed)?.[1];
      const found = programOf(readFileSync(file), 100_000);
      expect(found).toEqual({
        kind: "elf",
        bits: 64,
        machine: 62,
        ...(interpreter ? { interpreter } : {}),
      });
    }
  });
});
