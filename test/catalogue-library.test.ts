/** The catalogue as a package, installed and used as another program would. */
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blockOf, filesBelow, install, pack, succeed } from "./support/consumer.ts";
import { root } from "./support/paths.ts";

const example = blockOf("docs/catalogue.md", "ts library");

const variables = {
  DA__P7__PCLUSTER__CALC_IMAGE__ABAQUS: "r.io/pseven-calc-python3-42-abaqus-v42",
  DA__P7__PCLUSTER__EXTENSION_NODE__MYLINUXHOST:
    "os=Linux; runenv=(PYTHON3,42); feature=(ABAQUS,v42)",
  DA__P7__PCLUSTER__EXTENSION_NODE__BAD: "os=Linux",
};

let directory: string;
let installed: string;
let archives: Record<string, string>;

beforeAll(async () => {
  requireLibrary();
  directory = mkdtempSync(join(tmpdir(), "sidecar-consumer-"));
  installed = join(directory, "node_modules/sidecar");
  archives = {
    sidecar: await pack(directory),
    zod: await pack(directory, "zod"),
  };
  await install(archives, directory);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** It must be there, and be what the sources say. */
function requireLibrary(): void {
  const library = join(root, "dist/library/catalogue/library.js");
  const built = existsSync(library) ? statSync(library).mtimeMs : 0;
  for (const file of new Bun.Glob("src/{catalogue,contract}/**/*.ts").scanSync(root))
    if (statSync(join(root, file)).mtimeMs > built)
      throw new Error("dist/library is not built: sh scripts/bun build-library.ts");
}

const runtimes = [
  ["Node", "node"],
  ["Bun", process.execPath],
] as const;

describe.each(runtimes)("in %s", (_, runtime) => {
  const runs = async (script: string) => {
    const file = join(directory, "script.mjs");
    writeFileSync(file, script);
    return (await succeed([runtime, file], directory, variables)).trim();
  };

  it("the example of the page works as it stands there", async () => {
    const printed = await runs(example);
    expect(printed).toContain("ABAQUS v42 (linux) @mylinuxhost");
    expect(printed).toMatch(/r\.io\/pseven-calc-python3-42-abaqus-v42 1$/);
  });

  it("all that there is can be used", async () => {
    const printed = await runs(`
      import * as library from "sidecar/catalogue";
      const { places } = library.readCatalogue(Object.entries(process.env));
      const task = { runenv: ["python3", 13], require: ["Abaqus", null], os: "linux" };
      const request = library.readTask(task).value;
      const found = library.resolvePlace(places, request);
      const needs = library.needsOf(found, request, places);
      console.log(JSON.stringify({
        request,
        features: library.runenvFeatures(places),
        steps: library.explain(places, request, found).map(({ what }) => what),
        name: library.imageName(found.runenv, found.feature),
        back: library.readImageName("pseven-calc-cobol-42").readings,
        slurm: library.engines.slurm.requirement(needs),
        satisfied: places.map((place) => library.satisfies(place, request)),
        misses: library.nearestMisses(places, { ...request, os: "Windows" }, 1)[0].reasons,
        declared: library.readDeclaration(["DA__P7__RUNENV__COBOL__VERSION=42"]).runenvs,
      }));
    `);
    expect(JSON.parse(printed)).toEqual({
      request: {
        runenv: { name: "PYTHON3", version: 13 },
        required: [{ name: "ABAQUS", version: null }],
        os: "Linux",
      },
      features: [null, "mylinuxhost"].map((extension_node) => ({
        os: "Linux",
        extension_node,
        runenv: ["PYTHON3", 42],
        features: [["ABAQUS", "v42"]],
      })),
      steps: ["asked", "places", "runenv", "feature", "decided"],
      name: "pseven-calc-python3-42-abaqus-v42",
      back: [{ runenv: { name: "COBOL", version: 42 } }],
      slurm: ["--constraint=runenv__python3__42&feature__abaqus__v42"],
      satisfied: [true, true],
      misses: ["it is Linux, not Windows"],
      declared: [{ name: "COBOL", version: 42 }],
    });
  });

  it("names in any case ask for one thing, and a bad task is told in words", async () => {
    const printed = await runs(`
      import { readTask } from "sidecar/catalogue";
      console.log(JSON.stringify([
        readTask({ runenv: ["cobol", 42], required_feature: [["solid-edge", "V1"]] }),
        readTask({ runenv: ["cobol", -1] }),
        readTask({ runenv: ["cobol", 1], require: ["a b", null] }),
        readTask({ runenv: ["cobol", 1], os: "OS/2" }),
        readTask({ runenv: ["cobol", 1], extension_node: "HOST.example.com" }),
        readTask({ runenv: ["cobol", 1], required_feature: [["a b", "1"]] }),
        readTask({
          runenv: ["cobol", 1], require: ["nx", null], required_feature: [["ansys", "2"]],
        }),
      ]));
    `);
    const [one, ...others] = JSON.parse(printed);
    expect(one.value.required).toEqual([{ name: "SOLID_EDGE", version: "v1" }]);
    expect(others).toEqual([
      { problem: "runenv: '-1' is not a whole number from 0 on" },
      { problem: expect.stringMatching(/^require: 'a b' is no name/) },
      { problem: "os: 'OS/2' is not one of Linux, Windows" },
      {
        value: {
          runenv: { name: "COBOL", version: 1 },
          required: [],
          extensionNode: "host.example.com",
        },
      },
      { problem: expect.stringMatching(/^required_feature: 'a b' is no name/) },
      {
        value: {
          runenv: { name: "COBOL", version: 1 },
          required: [{ name: "NX", version: null }],
        },
      },
    ]);
  });

  it("what goes over a wire can be checked, and only then is zod there", async () => {
    const script = (first: string) => `
      ${first}
      import * as wire from "sidecar/catalogue/wire";
      const entry = { os: "Linux", extension_node: null, runenv: ["A", 1], features: [] };
      console.log(
        wire.capabilitiesDocument.safeParse([entry]).success,
        wire.capabilitiesDocument.safeParse([{ ...entry, more: 1 }]).success,
        wire.manifestSchema.safeParse({ required_feature: [["NX", null]] }).success,
      );
    `;
    expect(await runs(script(""))).toBe("true false true");
    rmSync(join(directory, "node_modules/zod"), { recursive: true });
    try {
      expect(await runs(example)).toContain("ABAQUS");
      await expect(runs(script(""))).rejects.toThrow("zod");
    } finally {
      await install(archives, directory);
    }
  });
});

it.each([
  ["nodenext", "nodenext"],
  ["node16", "node16"],
  ["esnext", "bundler"],
])("its types are right for a strict program (%s, %s)", async (module, resolution) => {
  writeFileSync(join(directory, "example.ts"), example);
  writeFileSync(
    join(directory, "more.ts"),
    `
    import * as library from "sidecar/catalogue";
    import * as wire from "sidecar/catalogue/wire";
    const entries: [string, string][] = [["A", "B"]];
    const places: readonly library.Place[] = library.readCatalogue(entries).places;
    const capabilities: wire.CapabilitiesDocument = wire.capabilitiesDocument.parse([]);
    const name: string = capabilities[0]![0 as never] ?? places[0]!.origin;
    const task: library.Read<library.Request> = library.readTask({ runenv: ["A", 1] });
    if ("problem" in task) throw new Error(task.problem + name);
    // @ts-expect-error a version is a number
    library.readTask({ runenv: ["A", "1"] });
    // @ts-expect-error nothing of the inside is there
    library.readClauses("");
    `,
  );
  const words = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "false",
    "--target",
    "es2022",
  ];
  const how = ["--module", module, "--moduleResolution", resolution];
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const files = ["example.ts", "more.ts"];
  const printed = succeed(
    ["node", compiler, ...words, ...how, ...types, ...files],
    directory,
  );
  expect(await printed).toBe("");
});

it("the package has the library, and nothing else", () => {
  const files = filesBelow(installed);
  const modules = files.filter((file) => file.startsWith("dist/library/"));
  expect(files.filter((file) => !modules.includes(file))).toEqual([
    "LICENSE",
    "README.md",
    "package.json",
  ]);
  for (const file of modules) {
    expect(file).toMatch(/^dist\/library\/.*(?:\.js|\.d\.ts)$/);
    const source = file.replace("dist/library", "src").replace(/(?:\.d\.ts|\.js)$/, "");
    expect(existsSync(join(root, `${source}.ts`)), file).toBe(true);
  }
  const { dependencies, bin } = JSON.parse(
    readFileSync(join(installed, "package.json"), "utf8"),
  );
  expect(Object.keys(dependencies)).toEqual(["zod"]);
  expect(bin).toBeUndefined();
});

it("its modules import each other and zod, and know nothing of this machine", () => {
  for (const file of filesBelow(join(installed, "dist/library"))) {
    const text = readFileSync(join(installed, "dist/library", file), "utf8");
    for (const [, from] of text.matchAll(/ from "([^"]+)";$/gm))
      expect(from, file).toMatch(/^(?:\.\.?\/.*|zod)$/);
    expect(text, file).not.toContain(root);
  }
});
