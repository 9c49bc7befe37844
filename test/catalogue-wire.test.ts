/** What commands print for programs has the forms that docs/schema/ describes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { documents } from "../scripts/schemas.ts";
import * as wire from "../src/catalogue/wire.ts";
import { root } from "./support/paths.ts";
import { sidecar, smallEnvironment, workspace } from "./support/sidecar.ts";

type Name = Exclude<keyof typeof documents, `sidecar-approval${string}`>;

const names: readonly Name[] = [
  "sidecar-capabilities-1",
  "sidecar-choices-1",
  "sidecar-manifest-1",
  "sidecar-place-1",
];

const schema = (name: Name) =>
  JSON.parse(readFileSync(join(root, `docs/schema/${name}.schema.json`), "utf8"));

/** Throws where a document has not the form, by either description of it. */
function expectForm(name: Name, text: string): void {
  const document = JSON.parse(text);
  const ajv = new Ajv2020({ strict: false });
  const isRight = ajv.compile(schema(name))(document);
  expect(isRight, `${text}\n${ajv.errorsText(ajv.errors)}`).toBe(true);
  expect(documents[name].parse(document)).toEqual(document);
}

it.each(names)("docs/schema has %s as it is", (name) => {
  expect(schema(name)).toEqual(z.toJSONSchema(documents[name]));
});

it("each field that is printed is described", () => {
  const bare: string[] = [];
  const look = (node: unknown, path: string) => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, field] of Object.entries(
      (node as { properties?: object }).properties ?? {},
    ))
      if (!("description" in field)) bare.push(`${path}/${key}`);
    for (const [key, value] of Object.entries(node)) look(value, `${path}/${key}`);
  };
  for (const name of names) look(schema(name), name);
  expect(bare).toEqual([]);
});

const catalogue = [
  "IMAGE__PLAIN=pseven-calc-cobol-42",
  "IMAGE__NX=registry.example.com:5000/pseven-calc-cobol-43-nx-2020",
  `IMAGE__DIGEST=r.io/any@sha256:${"a".repeat(64)}; runenv=(A_B,0); feature=(SOLID-EDGE,2020-1)`,
  "IMAGE__WINDOWS=r.io/windows:1; runenv=(COBOL,42); feature=(NX,2.1); os=Windows",
].map((line) => `DA__P7__PCLUSTER__CALC_${line}`);
const nodes = [
  "MY_HOST=os=Linux; runenv=(COBOL,42); runenv=(PYTHON3,1); feature=(NX,2020)",
  "CAD=name=cad-1.example.com; os=Windows; runenv=(COBOL,42)",
].map((line) => `DA__P7__PCLUSTER__EXTENSION_NODE__${line}`);

async function printed(
  words: readonly string[],
  lines: readonly string[],
  expected: number,
): Promise<string> {
  const file = join(workspace(), "catalogue.env");
  writeFileSync(file, `${lines.join("\n")}\n`);
  const { stdout, stderr, code } = await sidecar([...words, "--env-file", file]);
  expect(code, stderr).toBe(expected);
  return stdout;
}

describe.each([
  ["images and nodes", [...catalogue, ...nodes]],
  ["images", catalogue],
  ["nodes", nodes],
])("of %s", (_, lines) => {
  it("features prints what is said of it", async () => {
    expectForm(
      "sidecar-capabilities-1",
      await printed(["features", "--json"], lines, 0),
    );
  });

  it.each([
    ["no feature", []],
    ["a feature", ["--require=NX"]],
    ["a node", ["--extension-node=my-host"]],
  ])("choices and resolve print what is said of them, for %s", async (_, words) => {
    const hasNode = lines.includes(nodes[0]!);
    const code = words[0]?.includes("my-host") && !hasNode ? 1 : 0;
    for (const [name, command] of [
      ["sidecar-choices-1", ["choices", "--json"]],
      ["sidecar-place-1", ["resolve", "--format=json"]],
    ] as const) {
      const asked = [...command, "--runenv=(COBOL,42)", ...words];
      expectForm(name, await printed(asked, lines, code));
    }
  });

  it("choices and resolve print what comes nearest, where nothing fits", async () => {
    for (const [name, command] of [
      ["sidecar-choices-1", ["choices", "--json"]],
      ["sidecar-place-1", ["resolve", "--format=json"]],
    ] as const) {
      const asked = [...command, "--runenv=(COBOL,99)", "--os=Windows"];
      const text = await printed(asked, lines, 1);
      expectForm(name, text);
      expect(JSON.parse(text).nearest).not.toEqual([]);
    }
  });
});

it("an empty catalogue is said in the same forms", async () => {
  expectForm("sidecar-capabilities-1", await printed(["features", "--json"], [], 0));
  const asked = ["--runenv=(COBOL,1)"];
  expectForm(
    "sidecar-choices-1",
    await printed(["choices", "--json", ...asked], [], 1),
  );
  const resolve = ["resolve", "--format=json", ...asked];
  expectForm("sidecar-place-1", await printed(resolve, [], 1));
});

it("what a host advertises has the form of features", async () => {
  const environment = {
    ...smallEnvironment,
    DA__P7__RUNENV__COBOL__VERSION: "42",
    DA__P7__FEATURE__NX__VERSION: "2020-1",
  };
  const words = ["advertise", "--format=json", "--extension-node=my-host"];
  const { stdout, code } = await sidecar(words, { environment });
  expect(code).toBe(0);
  expectForm("sidecar-capabilities-1", stdout);
});

it("a manifest that the page shows has its form", () => {
  const page = readFileSync(join(root, "docs/catalogue.md"), "utf8");
  const text = /^```json excel.json\n([\s\S]*?)^```/m.exec(page)![1]!;
  expectForm("sidecar-manifest-1", text);
});

it("what nobody knows is refused in what is printed", () => {
  const entry = { os: "Linux", extension_node: null, runenv: ["A", 1], features: [] };
  const isRight = new Ajv2020({ strict: false }).compile(
    schema("sidecar-capabilities-1"),
  );
  expect(isRight([entry])).toBe(true);
  for (const other of [
    { ...entry, more: true },
    { ...entry, os: "linux" },
    { ...entry, runenv: ["a", 1] },
    { ...entry, runenv: ["A", "1"] },
    { ...entry, features: [["NX", null]] },
    { ...entry, extension_node: undefined },
  ]) {
    expect(isRight(JSON.parse(JSON.stringify([other])))).toBe(false);
    expect(wire.capabilitiesDocument.safeParse([other]).success).toBe(false);
  }
});
