/** `sidecar image append`: one more layer that changes nothing but what was asked for. */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { extract } from "tar-stream";
import { describe, expect, it } from "vitest";
import {
  dockerArchive,
  type ImageDescription,
  type ImageFileSet,
  multiPlatformLayout,
  newDockerArchive,
  ociLayout,
  sha256,
  writeArchive,
  writeDirectory,
} from "./support/images.ts";
import { describeWhere } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { hasRegistry, startRegistry } from "./support/registry.ts";
import {
  codesBut,
  messageCodes,
  run,
  sidecar,
  start,
  until,
  workspace,
} from "./support/sidecar.ts";

/** As Debian has it since trixie, and with attributes that nobody would guess. */
const image: ImageDescription = {
  layers: [
    {
      "usr/": { mode: 0o755 },
      "usr/bin/": { mode: 0o755 },
      bin: { type: "symlink", linkname: "usr/bin" },
      "usr/local/": { mode: 0o2775, gid: 50 },
      "usr/local/bin/": { mode: 0o700 },
      "etc/": { mode: 0o751 },
      "etc/passwd": { mode: 0o640, gid: 42, content: "root:x:0:0::/root:/bin/sh" },
      "etc/group": "root:x:0:\nuser20007:x:20007:\n",
      "tmp/": { mode: 0o1777 },
    },
    { "usr/local/bin/": { mode: 0o2755, gid: 50, pax: { uid: "300000" } } },
  ],
  config: {
    Env: ["PATH=/usr/bin:/bin", "LANG=C", "DA__P7__RUNENV__COBOL__VERSION=42"],
    Cmd: ["sh"],
    Entrypoint: ["/old"],
    Labels: { other: "kept" },
    Healthcheck: { Test: ["CMD", "true"], Interval: 1_000_000_000 },
  },
  configuration: { "docker.unknown": { deep: [1, null] } },
  names: ["docker.io/library/base:1"],
};

/** A small file that is for the same machine as sidecar: it is not started here. */
function smallSidecar(directory: string, machine = 62): string {
  const file = join(directory, `sidecar-${machine}`);
  const head = Buffer.alloc(100_000, "sidecar ");
  head.set(readFileSync(executable).subarray(0, 64));
  head.writeUInt16LE(machine, 18);
  writeFileSync(file, head);
  return file;
}

const forms = {
  "docker-archive, old": dockerArchive,
  "docker-archive, old, as kaniko writes it": (described: ImageDescription) =>
    dockerArchive({ ...described, compression: "gzip" }),
  "docker-archive": newDockerArchive,
  "oci-archive": ociLayout,
  "oci-archive, zstd": (described: ImageDescription) =>
    ociLayout({ ...described, compression: "zstd" }),
};

async function append(
  files: ImageFileSet,
  words: readonly string[] = [],
  sidecars: readonly number[] = [62],
) {
  const directory = workspace();
  const source = await writeArchive(files, join(directory, "image.tar"));
  const out = join(directory, "out.tar");
  const named = sidecars.map(
    (machine) => `--sidecar=${smallSidecar(directory, machine)}`,
  );
  const result = await sidecar([
    ...["image", "append", source, "-o", out],
    ...named,
    ...words,
  ]);
  return { ...result, out, directory, source };
}

async function appended(
  files: ImageFileSet,
  words?: readonly string[],
  sidecars?: readonly number[],
) {
  const result = await append(files, words, sidecars);
  expect(result.stderr).toBe("");
  expect(result.code).toBe(0);
  return { ...result, archive: await readArchive(result.out) };
}

type Header = {
  name: string;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  type: string;
};
type Member = Header & { content: Buffer };

/** All members of a tar archive. */
async function membersOf(tar: Uint8Array): Promise<Member[]> {
  const members: Member[] = [];
  const parser = extract();
  parser.on("entry", (header, stream, next) => {
    const parts: Buffer[] = [];
    stream.on("data", (part) => parts.push(part as Buffer));
    stream.on("end", () => {
      const { name, type } = header;
      members.push({
        name,
        type: String(type),
        mode: header.mode ?? -1,
        uid: header.uid ?? -1,
        gid: header.gid ?? -1,
        mtime: header.mtime?.getTime() ?? -1,
        content: Buffer.concat(parts),
      });
      next();
    });
  });
  parser.end(tar);
  await new Promise((resolve, reject) => {
    parser.on("finish", () => resolve(undefined));
    parser.on("error", (error) => reject(error));
  });
  return members;
}

