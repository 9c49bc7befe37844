/** Where a block can run, from its manifest: YAML, JSON, and Python's tuples. */
import fc from "fast-check";
import { dump } from "js-yaml";
import { describe, expect, it } from "vitest";
import { readManifest } from "../src/catalogue/sources/manifest.ts";
import { manifestSchema } from "../src/catalogue/wire.ts";
import { Failure } from "../src/contract/failure.ts";
import { features, names, runenvs } from "./support/catalogue.ts";

const read = (text: string) => readManifest(text, "block.yaml");
const required = (text: string) =>
  read(`required_feature: ${text}`).requiredFeature.map(
    ({ name, version }) => `${name} ${version}`,
  );

it("the interface's own notation is read letter for letter", () => {
  expect(required('[("COBOL", "v42"), ("COBOL", "v13"), ("COBOL", null)]')).toEqual([
    "COBOL v42",
    "COBOL v13",
    "COBOL null",
  ]);
  expect(required('[("EXCEL", null)]')).toEqual(["EXCEL null"]);
  expect(read('runenv: ("COBOL",42)').runenv).toEqual({ name: "COBOL", version: 42 });
});

it.each<[string, string[]]>([
  [
    "[[COBOL, v42], [COBOL, v13], [COBOL, null]]",
    ["COBOL v42", "COBOL v13", "COBOL null"],
  ],
  ["[[NX, 2020.10], [NX, 2020], [nx, V1]]", ["NX 2020.10", "NX 2020", "NX v1"]],
  [
    "[EXCEL, (ABAQUS), [NX], [NX, ~]]",
    ["EXCEL null", "ABAQUS null", "NX null", "NX null"],
  ],
  [
    '["(EXCEL,2020)", "EXCEL", "(EXCEL,null)"]',
    ["EXCEL 2020", "EXCEL null", "EXCEL null"],
  ],
  ["[(EXCEL, 2020), (SOLID-EDGE, 1-2), ]", ["EXCEL 2020", "SOLID_EDGE 1-2"]],
  [
    "\n- (EXCEL,2020)\n- [EXCEL, ]\n- EXCEL # it's",
    ["EXCEL 2020", "EXCEL null", "EXCEL null"],
  ],
  [
    "\n  [ # ( one\n    ('NX', \"1\"), # it's (not\n    ('NX',\n     null,),\n  ]",
    ["NX 1", "NX null"],
  ],
  ['("NX", "1")', ["NX 1"]],
  ["NX", ["NX null"]],
  ["[]", []],
  ["", []],
  ["null", []],
])("required_feature: %j", (text, features) => {
  expect(required(text)).toEqual(features);
});

it.each([
  "[COBOL, 42]",
  "(COBOL,42)",
  '("cobol", "42")',
  '"(COBOL,42)"',
  "\n- COBOL\n- 042",
])("runenv: %j", (text) => {
  expect(read(`runenv: ${text}\n`).runenv).toEqual({ name: "COBOL", version: 42 });
});

it("system and node are there where they are said, and other keys mean nothing", () => {
  expect(
    read("os: windows\nextension_node: CAD-1.example.com\nname: (x\na: [1]"),
  ).toEqual({
    os: "Windows",
    extensionNode: "cad-1.example.com",
    requiredFeature: [],
  });
  expect(read("os: ~\nextension_node: null\nrunenv:\ndescription: (old) it's")).toEqual(
    {
      requiredFeature: [],
    },
  );
});

it("JSON is read, with tabs, and braces may hold tuples", () => {
  const manifest = {
    runenv: ["COBOL", 42],
    required_feature: [
      ["NX", "1"],
      ["NX", null],
    ],
  };
  const found = {
    runenv: { name: "COBOL", version: 42 },
    requiredFeature: [
      { name: "NX", version: "1" },
      { name: "NX", version: null },
    ],
  };
  expect(read(JSON.stringify(manifest))).toEqual(found);
  expect(read(JSON.stringify(manifest, null, "\t"))).toEqual(found);
  expect(read("{runenv: (COBOL, 42), required_feature: [('NX', 1), NX]}")).toEqual(
    found,
  );
});

