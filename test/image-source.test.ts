/** What is taken for an image, and what is refused: archives and layouts, good and bad. */
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "../src/contract/failure.ts";
import { openLocalSource } from "../src/image/source/open.ts";
import {
  addBlob,
  type Blob,
  dockerArchive,
  finishLayout,
  type ImageDescription,
  type ImageFileSet,
  json,
  layerTar,
  newDockerArchive,
  ociLayout,
  sha256,
  writeArchive,
  writeDirectory,
} from "./support/images.ts";
import { messageCodes, sidecar, workspace } from "./support/sidecar.ts";

const image: ImageDescription = {
  layers: [
    { "bin/": {}, "bin/tool": { mode: 0o755, content: "tool" } },
    { "etc/": {}, "etc/passwd": "root:x:0:0::/root:/bin/sh\n" },
  ],
  config: { Env: ["DA__P7__RUNENV__COBOL__VERSION=42"] },
  names: ["docker.io/library/old:1"],
};

const answer = "pseven-calc-cobol-42:latest\n";

function namesOf(path: string) {
  return sidecar(["image", "names", path]);
}

async function expectRefusal(path: string, code: string, message = ""): Promise<void> {
  const { stderr, stdout, code: exit } = await namesOf(path);
  expect(messageCodes(stderr), stderr).toEqual([code]);
  expect(stderr).toContain(message);
  expect(stderr.trimEnd().split("\n")).toHaveLength(2);
  expect(stdout).toBe("");
  expect(exit).toBe(125);
}

type Json = Record<string, unknown> & { [name: string]: unknown };

const parse = (files: ImageFileSet, name: string) =>
  JSON.parse(Buffer.from(files.get(name)!).toString());

const blobName = (digest: string) => `blobs/${digest.replace(":", "/")}`;

/** Changes the manifest of a layout, and what names it, so that all digests are right. */
function changeManifest(
  files: ImageFileSet,
  change: (manifest: Json & { config: Blob; layers: Blob[] }) => unknown,
): ImageFileSet {
  const index = parse(files, "index.json");
  const [{ digest, size: _, ...rest }] = index.manifests;
  const manifest = parse(files, blobName(digest));
  const blob = addBlob(files, rest.mediaType, json(change(manifest)));
  return finishLayout(files, [{ ...rest, ...blob }]);
}

describe("is taken", () => {
  it("an archive in which layers are links to others, as Docker wrote it", async () => {
    const same = { ...image, layers: [image.layers[0]!, image.layers[0]!] };
    const files = await dockerArchive(same);
    const [first, second] = parse(files, "manifest.json")[0].Layers;
    files.delete(second);
    const directory = workspace();
    const archive = join(directory, "image.tar");
    const link = { type: "symlink", linkname: `../${first}` } as const;
    const entries = { ...Object.fromEntries(files), [second]: link };
    writeFileSync(archive, await layerTar(entries));
    expect((await namesOf(archive)).stdout).toBe(answer);
    const out = join(directory, "out.tar");
    const { code } = await sidecar([
      ...["image", "names", archive],
      ...["--apply", "-o", out],
    ]);
    expect(code).toBe(0);
    const list = Bun.spawnSync(["tar", "tf", out]).stdout.toString();
    // Both layers are one blob.
    expect(list.match(/blobs/g)).toHaveLength(3);
  });

  it("an archive of Docker 25.0.0, whose manifests of OCI lack layers", async () => {
    const files = await newDockerArchive(image);
    const docker = files.get("manifest.json")!;
    changeManifest(files, (manifest) => ({ ...manifest, layers: null }));
    files.set("manifest.json", docker);
    const archive = await writeArchive(files, join(workspace(), "image.tar"));
    expect((await namesOf(archive)).stdout).toBe(answer);
  });

  it("names with ./ before them, and directories", async () => {
    const files = await dockerArchive(image);
    const entries = [...files].map(([name, bytes]) => [`./${name}`, bytes] as const);
    const archive = join(workspace(), "image.tar");
    const all = { "./": {}, "./x/": {}, ...Object.fromEntries(entries) };
    writeFileSync(archive, await layerTar(all));
    expect((await namesOf(archive)).stdout).toBe(answer);
  });

  it("an index in an index, and platforms beside things that are no images", async () => {
    const files = await ociLayout(image);
    const [manifest] = parse(files, "index.json").manifests;
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const attestation = { platform: { os: "unknown", architecture: "unknown" } };
    const inner = {
      schemaVersion: 2,
      manifests: [manifest, { ...manifest, ...attestation }],
    };
    const blob = addBlob(files, mediaType, json(inner));
    const outer = addBlob(
      files,
      mediaType,
      json({ schemaVersion: 2, manifests: [blob] }),
    );
    const path = writeDirectory(finishLayout(files, [outer]), workspace());
    expect((await namesOf(path)).stdout).toBe(answer);
  });
});