/** The files of an archive; every blob is what its name says. */
async function readArchive(path: string): Promise<Map<string, Buffer>> {
  const members = await membersOf(readFileSync(path));
  const files = new Map(members.map(({ name, content }) => [name, content]));
  expect(files.size).toBe(members.length);
  for (const [name, content] of files)
    if (name.startsWith("blobs/")) expect(name).toBe(`blobs/sha256/${sha256(content)}`);
  return files;
}

const parse = (bytes: Uint8Array | undefined) =>
  JSON.parse(Buffer.from(bytes!).toString());

const blob = (
  archive: ReadonlyMap<string, Uint8Array>,
  { digest }: { digest: string },
) => archive.get(`blobs/${digest.replace(":", "/")}`);

/** The images of an archive or layout by its index, with all that belongs to each. */
function imagesOf(archive: ReadonlyMap<string, Uint8Array>) {
  const listed = parse(archive.get("index.json")).manifests.flatMap(
    (one: { mediaType: string; digest: string }) =>
      /index/.test(one.mediaType) ? parse(blob(archive, one)).manifests : [one],
  );
  return listed.map((descriptor: { digest: string; size: number }) => {
    const manifest = parse(blob(archive, descriptor));
    const configuration = parse(blob(archive, manifest.config));
    const top = Buffer.from(blob(archive, manifest.layers.at(-1))!);
    return { descriptor, manifest, configuration, top };
  });
}

const layerOf = async (archive: ReadonlyMap<string, Uint8Array>) =>
  membersOf(gunzipSync(imagesOf(archive)[0].top));

describe.each(Object.entries(forms))("of an image in the form %s", (_, make) => {
  it("adds a layer, and every digest is right", async () => {
    const files = await make(image);
    const { archive } = await appended(files);
    const [{ manifest, configuration, top }] = imagesOf(archive);
    expect(manifest.layers).toHaveLength(3);
    const tars = manifest.layers.map((layer: { digest: string; mediaType: string }) => {
      const bytes = blob(archive, layer)!;
      if (/zstd$/.test(layer.mediaType)) return zstdDecompressSync(bytes);
      return /gzip$/.test(layer.mediaType) ? gunzipSync(bytes) : bytes;
    });
    expect(configuration.rootfs.diff_ids).toEqual(
      tars.map((tar: Uint8Array) => `sha256:${sha256(tar)}`),
    );
    expect(manifest.layers.at(-1).size).toBe(top.length);
    // Layers that were there are the same bytes.
    for (const [name, bytes] of files)
      if (/layer\.tar$/.test(name) || (name.startsWith("blobs/") && bytes[0] !== 0x7b))
        expect(archive.has(`blobs/sha256/${sha256(bytes)}`), name).toBe(true);
  });

  it("is the same bytes twice", async () => {
    const files = await make(image);
    const words = ["--users", "--home", "--entrypoint", "--env=A=1", "--name=x:1"];
    const [one, other] = await Promise.all([
      append(files, words),
      append(files, words),
    ]);
    expect(sha256(readFileSync(one.out))).toBe(sha256(readFileSync(other.out)));
  });

  it("replaces what was appended before: once more is the same bytes", async () => {
    const words = ["--users", "--home", "--entrypoint", "--env=A=1"];
    const { out, directory } = await appended(await make(image), words);
    const again = join(directory, "again.tar");
    const { code, stderr } = await sidecar([
      ...["image", "append", out, "-o", again, ...words],
      `--sidecar=${join(directory, "sidecar-62")}`,
    ]);
    expect(code, stderr).toBe(0);
    expect(sha256(readFileSync(again))).toBe(sha256(readFileSync(out)));
  });
});

it.each(Object.entries(forms))(
  "layers that are one are one, in %s",
  async (_, make) => {
    const same = { "opt/": {}, "opt/file": "the same" };
    const files = await make({ layers: [same, { "usr/": {} }, same, same] });
    const { archive } = await appended(files);
    const [{ manifest, configuration }] = imagesOf(archive);
    const digests = manifest.layers.map(({ digest }: { digest: string }) => digest);
    expect(digests).toHaveLength(5);
    expect(new Set(digests).size).toBe(3);
    expect(configuration.rootfs.diff_ids).toHaveLength(5);
  },
);

