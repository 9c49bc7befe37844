/** `sidecar image names`: which names an image must carry, and what cannot be one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imageNames } from "../src/catalogue/image-names.ts";
import { Failure } from "../src/contract/failure.ts";
import {
  dockerArchive,
  type ImageDescription,
  multiPlatformLayout,
  newDockerArchive,
  ociLayout,
  writeArchive,
  writeDirectory,
} from "./support/images.ts";
import { codesBut, messageCodes, sidecar, workspace } from "./support/sidecar.ts";

const runenv = (name: string, version: string) =>
  `DA__P7__RUNENV__${name}__VERSION=${version}`;
const feature = (name: string, version: string) =>
  `DA__P7__FEATURE__${name}__VERSION=${version}`;

const names = (...lines: string[]) => imageNames(lines).map(({ name }) => name);

describe("the names", () => {
  it("are one for each runenv, and one for each runenv with each feature", () => {
    const lines = [
      feature("NX", "2020"),
      runenv("PYTHON3", "3"),
      feature("ABAQUS", "v2021.05"),
      runenv("COBOL", "42"),
    ];
    expect(names(...lines)).toEqual([
      "pseven-calc-cobol-42",
      "pseven-calc-cobol-42-abaqus-v2021.05",
      "pseven-calc-cobol-42-nx-2020",
      "pseven-calc-python3-3",
      "pseven-calc-python3-3-abaqus-v2021.05",
      "pseven-calc-python3-3-nx-2020",
    ]);
  });

  it.each([
    [runenv("MY_TOOL_2", "0"), "pseven-calc-my_tool_2-0"],
    [runenv("COBOL", " 042 "), "pseven-calc-cobol-42"],
    [`${runenv("A", "1")}|${runenv("A", "2")}`, "pseven-calc-a-2"],
    [`${runenv("A", "1")}|PATH=/bin|nonsense|=`, "pseven-calc-a-1"],
    [`DA__P7__RUNENV__A__EXECUTE=x|${runenv("A", "7")}`, "pseven-calc-a-7"],
  ])("of %s are %s", (lines, name) => {
    expect(names(...lines.split("|"))).toEqual([name]);
  });

  it("write versions of features in lower case", () => {
    expect(names(runenv("A", "1"), feature("NX", "V2020-B"))).toContain(
      "pseven-calc-a-1-nx-v2020-b",
    );
  });

  it.each([
    ["DA__P7__RUNENV__COBOL__VERSION: 'v42'", [runenv("COBOL", "v42")]],
    ["DA__P7__RUNENV__COBOL__VERSION is empty", [runenv("COBOL", "")]],
    ["DA__P7__RUNENV__COBOL__VERSION: '-1'", [runenv("COBOL", "-1")]],
    [
      "DA__P7__RUNENV__COBOL__VERSION is not set",
      ["DA__P7__RUNENV__COBOL__EXECUTE=cobcrun"],
    ],
    [
      "DA__P7__FEATURE__NX__VERSION: '2020+1'",
      [runenv("A", "1"), feature("NX", "2020+1")],
    ],
    [
      "DA__P7__FEATURE__NX__VERSION: '20 20'",
      [runenv("A", "1"), feature("NX", "20 20")],
    ],
    [
      "DA__P7__FEATURE__NX__VERSION: '2020.'",
      [runenv("A", "1"), feature("NX", "2020.")],
    ],
    ["DA__P7__FEATURE__NX__VERSION: '1..2'", [runenv("A", "1"), feature("NX", "1..2")]],
    ["DA__P7__RUNENV__a__VERSION names", [runenv("a", "1")]],
    ["DA__P7__RUNENV__A__B__VERSION names", [runenv("A__B", "1")]],
    ["DA__P7__RUNENV____VERSION names", [runenv("", "1")]],
    [
      "DA__P7__FEATURE__NX__VERSION makes a name of 260",
      [runenv("A", "1"), feature("NX", "1".repeat(241))],
    ],
  ])("say which variable makes none: %s", (message, lines) => {
    expect(() => imageNames(lines)).toThrow(message);
  });

  it("of an image without a runenv are none, which is an error", () => {
    expect(() => imageNames([feature("NX", "2020")])).toThrow("declares no runenv");
  });

  const word = fc.stringMatching(/^[A-Z][A-Z0-9]{0,5}(_[A-Z0-9]{1,3})?$/);
  const version = fc.stringMatching(/^[a-z0-9]{1,4}([._-]{1,2}[a-z0-9]{1,3})?$/);

  it("are never twice the same, and are what registries take", () => {
    fc.assert(
      fc.property(
        fc.dictionary(word, fc.nat(), { minKeys: 1, maxKeys: 5 }),
        fc.dictionary(word, version, { maxKeys: 5 }),
        (runenvs, features) => {
          const lines = [
            ...Object.entries(runenvs).map(([name, one]) => runenv(name, String(one))),
            ...Object.entries(features).map(([name, one]) => feature(name, one)),
          ];
          let found: string[];
          try {
            found = names(...lines);
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
            expect(
              Object.values(features).some(
                (one) => /\.\.|___|[._][._]/.test(one) || /-[._]|[._]-/.test(one),
              ),
            ).toBe(true);
            return;
          }
          const count = Object.keys(runenvs).length;
          expect(found.length).toBe(count * (1 + Object.keys(features).length));
          expect(new Set(found).size).toBe(found.length);
          for (const name of found)
            expect(name).toMatch(/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/);
        },
      ),
    );
  });
});

const image: ImageDescription = {
  layers: [{ "bin/": {}, "bin/tool": { mode: 0o755, content: "tool" } }],
  config: { Env: [runenv("PYTHON2", "13"), runenv("PYTHON3", "42")] },
  names: ["docker.io/library/old:1"],
};

const expected = ["pseven-calc-python2-13:latest", "pseven-calc-python3-42:latest"];

describe("sidecar image names", () => {
  const forms = [
    ["an archive of Docker before 25", dockerArchive],
    ["an archive of Docker since 25", newDockerArchive],
    ["an archive of OCI", ociLayout],
  ] as const;

  it.each(forms)("reads %s", async (_, make) => {
    const file = await writeArchive(await make(image), join(workspace(), "image.tar"));
    const { stdout, stderr, code } = await sidecar(["image", "names", file]);
    expect(stderr).toBe("");
    expect(stdout).toBe(`${expected.join("\n")}\n`);
    expect(code).toBe(0);
  });

  it("reads a layout that is a directory, and says what is there", async () => {
    const directory = writeDirectory(await ociLayout(image), workspace());
    const { stdout } = await sidecar(["image", "names", directory, "--json"]);
    expect(JSON.parse(stdout)).toEqual({
      source: directory,
      images: [
        {
          platform: "linux/amd64",
          names: expected,
          declared: [
            {
              name: "pseven-calc-python2-13",
              runenv: { name: "PYTHON2", version: 13 },
            },
            {
              name: "pseven-calc-python3-42",
              runenv: { name: "PYTHON3", version: 42 },
            },
          ],
          present: image.names,
        },
      ],
    });
  });

  it("puts a registry before them, and a tag behind", async () => {
    const directory = writeDirectory(await ociLayout(image), workspace());
    const words = ["--repository=registry.example.com:5000/p7", "--tag=1.2"];
    const { stdout } = await sidecar(["image", "names", directory, ...words]);
    expect(stdout.split("\n")).toContain(
      "registry.example.com:5000/p7/pseven-calc-python2-13:1.2",
    );
  });

  it("--apply gives it these names and no other, and changes nothing else", async () => {
    const directory = workspace();
    const source = join(directory, "image.tar");
    const files = await newDockerArchive(image);
    await writeArchive(files, source);
    const out = join(directory, "out.tar");
    const { code, stderr } = await sidecar(
      ["image", "names", source, "--apply", "-o", out],
      { directory },
    );
    expect(code, stderr).toBe(0);
    const list = (file: string) =>
      Bun.spawnSync(["tar", "tf", file])
        .stdout.toString()
        .trim()
        .split("\n")
        .toSorted();
    expect(list(out)).toEqual([...files.keys()].toSorted());
    const extract = (name: string) =>
      JSON.parse(Bun.spawnSync(["tar", "xOf", out, name]).stdout.toString());
    const before = JSON.parse(Buffer.from(files.get("manifest.json")!).toString());
    expect(extract("manifest.json")).toEqual([{ ...before[0], RepoTags: expected }]);
    const { manifests } = extract("index.json");
    expect(manifests.map((one: { annotations: object }) => one.annotations)).toEqual(
      expected.map((name) => ({
        "io.containerd.image.name": `docker.io/library/${name}`,
        "org.opencontainers.image.ref.name": "latest",
      })),
    );
    const again = await sidecar(["image", "names", out, "--json"]);
    expect(JSON.parse(again.stdout).images[0].present).toEqual(expected);
  });

  it("--apply keeps a multi-platform index as it is, attestations too", async () => {
    const files = await multiPlatformLayout(
      [image, { ...image, platform: { architecture: "arm64", variant: "v8" } }],
      ["registry.example.com/x:1"],
      true,
    );
    const directory = workspace();
    const source = writeDirectory(files, join(directory, "layout"));
    const out = join(directory, "out");
    const words = ["--apply", "-o", out];
    const { code, stderr } = await sidecar(["image", "names", source, ...words]);
    expect(code, stderr).toBe(0);
    for (const [name, bytes] of files)
      if (name.startsWith("blobs/"))
        expect(readFileSync(join(out, name)).equals(bytes), name).toBe(true);
    const index = JSON.parse(readFileSync(join(out, "index.json"), "utf8"));
    const tags = index.manifests.map(
      (one: { annotations: Record<string, string> }) =>
        one.annotations["org.opencontainers.image.ref.name"],
    );
    expect(tags).toEqual(expected.map((name) => `docker.io/library/${name}`));
  });

  it("refuses names that differ by platform", async () => {
    const other = { ...image, config: { Env: [runenv("PYTHON2", "14")] } };
    const files = await multiPlatformLayout([
      image,
      { ...other, platform: { architecture: "arm64" } },
    ]);
    const directory = workspace();
    const source = writeDirectory(files, join(directory, "layout"));
    const shown = await sidecar(["image", "names", source]);
    expect(shown.stdout).toContain("linux/arm64:\npseven-calc-python2-14:latest");
    const out = join(directory, "out");
    const { stderr, code } = await sidecar([
      "image",
      "names",
      source,
      "--apply",
      "-o",
      out,
    ]);
    expect(messageCodes(stderr)).toEqual(["image-names-ambiguous"]);
    expect(code).toBe(125);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [["--tag=a+b"], "option-value-invalid"],
    [["--repository=nowhere"], "reference-invalid"],
    [["--repository=https://registry.example.com"], "reference-invalid"],
    [["-o", "out.tar"], "option-conflict"],
    [["--apply"], "option-value-missing"],
    [["--apply", "-o", "/nowhere/out.tar"], "image-output-unwritable"],
    [["--apply", "-o", "."], "image-output-exists"],
  ])("refuses %j with %s", async (words, code) => {
    const directory = writeDirectory(await ociLayout(image), workspace());
    const { stderr } = await sidecar(["image", "names", directory, ...words]);
    expect(codesBut(stderr)).toEqual([code]);
  });
});
