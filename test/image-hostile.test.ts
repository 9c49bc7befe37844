/**
 * Whatever image somebody hands in: a line that says what is wrong, and little memory.
 */
import { randomBytes } from "node:crypto";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  layerTar,
  ociLayout,
  sha256,
  writeArchive,
  writeDirectory,
} from "./support/images.ts";
import {
  inPieces,
  manyFiles,
  type Suffix,
  writeLargeImage,
} from "./support/large-image.ts";
import { executable } from "./support/paths.ts";
import { peakMemory } from "./support/peak-memory.ts";
import { smallEnvironment, workspace } from "./support/sidecar.ts";
import { archive, end, header, member, pax, record } from "./support/tar.ts";

/** Bytes; 150 MB for all that sidecar does with images. */
const memoryLimit = 150e6;

type Linted = {
  readonly code: number;
  readonly stderr: string;
  readonly memory: number;
};

async function lint(source: string): Promise<Linted> {
  const child = Bun.spawn([executable, "image", "lint", source], {
    env: smallEnvironment,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const peak = peakMemory(child);
  const stderr = await new Response(child.stderr).text();
  return { code: await child.exited, stderr, memory: await peak };
}

const file = member({ name: "etc/passwd" }, "root:x:0:0::/:/bin/sh\n");
const twice = Buffer.concat([file, file]);
const link = (name: string, target: string) => member({ name, flag: "2", target });

describe("a layer that is refused, because of", () => {
  it.each<[string, string, Uint8Array]>([
    ["a wrong checksum", "image-tar-invalid", archive(file, member({ wrongBy: 1 }))],
    ["..", "image-tar-invalid", archive(member({ name: "../../etc/cron.d/x" }, "x"))],
    [
      ".. behind the root",
      "image-tar-invalid",
      archive(member({ name: "/../x" }, "x")),
    ],
    ["a NUL", "image-tar-invalid", archive(pax([record("path", "a\0b")]), file)],
    [
      "a second archive",
      "image-tar-invalid",
      Buffer.concat([archive(file), archive(file)]),
    ],
    ["a cut", "image-tar-truncated", Buffer.concat([file, twice.subarray(0, 700)])],
    ["a missing end", "image-tar-truncated", twice],
    ["nothing", "image-tar-truncated", new Uint8Array(0)],
    [
      "10 GB of holes",
      "image-tar-unsupported",
      archive(member({ flag: "S", size: "112402762000" })),
    ],
    [
      "10 GB that are not there",
      "image-tar-truncated",
      archive(member({ size: "112402762000" })),
    ],
    ["noise", "image-tar-invalid", randomBytes(100_000).fill(0x41, 0, 4)],
  ])("%s", async (_, code, tar) => {
    for (const compression of ["none", "gzip", "zstd"] as const) {
      const files = await ociLayout({ layers: [{ a: "" }, tar], compression });
      const result = await lint(writeDirectory(files, workspace()));
      expect(result.code).toBe(125);
      const lines = result.stderr.trimEnd().split("\n");
      expect(lines.length).toBe(2);
      expect(lines[0]).toContain(`error[${code}]: layer 1`);
      expect(lines[1]).toMatch(/^ {2}\S/);
      expect(result.memory).toBeLessThan(memoryLimit);
    }
  });
});

it("what only a linter minds is linted", async () => {
  const layers = [
    archive(file, member({ name: "./etc/passwd" }), member({ name: "/etc//group" })),
    archive(
      link("a", "b"),
      link("b", "a"),
      member({ name: Uint8Array.of(0x61, 0xff) }),
    ),
    await layerTar({ ".wh.a": "", "c/.wh..wh..opq": "" }),
  ];
  const path = join(workspace(), "image.tar");
  const { code, stderr } = await lint(
    await writeArchive(await ociLayout({ layers }), path),
  );
  expect([code, stderr]).toEqual([1, ""]);
});

it("a layout whose blobs were changed, and an archive that is cut off", async () => {
  const files = await ociLayout({
    layers: [{ a: "x".repeat(5000) }],
    compression: "none",
  });
  const path = await writeArchive(files, join(workspace(), "image.tar"));
  truncateSync(path, 5000);
  expect((await lint(path)).stderr).toMatch(/error\[image-[a-z-]+\]/);
  const tar = await layerTar({ a: "x".repeat(5000) });
  const changed = Buffer.from(tar);
  changed[600]! ^= 1;
  files.set(`blobs/sha256/${sha256(tar)}`, changed);
  const { code, stderr } = await lint(writeDirectory(files, workspace()));
  expect([code, stderr.split(":")[1]]).toEqual([125, " error[image-layer-digest]"]);
});

describe("memory stays small for", () => {
  function* bomb(): Generator<Uint8Array> {
    const pieces = 2048;
    const zeros = new Uint8Array(1 << 20);
    const size = (pieces * zeros.length).toString(8).padStart(11, "0");
    yield header({ name: "bomb", mode: "0000755", size });
    for (let piece = 0; piece < pieces; piece += 1) yield zeros;
    yield end;
  }

  it.each<[string, () => (readonly [Iterable<Uint8Array>, Suffix])[]]>([
    ["half a million files", () => [[inPieces(manyFiles(500_000)), "+gzip"]]],
    [
      "half a million files in two layers, one over the other",
      () => [
        [inPieces(manyFiles(250_000)), "+zstd"],
        [inPieces(manyFiles(250_000)), "+gzip"],
      ],
    ],
    [
      "2 GiB in 2 MB of gzip, twice",
      () => [
        [bomb(), "+gzip"],
        [bomb(), "+gzip"],
      ],
    ],
    [
      "2 GiB in 200 KB of zstd, twice",
      () => [
        [bomb(), "+zstd"],
        [bomb(), "+zstd"],
      ],
    ],
  ])("%s", async (_, layers) => {
    const image = await writeLargeImage(workspace(), layers());
    const { code, stderr, memory } = await lint(image);
    expect([code, stderr]).toEqual([1, ""]);
    expect(memory).toBeLessThan(memoryLimit);
    // That it was measured at all.
    expect(memory).toBeGreaterThan(40e6);
  });

  it("set-user-ID files without end, of which some are named", async () => {
    function* members() {
      for (let at = 0; at < 300_000; at += 1)
        yield header({ name: `bin/${at}`, mode: "0004755" });
    }
    const image = await writeLargeImage(workspace(), [[inPieces(members()), "+gzip"]]);
    const { code, stderr, memory } = await lint(image);
    expect([code, stderr]).toEqual([1, ""]);
    expect(memory).toBeLessThan(memoryLimit);
  });

  it("more files than are read", async () => {
    const image = await writeLargeImage(workspace(), [
      [inPieces(manyFiles(600_001)), "+zstd"],
    ]);
    const { code, stderr } = await lint(image);
    expect(code).toBe(125);
    expect(stderr).toContain("error[image-too-large]");
  });
});