describe("the layer", () => {
  it("has directories as they are in the image, all layers considered", async () => {
    const { archive } = await appended(await ociLayout(image));
    const members = await layerOf(archive);
    expect(members.map(({ content: _, ...header }) => header)).toEqual([
      { name: "usr/", mode: 0o755, uid: 0, gid: 0, mtime: 0, type: "directory" },
      {
        name: "usr/local/",
        mode: 0o2775,
        uid: 0,
        gid: 50,
        mtime: 0,
        type: "directory",
      },
      {
        ...{ name: "usr/local/bin/", mode: 0o2755, uid: 300_000, gid: 50 },
        ...{ mtime: 0, type: "directory" },
      },
      {
        ...{ name: "usr/local/bin/sidecar", mode: 0o755, uid: 0, gid: 0 },
        ...{ mtime: 0, type: "file" },
      },
    ]);
  });

  it("follows links, and leaves them as they are", async () => {
    const linked: ImageDescription = {
      layers: [
        {
          "opt/": { mode: 0o711 },
          "opt/programs/": { mode: 0o775, uid: 7 },
          "usr/": {},
          "usr/local": { type: "symlink", linkname: "../opt" },
          "opt/bin": { type: "symlink", linkname: "/opt/programs" },
        },
      ],
    };
    const { archive } = await appended(await ociLayout(linked));
    const names = (await layerOf(archive)).map(({ name, mode, uid }) => [
      name,
      mode,
      uid,
    ]);
    expect(names).toEqual([
      ["opt/", 0o711, 0],
      ["opt/programs/", 0o775, 7],
      ["opt/programs/sidecar", 0o755, 0],
    ]);
  });

  it("of an empty image has the directories that it needs, and a /tmp", async () => {
    const { archive } = await appended(await ociLayout({ layers: [{}] }), ["--home"]);
    const members = await layerOf(archive);
    expect(members.map(({ name, mode }) => [name, mode])).toEqual([
      ["tmp/", 0o1777],
      ["usr/", 0o755],
      ["usr/local/", 0o755],
      ["usr/local/bin/", 0o755],
      ["usr/local/bin/sidecar", 0o755],
    ]);
    const [{ configuration }] = imagesOf(archive);
    expect(configuration.config.Env).toEqual(["HOME=/tmp/home"]);
  });

  it("knows of files that upper layers removed", async () => {
    const removed: ImageDescription = {
      layers: [
        {
          "usr/": {},
          "usr/local/": { mode: 0o700 },
          "etc/": {},
          "etc/passwd": "x:x:5:5\n",
        },
        { "usr/.wh.local": "", "etc/.wh.passwd": "" },
      ],
    };
    const { archive } = await appended(await ociLayout(removed), ["--users"]);
    const members = await layerOf(archive);
    const of = (name: string) => members.find((one) => one.name === name)!;
    expect(of("usr/local/").mode).toBe(0o755);
    expect(of("etc/passwd").content.toString()).toMatch(/^user20000:x:20000:20000:/);
  });

  it("--users keeps what the image's files have, and their owners", async () => {
    const { archive } = await appended(await ociLayout(image), ["--users"]);
    const members = await layerOf(archive);
    const of = (name: string) => members.find((one) => one.name === name)!;
    expect(of("etc/").mode).toBe(0o751);
    const passwd = of("etc/passwd");
    expect([passwd.mode, passwd.uid, passwd.gid]).toEqual([0o640, 0, 42]);
    const users = passwd.content.toString().split("\n");
    expect(users[0]).toBe("root:x:0:0::/root:/bin/sh");
    expect(users[43]).toBe("user20042:x:20042:20042::/tmp/home:/bin/sh");
    expect(users).toHaveLength(10_002);
    const groups = of("etc/group").content.toString().trim().split("\n");
    expect(groups).toHaveLength(10_001);
    expect(groups.filter((line) => line.startsWith("user20007:"))).toHaveLength(1);
  });

  it("--users refuses a name that has another number", async () => {
    const passwd = { "etc/": {}, "etc/passwd": "user20042:x:1042:1042::/:/bin/sh\n" };
    const files = await ociLayout({ layers: [passwd] });
    const { stderr, out } = await append(files, ["--users"]);
    expect(messageCodes(stderr)).toEqual(["image-users-conflict"]);
    expect(stderr).toContain("gives user20042 the number 1042");
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    ["a file in the way", { "usr/": {}, "usr/local": "file" }],
    [
      "a link to nowhere",
      { "usr/": {}, "usr/local": { type: "symlink", linkname: "/nowhere" } as const },
    ],
    [
      "a directory of its own name",
      {
        "usr/": {},
        "usr/local/": {},
        "usr/local/bin/": {},
        "usr/local/bin/sidecar/": {},
      },
    ],
  ])("is refused where there is %s", async (_, layer) => {
    const { stderr, out } = await append(await ociLayout({ layers: [layer] }));
    expect(messageCodes(stderr)).toEqual(["image-path-conflict"]);
    expect(existsSync(out)).toBe(false);
  });
});

