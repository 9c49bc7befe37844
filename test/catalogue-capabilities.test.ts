/** Places from JSON in the form of runenv_features(). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runenvFeatures } from "../src/catalogue/features.ts";
import { readCapabilities } from "../src/catalogue/sources/capabilities.ts";
import { capabilitySchema } from "../src/catalogue/wire.ts";
import { Failure } from "../src/contract/failure.ts";
import { places } from "./support/catalogue.ts";

const right = {
  os: "Linux",
  extension_node: null,
  runenv: ["PYTHON3", 42],
  features: [
    ["ABAQUS", "v2021.05"],
    ["EXCEL", "2020"],
  ],
};

const read = (value: unknown) => readCapabilities(JSON.stringify(value), "nodes.json");

it("an entry is a place, named by its file and number", () => {
  expect(
    read([right, { ...right, extension_node: "MyLinuxHost", comment: 1 }]),
  ).toEqual({
    places: [null, "mylinuxhost"].map((extensionNode, index) => ({
      os: "Linux",
      extensionNode,
      runenvs: [{ name: "PYTHON3", version: 42 }],
      features: [
        { name: "ABAQUS", version: "v2021.05" },
        { name: "EXCEL", version: "2020" },
      ],
      origin: `nodes.json[${index}]`,
    })),
    problems: [],
  });
});

it("names are in any case, and what is said twice is said once", () => {
  const features = [
    ["solid-edge", "V1"],
    ["SOLID_EDGE", "v1"],
  ];
  const { places } = read([{ ...right, runenv: ["python3", 42], features }]);
  expect(places[0]).toMatchObject({
    runenvs: [{ name: "PYTHON3", version: 42 }],
    features: [{ name: "SOLID_EDGE", version: "v1" }],
  });
});

describe("a wrong entry is told, and hides no other", () => {
  it.each<[string, unknown, string]>([
    ["no object", 7, " is no object"],
    ["a list", [], " is no object"],
    ["no system", { ...right, os: undefined }, ".os is missing"],
    [
      "a wrong system",
      { ...right, os: "Mac" },
      ".os: 'Mac' is not one of Linux, Windows",
    ],
    ["no node", { ...right, extension_node: undefined }, ".extension_node is missing"],
    [
      "a wrong node",
      { ...right, extension_node: "a b" },
      ".extension_node: 'a b' is no host's name",
    ],
    ["no runenv", { ...right, runenv: undefined }, ".runenv is no [NAME,VERSION]"],
    ["a runenv as text", { ...right, runenv: "(A,1)" }, ".runenv is no [NAME,VERSION]"],
    [
      "a version as text",
      { ...right, runenv: ["A", "1"] },
      ".runenv[1] is not a whole",
    ],
    ["a version below 0", { ...right, runenv: ["A", -1] }, ".runenv[1] is not a whole"],
    ["no features", { ...right, features: null }, ".features is no list"],
    [
      "a feature's number",
      {
        ...right,
        features: [
          ["A", "1"],
          ["NX", 2020],
        ],
      },
      ".features[1][1] is no text",
    ],
    [
      "a feature alone",
      { ...right, features: ["NX"] },
      ".features[0] is no [NAME,VERSION]",
    ],
    [
      "a wrong name",
      { ...right, features: [["N X", "1"]] },
      ".features[0][0]: 'N X' is no name",
    ],
  ])("%s", (_, entry, message) => {
    const { places, problems } = read([right, entry, right]);
    expect(places.map(({ origin }) => origin)).toEqual([
      "nodes.json[0]",
      "nodes.json[2]",
    ]);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toContain(`nodes.json[1]${message}`);
    expect(problems[0]!.hint).toMatch(/^for example \{"os"/);
  });
});

describe("refused is", () => {
  it.each<[string, RegExp]>([
    ["{}", /^nodes\.json: this is no list of capabilities/],
    ["", /^nodes\.json: this is no JSON/],
    ['[{"os":}', /^nodes\.json:1:\d+: this is no JSON/],
    ['[\n  {"os": "Linux"\n  "a": 1}]', /^nodes\.json:3:\d+: this is no JSON/],
  ])("%j", (text, message) => {
    expect(() => readCapabilities(text, "nodes.json")).toThrow(message);
    expect(() => readCapabilities(text, "nodes.json")).toThrow(Failure);
  });
});

it("what runenv_features() gives of any places is read as the same", () => {
  fc.assert(
    fc.property(fc.array(places), (places) => {
      const capabilities = runenvFeatures(places);
      const found = read(capabilities);
      expect(found.problems).toEqual([]);
      expect(runenvFeatures(found.places)).toEqual(capabilities);
    }),
  );
});

it("the schema lets through what is read, and nothing else", () => {
  const text = fc.oneof(
    fc.constantFrom(
      "NX",
      "nx",
      "SOLID-EDGE",
      "A__B",
      "v2021.05",
      "1--2",
      "_",
      "é",
      "a.b",
    ),
    fc.string({ maxLength: 4 }).filter((text) => text.trim() === text),
  );
  const pair = (second: fc.Arbitrary<unknown>) =>
    fc.oneof(fc.tuple(text, second), fc.array(text, { maxLength: 3 }));
  const entry = fc.record({
    os: fc.constantFrom("Linux", "Windows", "Mac", 1),
    extension_node: fc.oneof(fc.constantFrom(null, "host", "a.b", "a..b", "-a"), text),
    runenv: pair(fc.oneof(fc.integer({ min: -1, max: 9 }), fc.double())),
    features: fc.array(pair(text), { maxLength: 2 }),
  });
  const seen = { read: 0, refused: 0 };
  fc.assert(
    fc.property(entry, (entry) => {
      const isRead = read([entry]).problems.length === 0;
      // What came out of JSON is what counts: NaN becomes null there.
      const { success } = capabilitySchema.safeParse(JSON.parse(JSON.stringify(entry)));
      expect(isRead).toBe(success);
      seen[isRead ? "read" : "refused"] += 1;
    }),
    { numRuns: 2000 },
  );
  expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(0);
});

it("any text is read or refused, and nothing else", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        readCapabilities(text, "nodes.json");
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    }),
  );
});
