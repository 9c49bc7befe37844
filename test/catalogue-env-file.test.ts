/** The catalogue's variables in a .env file: every line read, every bad one told. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCatalogue } from "../src/catalogue/catalogue.ts";
import { readEnvVariables } from "../src/catalogue/sources/env-file.ts";

const A = "DA__P7__PCLUSTER__CALC_IMAGE__A";
const B = "DA__P7__PCLUSTER__CALC_IMAGE__B";

const outside: Record<string, string> = { REGISTRY: "registry.example.com" };
const read = (text: string) =>
  readEnvVariables(text, "nodes.env", (name) => outside[name]);
const variables = (text: string) => Object.fromEntries(read(text).variables);

it.each<[string, string]>([
  [`${A}=x`, "x"],
  [`export ${A}="x"`, "x"],
  [
    `${A}= os=Linux; runenv=(COBOL,42); feature=(NX, 2020-1) `,
    "os=Linux; runenv=(COBOL,42); feature=(NX, 2020-1)",
  ],
  [`${A}=it's; a "b" # c`, `it's; a "b" # c`],
  [`${A}=\${REGISTRY}/nx:7`, "registry.example.com/nx:7"],
  [`TAG=7\n${A}=nx:\${TAG}`, "nx:7"],
  [`${A}=$$\{REGISTRY}`, "${REGISTRY}"],
  [`${A}=`, ""],
  [`${A}="a\r\nb"\r\n`, "a\nb"],
])("%j", (text, value) => {
  expect(read(text)).toEqual({ variables: [[A, value]], removed: [], problems: [] });
});

it("others' variables are let go", () => {
  expect(variables(`PATH=/bin\n${A}=x\nDA__P7__X=1`)).toEqual({
    [A]: "x",
    DA__P7__X: "1",
  });
});

describe("a bad line is told, and hides no other", () => {
  it.each<[string, string]>([
    ["what is this", "nodes.env:1: the line is not NAME=VALUE"],
    ["OTHER='x", "OTHER: nodes.env:1: the line has a ' that is not closed"],
    ['OTHER="x" y', 'OTHER: nodes.env:1: the line has text behind the closing "'],
    ["API_TOKEN=hush${NO_SUCH}", "API_TOKEN: nodes.env:1: the line holds a bad ${…}"],
    [
      `${A}=\${NO_SUCH}/x`,
      `${A}: nodes.env:1: the line holds '\${NO_SUCH}/x': ` +
        "the variable NO_SUCH is not set",
    ],
  ])("%j", (line, message) => {
    const found = read(`${line}\n${B}=y\n=z\n`);
    expect(Object.fromEntries(found.variables)).toEqual({ [B]: "y" });
    expect(found.problems.map((problem) => problem.message)).toEqual([
      message,
      "nodes.env:3: the line is not NAME=VALUE",
    ]);
    for (const { code, hint } of found.problems) {
      expect(code).toBe("catalogue-invalid");
      const [, example] = /^write NAME=VALUE, for example (\S+)/.exec(hint)!;
      const { variables, problems } = read(example!);
      expect(readCatalogue(variables).problems.concat(problems)).toEqual([]);
    }
  });

  it("what stands for ${ is told where it was meant, and is right", () => {
    const [problem] = read(`${A}=\${`).problems;
    expect(problem!.hint).toContain("for the characters ${ write $${");
    expect(read(`${A}=$\${`).variables).toEqual([[A, "${"]]);
    expect(read("A").problems[0]!.hint).not.toContain("${");
  });

  it("the example for a node is of a node", () => {
    const name = "DA__P7__PCLUSTER__EXTENSION_NODE__A";
    const [problem] = read(`${name}='x`).problems;
    const [, example] = /for example (.*)$/.exec(problem!.hint)!;
    const { places, problems } = readCatalogue(read(example!).variables);
    expect(problems).toEqual([]);
    expect(places).toMatchObject([{ extensionNode: "a" }]);
  });
});

it("two values of one variable are told with both lines", () => {
  const { variables, problems } = read(
    `${A}=x\n${B}=y\n${A}=z\n${B}=y\nPATH=1\nPATH=2\n` +
      "DA__P7__PCLUSTER__CALC_IMAGE_PULL_POLICY=1\n" +
      "DA__P7__PCLUSTER__CALC_IMAGE_PULL_POLICY=2",
  );
  expect(variables).toEqual([
    [A, "z"],
    [B, "y"],
    ["DA__P7__PCLUSTER__CALC_IMAGE_PULL_POLICY", "2"],
  ]);
  expect(problems).toMatchObject([
    {
      code: "catalogue-duplicate",
      message:
        `${A}: it has different values in nodes.env:1 and nodes.env:3, ` +
        "which counts",
    },
  ]);
});

it("a value that grows without end is told, and not kept", () => {
  const text = `${A}=0123456789\n${`${A}=\${${A}}\${${A}}\n`.repeat(60)}`;
  const { variables, problems } = read(text);
  expect(variables[0]![1].length).toBeLessThanOrEqual(1 << 17);
  expect(problems.map(({ message }) => message)).toContain(
    `${A}: nodes.env:16: the line makes a value of more than 131072 characters`,
  );
});

it("as many bad lines as there are, are told", () => {
  const lines = Array.from({ length: 1000 }, (_, at) => (at % 2 ? `A${at}='x` : "?"));
  const { problems } = read(lines.join("\n"));
  expect(problems.length).toBeGreaterThanOrEqual(750);
});

it("any values come out as they are", () => {
  const name = fc.stringMatching(/^DA__P7__[A-Z0-9_]{1,8}$/);
  const value = fc
    .string({ unit: "grapheme" })
    .filter((text) => text.trim() === text && !/^["']|\$\{|[\r\n]/.test(text));
  const entries = fc.uniqueArray(fc.tuple(name, value), { selector: ([name]) => name });
  fc.assert(
    fc.property(entries, (entries) => {
      const text = entries.map((entry) => entry.join("=")).join("\n");
      expect(read(text).variables).toEqual(entries);
    }),
  );
});

it("of any text each line is read or told", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const { message } of read(text).problems)
        expect(message).not.toContain("\n");
    }),
  );
});