describe("the configuration", () => {
  it("keeps all that it had, whatever it is", async () => {
    const before = imagesOf(await ociLayout(image))[0].configuration;
    const { archive } = await appended(await ociLayout(image));
    const [{ configuration }] = imagesOf(archive);
    const layer = configuration.rootfs.diff_ids.at(-1);
    expect(configuration).toEqual({
      ...before,
      config: {
        ...before.config,
        Labels: { other: "kept", "sidecar.layer": layer },
      },
      rootfs: { type: "layers", diff_ids: [...before.rootfs.diff_ids, layer] },
      history: [
        ...before.history,
        { created: before.created, created_by: "sidecar image append" },
      ],
    });
  });

  it("gets variables in their places, an entrypoint, and a home", async () => {
    const words = ["--env=LANG=C.UTF-8", "--env=NEW=a=b", "--entrypoint", "--home"];
    const { archive } = await appended(await ociLayout(image), words);
    const { Env, Entrypoint, Cmd } = imagesOf(archive)[0].configuration.config;
    expect(Env).toEqual([
      "PATH=/usr/bin:/bin",
      "LANG=C.UTF-8",
      "DA__P7__RUNENV__COBOL__VERSION=42",
      "NEW=a=b",
      "HOME=/tmp/home",
    ]);
    expect(Entrypoint).toEqual(["/usr/local/bin/sidecar"]);
    expect(Cmd).toBeUndefined();
  });

  it("may lack what most have: config, history, labels", async () => {
    const bare = { config: null, history: null };
    const files = await ociLayout({ layers: [{ "usr/": {} }], configuration: bare });
    const { archive } = await appended(files);
    const [{ configuration }] = imagesOf(archive);
    expect(Object.keys(configuration.config)).toEqual(["Labels"]);
    expect(configuration.history).toHaveLength(2);
  });

  it("a layer below others is left alone, and is used again", async () => {
    const { archive } = await appended(await ociLayout(image));
    const [{ configuration, top }] = imagesOf(archive);
    const files = await ociLayout({
      layers: [...image.layers, gunzipSync(top), { "opt/": {} }],
      config: configuration.config,
    });
    const again = await appended(files);
    const [{ manifest, configuration: last }] = imagesOf(again.archive);
    expect(manifest.layers).toHaveLength(5);
    expect(manifest.layers[4].digest).toBe(manifest.layers[2].digest);
    expect(last.rootfs.diff_ids[4]).toBe(last.config.Labels["sidecar.layer"]);
  });
});

describe("several platforms", () => {
  const arm = { ...image, platform: { architecture: "arm64", variant: "v8" } };

  it("all get their own sidecar; attestations are of what is no more", async () => {
    const files = await multiPlatformLayout([image, arm], ["r.example.com/x:1"], true);
    const { archive } = await appended(files, [], [62, 183]);
    const images = imagesOf(archive);
    expect(images).toHaveLength(2);
    expect(images.map(({ descriptor }: { descriptor: object }) => descriptor)).toEqual([
      expect.objectContaining({ platform: { os: "linux", architecture: "amd64" } }),
      expect.objectContaining({
        platform: { os: "linux", architecture: "arm64", variant: "v8" },
      }),
    ]);
    for (const [at, machine] of [62, 183].entries()) {
      const members = await membersOf(gunzipSync(images[at].top));
      expect(members.at(-1)!.content.readUInt16LE(18)).toBe(machine);
    }
    const [top] = parse(archive.get("index.json")).manifests;
    expect(top.annotations).toEqual({
      "io.containerd.image.name": "r.example.com/x:1",
      "org.opencontainers.image.ref.name": "1",
    });
  });

  it("none is left out silently", async () => {
    const files = await multiPlatformLayout([image, arm]);
    const { stderr, code, out } = await append(files);
    expect(messageCodes(stderr)).toEqual(["image-sidecar-missing"]);
    expect(stderr).toContain("linux/arm64");
    expect(code).toBe(125);
    expect(existsSync(out)).toBe(false);
  });

  it("are no archive of Docker", async () => {
    const files = await multiPlatformLayout([image, arm]);
    const { stderr } = await append(files, ["--form=docker-archive"], [62, 183]);
    expect(messageCodes(stderr)).toEqual(["image-form-unsuitable"]);
  });
});

