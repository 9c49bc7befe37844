/**
 * A stored layer counts only if it is what its descriptor and the configuration say.
 */
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Failure } from "../src/contract/failure.ts";
import type { Limits } from "../src/image/limits.ts";
import { layerTar } from "./support/images.ts";
import {
  compressed,
  digestOf,
  imageOf,
  lines,
  read,
  type StoredLayer,
} from "./support/layers.ts";
import { archive, end, header, member, pax, record } from "./support/tar.ts";

async function refusal(layers: readonly StoredLayer[], limits: Partial<Limits> = {}) {
  try {
    await read(imageOf(layers), undefined, limits);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it was read");
}

const tar = await layerTar({ "a/": {}, "a/b": "x".repeat(3000), c: "y" });
const other = await layerTar({ "a/": {}, "a/b": "z".repeat(3000), c: "y" });
const compressions = ["none", "gzip", "zstd"] as const;
const nobody = digestOf(Buffer.from("something else"));

describe.each(compressions)("a layer with compression %s", (compression) => {
  const right = compressed(tar, compression);
  const layer = (fault: Partial<StoredLayer>) => ({ tar, compression, ...fault });

  it.each([1, 3, 512, 100_000])("is read in pieces of %i bytes", async (length) => {
    const {
      tree,
      problems,
      compressions: found,
    } = await read(imageOf([{ tar, compression }], length));
    expect(lines(tree)).toEqual([
      "/ directory 755 0:0 -",
      "/a directory 755 0:0 0",
      "/a/b file 644 0:0 0",
      "/c file 644 0:0 0",
    ]);
    expect(found).toEqual([compression]);
    expect(problems).toEqual([]);
  });

  it.each<[string, Partial<StoredLayer>, string]>([
    ["is too short", { given: right.subarray(0, -1) }, "image-layer-size"],
    ["has nothing", { given: right.subarray(0, 0) }, "image-layer-size"],
    ["is too long", { given: Buffer.concat([right, end]) }, "image-layer-size"],
    ["has another size", { size: right.length - 7 }, "image-layer-size"],
    ["has another digest", { digest: nobody }, "image-layer-digest"],
    ["has another diff_id", { diffId: nobody }, "image-layer-diff-id"],
  ])("is refused where it %s", async (_, fault, code) => {
    const failure = await refusal([{ tar: other }, layer(fault)]);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain("layer 1 ");
  });

  it("is refused as damaged, whichever of its bytes is another", async () => {
    const step = Math.ceil(right.length / 60);
    for (let at = 0; at < right.length; at += step) {
      const given = Uint8Array.from(right);
      given[at]! ^= 0x40;
      expect((await refusal([layer({ given })])).code).toBe("image-layer-digest");
    }
  });

  it("without a digest is told by its diff_id", async () => {
    const { tree } = await read(imageOf([layer({ digest: undefined })]));
    expect(tree.resolve("/a/b").kind).toBe("found");
    const given = compressed(other, compression);
    const fault = { given, size: given.length, digest: undefined };
    expect((await refusal([layer(fault)])).code).toMatch(
      /^image-layer-(diff-id|digest)$/,
    );
  });
});

describe("of what is compressed", () => {
  const whole = (given: Uint8Array): StoredLayer => ({
    tar,
    given,
    size: given.length,
    digest: digestOf(given),
  });
  const half = tar.length / 2;

  it.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("several members of %s are one layer", async (_, compress) => {
    const parts = [compress(tar.subarray(0, half)), compress(tar.subarray(half))];
    const { tree } = await read(imageOf([whole(Buffer.concat(parts))]));
    expect(tree.resolve("/c").kind).toBe("found");
  });

  it("skippable frames of zstd are passed over, at the beginning too", async () => {
    const skippable = Buffer.from("502a4d1804000000deadbeef", "hex");
    const given = Buffer.concat([skippable, zstdCompressSync(tar), skippable]);
    const { tree, compressions } = await read(imageOf([whole(given)]));
    expect(tree.resolve("/c").kind).toBe("found");
    expect(compressions).toEqual(["zstd"]);
  });

  it.each([
    ["cut off gzip", gzipSync(tar).subarray(0, -4)],
    ["gzip with text after it", Buffer.concat([gzipSync(tar), Buffer.from("text")])],
    ["gzip with zeros after it", Buffer.concat([gzipSync(tar), Buffer.alloc(99)])],
    [
      "zstd with text after it",
      Buffer.concat([zstdCompressSync(tar), Buffer.from("text")]),
    ],
    ["only the mark of gzip", Buffer.from("1f8b0800", "hex")],
  ])("%s is refused, if somebody published it so", async (_, given) => {
    expect((await refusal([whole(given)])).code).toBe("image-layer-compression");
  });

  it("zstd that is cut off is no whole layer", async () => {
    const given = zstdCompressSync(tar).subarray(0, -9);
    expect((await refusal([whole(given)])).code).toMatch(/^image-layer-/);
  });
});

it("that a layer is no tar is said only of the layer that was meant", async () => {
  const broken = archive(member({ wrongBy: 1 }));
  const failure = await refusal([{ tar }, { tar: broken, compression: "gzip" }]);
  expect(failure.code).toBe("image-tar-invalid");
  expect(failure.message).toContain("layer 1 is no tar archive");
  const damaged = { tar, given: broken, size: broken.length };
  expect((await refusal([damaged])).code).toBe("image-layer-digest");
});

it("what is after the end of the archive is part of the digest", async () => {
  const more = Buffer.concat([tar, Buffer.alloc(200_000)]);
  for (const compression of compressions) {
    const { tree } = await read(imageOf([{ tar: more, compression }]));
    expect(tree.resolve("/c").kind).toBe("found");
    const shorter = { tar: more, compression, diffId: digestOf(tar) };
    expect((await refusal([shorter])).code).toBe("image-layer-diff-id");
  }
});

it("an error of the source is told as it is", async () => {
  const opened = imageOf([{ tar }, { tar }, { tar }]);
  const lost = new Failure("image-too-large", "the way is lost", "find it");
  const source = {
    ...opened.source,
    open: async function* () {
      yield tar.subarray(0, 1000);
      throw lost;
    },
  };
  await expect(read({ ...opened, source })).rejects.toBe(lost);
});

describe("however much somebody hands in, it ends:", () => {
  const zeros = (size: number) =>
    Buffer.concat([
      header({ name: "bomb", size: size.toString(8).padStart(11, "0") }),
      Buffer.alloc(size),
      end,
    ]);

  it.each(["gzip", "zstd"] as const)("a bomb of %s", async (compression) => {
    const bomb = { tar: zeros(64 << 20), compression };
    const failure = await refusal([bomb], { layer: 50 << 20 });
    expect(failure.code).toBe("image-too-large");
    expect(failure.message).toBe(
      "layer 0 has more than 52428800 bytes when it is unpacked",
    );
  });

  it("many files, over all layers, whether they are the same or not", async () => {
    const tars = [tar, tar, tar].map((one) => ({ tar: one }));
    expect((await refusal(tars, { entries: 8 })).message).toContain(
      "more than 8 files",
    );
    await read(imageOf(tars), undefined, { entries: 9 });
    expect((await refusal(tars, { paths: 3 })).message).toContain("more than 3 files");
    await read(imageOf(tars), undefined, { paths: 4 });
  });

  it("long names", async () => {
    const members = Array.from({ length: 3000 }, (_, at) =>
      Buffer.concat([pax([record("path", `${at}${"n".repeat(250)}`)]), member({})]),
    );
    const failure = await refusal([{ tar: archive(...members) }], { names: 1 << 19 });
    expect(failure.message).toContain("names");
  });

  it("links that take many steps each", async () => {
    const link = (name: string, target: string) =>
      Buffer.concat([pax([record("linkpath", target)]), member({ name, flag: "2" })]);
    const long = "d/../".repeat(700);
    const links = Array.from({ length: 30 }, (_, at) =>
      link(`l${at}`, `${long}${at === 0 ? "d" : `l${at - 1}`}`),
    );
    const files = Array.from({ length: 200 }, (_, at) =>
      member({ name: `l29/f${at}` }),
    );
    const layers = [
      { tar: archive(member({ name: "d/", flag: "5" }), ...links) },
      { tar: archive(...files) },
    ];
    expect((await refusal(layers, { steps: 1_000_000 })).code).toBe("image-too-large");
    const { tree } = await read(imageOf(layers));
    expect(tree.resolve("/d/f199").kind).toBe("found");
  });
});