describe("is refused", () => {
  it("what is not there", () =>
    expectRefusal("/nowhere/image.tar", "image-source-missing"));

  it("a directory that is no layout", () =>
    expectRefusal(workspace(), "image-source-unknown"));

  it("an archive of files", async () => {
    const path = join(workspace(), "files.tar");
    writeFileSync(path, await layerTar(image.layers[0]!));
    await expectRefusal(path, "image-source-unknown");
  });

  it("a device", () => expectRefusal("/dev/null", "image-source-unknown"));

  it("a FIFO, without waiting for somebody who writes to it", async () => {
    const path = join(workspace(), "fifo");
    expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
    await expectRefusal(path, "image-source-unknown");
  });

  it("a text, in words that say so", async () => {
    const { stderr } = await namesOf("/etc/passwd");
    expect(stderr).toContain("/etc/passwd is no tar archive");
  });

  it("an archive that is compressed as a whole", async () => {
    const path = await writeArchive(
      await dockerArchive(image),
      join(workspace(), "i.tar"),
    );
    writeFileSync(path, gzipSync(await Bun.file(path).bytes()));
    await expectRefusal(path, "image-source-compressed", "gzip");
  });

  it.each([dockerArchive, newDockerArchive, ociLayout])(
    "an archive that is cut off: %o",
    async (make) => {
      const path = await writeArchive(await make(image), join(workspace(), "i.tar"));
      truncateSync(path, Bun.file(path).size - 2000);
      await expectRefusal(path, "image-tar-truncated");
    },
  );

  it("a member that claims gigabytes, at once", async () => {
    const path = join(workspace(), "i.tar");
    const tar = Buffer.from(await layerTar({ "manifest.json": "[]" }));
    const size = (7 * 2 ** 30).toString(8).padStart(11, "0");
    tar.write(`${size}\0`, 124, "latin1");
    tar.fill(0x20, 148, 156);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    writeFileSync(path, tar);
    await expectRefusal(path, "image-tar-truncated");
  });

  it("a name that leads outside", async () => {
    const path = join(workspace(), "i.tar");
    const files = Object.fromEntries(await dockerArchive(image));
    writeFileSync(path, await layerTar({ ...files, "../evil": "x" }));
    await expectRefusal(path, "image-tar-invalid", "leads out");
  });

  it("a file that is there twice", async () => {
    const path = join(workspace(), "i.tar");
    const files = Object.fromEntries(await dockerArchive(image));
    writeFileSync(path, await layerTar({ ...files, "./manifest.json": "[]" }));
    await expectRefusal(path, "image-ambiguous", "manifest.json twice");
  });

  it("links that lead in a circle", async () => {
    const files = await dockerArchive(image);
    const [first, second] = parse(files, "manifest.json")[0].Layers;
    const link = (to: string) => ({ type: "symlink", linkname: `../${to}` }) as const;
    const entries = {
      ...Object.fromEntries(files),
      [first]: link(second),
      [second]: link(first),
    };
    const path = join(workspace(), "i.tar");
    writeFileSync(path, await layerTar(entries));
    await expectRefusal(path, "image-blob-missing", "layer.tar");
  });

  it("Docker's archive with a configuration that is another one", async () => {
    const files = await dockerArchive(image);
    const { Config } = parse(files, "manifest.json")[0];
    files.set(Config, json({ ...parse(files, Config), os: "windows" }));
    const path = await writeArchive(files, join(workspace(), "i.tar"));
    await expectRefusal(path, "image-digest-mismatch", Config);
  });

  const bothForms: [string, (files: ImageFileSet, docker: Json[]) => void][] = [
    [
      "is another layer",
      (_, [item]) => {
        (item!["Layers"] as string[]).reverse();
      },
    ],
    [
      "manifest.json has an image that index.json has not",
      (files, [item]) => {
        const config = parse(files, item!["Config"] as string);
        const blob = addBlob(files, "", json({ ...config, author: "other" }));
        item!["Config"] = blobName(blob.digest);
      },
    ],
    [
      "index.json has an image that manifest.json has not",
      (_, items) => {
        items.length = 0;
      },
    ],
  ];

  it.each(bothForms)(
    "an archive whose two forms differ: %s",
    async (message, change) => {
      const files = await newDockerArchive(image);
      const docker = parse(files, "manifest.json");
      change(files, docker);
      files.set("manifest.json", json(docker));
      const path = await writeArchive(files, join(workspace(), "i.tar"));
      const said = message.startsWith("is ") ? "layer 0" : message;
      await expectRefusal(path, "image-ambiguous", said);
    },
  );

  const layouts: [string, string, (files: ImageFileSet) => void][] = [
    [
      "a manifest with other bytes",
      "image-digest-mismatch",
      (files) => {
        const [{ digest }] = parse(files, "index.json").manifests;
        const name = blobName(digest);
        const text = Buffer.from(files.get(name)!).toString();
        files.set(
          name,
          Buffer.from(text.replace('"schemaVersion":2', '"schemaVersion":3')),
        );
      },
    ],
    [
      "a manifest that is not there",
      "image-blob-missing",
      (files) => {
        const [{ digest }] = parse(files, "index.json").manifests;
        files.delete(blobName(digest));
      },
    ],
    [
      "a manifest of another size",
      "image-digest-mismatch",
      (files) => {
        const [manifest] = parse(files, "index.json").manifests;
        finishLayout(files, [{ ...manifest, size: manifest.size + 1 }]);
      },
    ],
    [
      "a digest in capital letters",
      "image-document-invalid",
      (files) => {
        const [manifest] = parse(files, "index.json").manifests;
        finishLayout(files, [{ ...manifest, digest: manifest.digest.toUpperCase() }]);
      },
    ],
    [
      "a digest that leads outside",
      "image-document-invalid",
      (files) => {
        const [manifest] = parse(files, "index.json").manifests;
        finishLayout(files, [{ ...manifest, digest: "sha256:../../../etc/passwd" }]);
      },
    ],
    [
      "a negative size",
      "image-document-invalid",
      (files) => {
        const [manifest] = parse(files, "index.json").manifests;
        finishLayout(files, [{ ...manifest, size: -1 }]);
      },
    ],
    [
      "an index of an unknown type",
      "image-media-type",
      (files) => {
        const [manifest] = parse(files, "index.json").manifests;
        finishLayout(files, [{ ...manifest, mediaType: "application/json" }]);
      },
    ],
    [
      "a manifest that calls itself something else",
      "image-document-invalid",
      (files) =>
        changeManifest(files, (manifest) => ({
          ...manifest,
          mediaType: "application/vnd.docker.distribution.manifest.v2+json",
        })),
    ],
    [
      "a layer of an unknown type",
      "image-media-type",
      (files) =>
        changeManifest(files, (manifest) => ({
          ...manifest,
          layers: manifest.layers.map((one) => ({
            ...one,
            mediaType: "application/zip",
          })),
        })),
    ],
    [
      "a configuration of an unknown type",
      "image-media-type",
      (files) =>
        changeManifest(files, (manifest) => ({
          ...manifest,
          config: { ...manifest.config, mediaType: "text/plain" },
        })),
    ],
    [
      "fewer layers than the configuration has",
      "image-document-invalid",
      (files) =>
        changeManifest(files, (manifest) => ({
          ...manifest,
          layers: manifest.layers.slice(1),
        })),
    ],
    [
      "a document that is no JSON",
      "image-document-invalid",
      (files) => files.set("index.json", Buffer.from("{")),
    ],
    [
      "a document that is no UTF-8",
      "image-document-invalid",
      (files) => files.set("index.json", Buffer.from('{"a":"\xff"}', "latin1")),
    ],
    [
      "a document of gigantic size",
      "image-document-invalid",
      (files) => files.set("index.json", new Uint8Array(5 << 20)),
    ],
    [
      "a layout of another version",
      "image-document-invalid",
      (files) => files.set("oci-layout", json({ imageLayoutVersion: "2.0.0" })),
    ],
    ["no image at all", "image-none", (files) => finishLayout(files, [])],
    [
      "indexes without end",
      "image-document-invalid",
      (files) => {
        const mediaType = "application/vnd.oci.image.index.v1+json";
        let [inner] = parse(files, "index.json").manifests;
        for (let depth = 0; depth < 20; depth += 1) {
          const index = { schemaVersion: 2, manifests: [inner] };
          inner = addBlob(files, mediaType, json(index));
        }
        finishLayout(files, [inner]);
      },
    ],
  ];

  it.each(layouts)("a layout with %s: %s", async (_, code, change) => {
    const files = await ociLayout(image);
    change(files);
    await expectRefusal(writeDirectory(files, workspace()), code);
    await expectRefusal(await writeArchive(files, join(workspace(), "i.tar")), code);
  });

  it("a layer that is not what its digest says, where it is copied", async () => {
    const files = await ociLayout(image);
    const layer = [...files].find(([, bytes]) => bytes[0] === 0x1f)!;
    const changed = Buffer.from(layer[1]);
    changed[changed.length - 5]! ^= 1;
    files.set(layer[0], changed);
    const directory = workspace();
    const source = await writeArchive(files, join(directory, "i.tar"));
    const out = join(directory, "out.tar");
    const words = ["image", "names", source, "--apply", "-o", out];
    const { stderr } = await sidecar(words);
    expect(messageCodes(stderr)).toEqual(["image-digest-mismatch"]);
    expect(stderr).toContain(sha256(changed));
    expect(existsSync(out)).toBe(false);
  });

  it("a layer that is no file", async () => {
    const files = await ociLayout(image);
    const [name] = [...files].find(([, bytes]) => bytes[0] === 0x1f)!;
    files.delete(name);
    const source = writeDirectory(files, workspace());
    mkdirSync(join(source, name));
    const out = join(workspace(), "out.tar");
    const { stderr } = await sidecar(["image", "names", source, "--apply", "-o", out]);
    expect(messageCodes(stderr)).toEqual(["image-blob-missing"]);
  });
});

it("whatever is changed in an archive, it is read or refused, never a mistake", async () => {
  const archives = await Promise.all(
    [dockerArchive, newDockerArchive, ociLayout].map(async (make) =>
      layerTar(Object.fromEntries(await make(image))),
    ),
  );
  const path = join(workspace(), "i.tar");
  const change = fc.record({
    archive: fc.nat(archives.length - 1),
    cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    bytes: fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.nat(255),
      ),
      { maxLength: 4 },
    ),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ archive, cut, bytes }) => {
      const tar = Buffer.from(archives[archive]!);
      for (const [at, value] of bytes) tar[Math.floor(at * tar.length)] = value;
      const length = cut === null ? tar.length : Math.floor(cut * tar.length);
      writeFileSync(path, tar.subarray(0, length));
      try {
        const source = await openLocalSource(path);
        expect(source?.images.length).toBeGreaterThan(0);
        await source?.close();
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
        expect((error as Failure).code).toMatch(/^image-/);
      }
    }),
    { numRuns: 500 },
  );
});