describe("names", () => {
  it("are those that it had", async () => {
    const { archive } = await appended(await dockerArchive(image));
    const [item] = parse(archive.get("manifest.json"));
    expect(item.RepoTags).toEqual(image.names);
  });

  it("are those that are given", async () => {
    const words = ["--name=one", "--name=r.example.com:5000/two:2"];
    const { archive } = await appended(await dockerArchive(image), words);
    const [item] = parse(archive.get("manifest.json"));
    expect(item.RepoTags).toEqual(["one:latest", "r.example.com:5000/two:2"]);
    const { manifests } = parse(archive.get("index.json"));
    expect(manifests.map((one: { annotations: object }) => one.annotations)).toEqual([
      {
        "io.containerd.image.name": "docker.io/library/one:latest",
        "org.opencontainers.image.ref.name": "latest",
      },
      {
        "io.containerd.image.name": "r.example.com:5000/two:2",
        "org.opencontainers.image.ref.name": "2",
      },
    ]);
  });

  it("are computed from what it declares then", async () => {
    const words = ["--compute-names", "--env=DA__P7__FEATURE__NX__VERSION=2020"];
    const { archive, stdout } = await appended(await newDockerArchive(image), words);
    const [item] = parse(archive.get("manifest.json"));
    expect(item.RepoTags).toEqual([
      "pseven-calc-cobol-42:latest",
      "pseven-calc-cobol-42-nx-2020:latest",
    ]);
    expect(stdout).toContain("name: pseven-calc-cobol-42-nx-2020:latest");
  });
});