describe("refused is, with key and place", () => {
  it.each<[string, RegExp]>([
    ["runenv: COBOL", /^block\.yaml: runenv: the version is missing/],
    ["runenv: [COBOL]", /runenv: the version is missing/],
    ["runenv: [COBOL, v42]", /runenv\[1\]: 'v42' is not a whole number/],
    ["runenv: [4, 2]", /runenv\[0\]: '4' is no name/],
    ["runenv: [[A, 1]]", /runenv is no name with a version/],
    ["runenv: {COBOL: 42}", /runenv is a mapping, where a text is needed/],
    ["runenv: [A, 1]\nrunenv: [B, 1]", /runenv is there twice/],
    ["os: Mac", /os: 'Mac' is not one of Linux, Windows/],
    ["os: [Linux]", /os is a list, where a text is needed/],
    ["extension_node: a b", /extension_node: 'a b' is no host's name/],
    [
      "required_feature: [COBOL, v42]",
      /required_feature\[1\]: 'v42' is a version, without a/,
    ],
    [
      "required_feature: [[A, 1], [B, 1, 2]]",
      /required_feature\[1\] is no name with a version/,
    ],
    [
      "required_feature: [[A, '1 2']]",
      /required_feature\[0\]\[1\]: '1 2' is no version/,
    ],
    ["required_feature: [{A: 1}]", /required_feature\[0\] is a mapping/],
    ["required_feature: {A: 1}", /required_feature is a mapping/],
    ["required_features: [A]", /required_features is not read; it is required_feature/],
    ["extension-node: a", /extension-node is not read; it is extension_node/],
    ["requiredFeature: [A]", /it is required_feature/],
    ["", /it has no keys/],
    ["- a", /it has no keys/],
    ["os: Linux\n---\nos: Linux", /more than one document/],
    ["a: b: c", /^block\.yaml:1:5: this is neither YAML nor JSON/],
    ['os: Linux\nrequired_feature: [("A", "1"', /^block\.yaml:2:\d+: this is neither/],
  ])("%j", (text, message) => {
    try {
      read(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      expect(error).toMatchObject({ code: "manifest-invalid" });
      expect((error as Failure).message).toMatch(message);
      expect((error as Failure).hint).toMatch(/for example \w+: /);
    }
  });
});

const manifests = fc.record(
  {
    runenv: runenvs,
    os: fc.constantFrom("Linux" as const, "Windows" as const),
    requiredFeature: fc.array(
      fc.oneof(features, fc.record({ name: names, version: fc.constant(null) })),
    ),
  },
  { requiredKeys: ["requiredFeature"] },
);

describe("any manifest comes out as it went in", () => {
  const written = ({ runenv, os, requiredFeature }: ReturnType<typeof read>) => ({
    ...(runenv ? { runenv: [runenv.name, runenv.version] as const } : {}),
    ...(os ? { os } : {}),
    required_feature: requiredFeature.map(
      ({ name, version }) => [name, version] as const,
    ),
  });
  const tuple = (parts: readonly unknown[]) =>
    `(${parts.map((part) => JSON.stringify(part)).join(", ")})`;

  it.each<[string, (manifest: ReturnType<typeof written>) => string]>([
    ["in JSON", (manifest) => JSON.stringify(manifest)],
    ["in YAML", (manifest) => dump(manifest)],
    ["in YAML with braces", (manifest) => dump(manifest, { flowLevel: 1 })],
    [
      "in tuples",
      ({ runenv, os, required_feature }) =>
        `${runenv ? `runenv: ${tuple(runenv)}\n` : ""}${os ? `os: ${os}\n` : ""}` +
        `required_feature: [${required_feature.map(tuple).join(", ")}]\n`,
    ],
  ])("%s", (_, write) => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        const document = written(manifest);
        expect(manifestSchema.safeParse(document).success).toBe(true);
        expect(read(write(document))).toEqual(manifest);
      }),
    );
  });
});

it("any text is read or refused, and nothing else", () => {
  const piece = fc.constantFrom(
    ...[
      "runenv: ",
      "required_feature: ",
      "os: ",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      ", ",
      '"',
    ],
    ...[
      "'",
      "\n",
      "- ",
      "A",
      "42",
      "null",
      "#",
      " ",
      "<<: ",
      "&a ",
      "*a",
      "\\",
      "\t",
      ":",
    ],
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(text, (text) => {
      try {
        read(text);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        expect(error.code).toBe("manifest-invalid");
        expect(error.message).not.toContain("\n");
      }
    }),
    { numRuns: 5000 },
  );
});

it("blanks are read once, however many there are", () => {
  const blanks = " ".repeat(1_000_000);
  for (const text of [`runenv: ("A"${blanks}x`, `required_feature: [("A"${blanks}x`])
    expect(() => readManifest(text, "block.yaml")).toThrow();
});