describe("the result", () => {
  it("is a directory where that is asked for, and was not there before", async () => {
    const directory = workspace();
    const source = writeDirectory(await ociLayout(image), join(directory, "layout"));
    const out = join(directory, "out");
    const words = ["image", "append", source, "-o", out];
    const file = `--sidecar=${smallSidecar(directory)}`;
    expect((await sidecar([...words, file])).code).toBe(0);
    expect(readdirSync(out).toSorted()).toEqual(["blobs", "index.json", "oci-layout"]);
    const again = await sidecar([...words, file]);
    expect(messageCodes(again.stderr)).toEqual(["image-output-exists"]);
    expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("may take the place of the image itself", async () => {
    const directory = workspace();
    const source = await writeArchive(
      await dockerArchive(image),
      join(directory, "i.tar"),
    );
    const words = [`--sidecar=${smallSidecar(directory)}`, "-o", source];
    const { code, stderr } = await sidecar(["image", "append", source, ...words]);
    expect(code, stderr).toBe(0);
    expect(imagesOf(await readArchive(source))[0].manifest.layers).toHaveLength(3);
  });

  it("is told as JSON too", async () => {
    const { stdout, out, archive } = await appended(await ociLayout(image), ["--json"]);
    const [{ descriptor, manifest }] = imagesOf(archive);
    expect(JSON.parse(stdout)).toEqual({
      path: out,
      form: "oci-archive",
      written: [
        {
          digest: descriptor.digest,
          images: [
            {
              digest: descriptor.digest,
              configuration: manifest.config.digest,
              layers: manifest.layers.map(
                ({ digest, size }: Record<string, unknown>) => ({
                  digest,
                  size,
                }),
              ),
            },
          ],
        },
      ],
    });
  });

  it("is absent where a layer is damaged, and what was there is left", async () => {
    const files = await ociLayout(image);
    const [name, bytes] = [...files].find(([, content]) => content[0] === 0x1f)!;
    const changed = Buffer.from(bytes);
    changed[changed.length - 1]! ^= 1;
    files.set(name, changed);
    const directory = workspace();
    const source = await writeArchive(files, join(directory, "i.tar"));
    const out = join(directory, "out.tar");
    copyFileSync(source, out);
    const words = [`--sidecar=${smallSidecar(directory)}`, "-o", out];
    const { code, stderr } = await sidecar(["image", "append", source, ...words]);
    expect(code, stderr).toBe(125);
    expect(messageCodes(stderr)[0]).toMatch(/^image-/);
    expect(readFileSync(out).equals(readFileSync(source))).toBe(true);
    expect(readdirSync(directory).toSorted()).toEqual([
      "i.tar",
      "out.tar",
      "sidecar-62",
    ]);
  });

  it("is absent where there is no room for it", async () => {
    const directory = workspace();
    const source = await writeArchive(await ociLayout(image), join(directory, "i.tar"));
    const append = [executable, "image", "append", source, "-o"];
    for (const [out, form] of [
      ["out.tar", "oci-archive"],
      ["out", "oci-layout"],
    ]) {
      const words = [...append, join(directory, out!), `--form=${form}`];
      const { code, stderr } = await run(["prlimit", "--fsize=1000000", ...words]);
      expect(messageCodes(stderr)).toEqual(["image-output-unwritable"]);
      expect(code).toBe(125);
      expect(readdirSync(directory)).toEqual(["i.tar"]);
    }
  });

  it("is absent where sidecar is killed, and nothing else is left", async () => {
    const directory = workspace();
    const source = await writeArchive(await ociLayout(image), join(directory, "i.tar"));
    const words = ["image", "append", source, "-o", join(directory, "out.tar")];
    const { child, ended } = start([executable, ...words]);
    // The layer takes seconds; that the output is being written is seen in /proc.
    await until(() => isWriting(child.pid, directory), "it writes");
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    expect(readdirSync(directory)).toEqual(["i.tar"]);
  });

  it("is not there before it is whole, if somebody presses Ctrl-C", async () => {
    const directory = workspace();
    const source = await writeArchive(await ociLayout(image), join(directory, "i.tar"));
    const out = join(directory, "out.tar");
    writeFileSync(out, "before");
    const { child, ended } = start([executable, "image", "append", source, "-o", out]);
    await until(() => isWriting(child.pid, directory), "it writes");
    child.kill("SIGINT");
    expect((await ended).signal).toBe("SIGINT");
    expect(readFileSync(out, "utf8")).toBe("before");
    expect(readdirSync(directory).toSorted()).toEqual(["i.tar", "out.tar"]);
  });
});

/** Whether a process has a file without a name open in `directory`. */
function isWriting(process: number, directory: string): boolean {
  const descriptors = `/proc/${process}/fd`;
  return readdirSync(descriptors).some((name) =>
    readlinkSync(join(descriptors, name)).startsWith(`${directory}/#`),
  );
}

it.each([
  [["--env=nonsense"], "option-value-invalid"],
  [["--env==x"], "option-value-invalid"],
  [["--name=UPPER/case"], "reference-invalid"],
  [["--name=a", "--compute-names"], "option-conflict"],
  [["--tag=1"], "option-conflict"],
  [["--sidecar=/etc/passwd"], "image-sidecar-invalid"],
  [["--sidecar=/nowhere"], "image-sidecar-invalid"],
  [["--sidecar=/tmp"], "image-sidecar-invalid"],
  [["--form=zip"], "option-value-invalid"],
  [["--nmae=x"], "option-unknown"],
])("refuses %j with %s", async (words, code) => {
  const directory = workspace();
  const source = await writeArchive(await ociLayout(image), join(directory, "i.tar"));
  const out = join(directory, "o.tar");
  const { stderr } = await sidecar(["image", "append", source, "-o", out, ...words]);
  expect(codesBut(stderr)).toEqual([code]);
  expect(existsSync(out)).toBe(false);
});

describeWhere({ "docker-registry": hasRegistry }, "an image in a registry", () => {
  it("is fetched and appended to; nothing else is left", async () => {
    const registry = await startRegistry();
    const directory = workspace();
    const source = await writeArchive(await ociLayout(image), join(directory, "i.tar"));
    const reference = `localhost:${registry.port}/team/base:1`;
    const pushed = await sidecar(["image", "push", source, reference]);
    expect(pushed.code, pushed.stderr).toBe(0);
    const out = join(directory, "out.tar");
    const words = [`--sidecar=${smallSidecar(directory)}`, "-o", out];
    const { code, stderr } = await sidecar(["image", "append", reference, ...words]);
    expect(code, stderr).toBe(0);
    const archive = await readArchive(out);
    expect(imagesOf(archive)[0].manifest.layers).toHaveLength(3);
    expect(parse(archive.get("manifest.json"))[0].RepoTags).toEqual([reference]);
    expect(readdirSync(directory).toSorted()).toEqual([
      "i.tar",
      "out.tar",
      "sidecar-62",
    ]);
  });
});
