/** The catalogue's variables in a Helm values.yaml: found everywhere, as written. */
import fc from "fast-check";
import { dump } from "js-yaml";
import { describe, expect, it } from "vitest";
import { readCatalogue } from "../src/catalogue/catalogue.ts";
import { readValues } from "../src/catalogue/sources/values.ts";
import { Failure } from "../src/contract/failure.ts";

const image = (key: string) => `DA__P7__PCLUSTER__CALC_IMAGE__${key}`;
const A = image("A");
const B = image("B");

const read = (text: string) => readValues(text, "values.yaml");
const variables = (text: string) => Object.fromEntries(read(text).variables);

describe("a variable is found", () => {
  it.each<[string, string]>([
    ["as a key", `${A}: x`],
    ["as a key far below", `a: {b: [{c: [[{${A}: x}]]}]}`],
    ["as a key in quotes", `"${A}": 'x'`],
    ["as an explicit key", `? ${A}\n: x`],
    ["with name and value", `env:\n- name: ${A}\n  value: x`],
    ["with value and name, in braces", `env: [{value: "x", name: "${A}"}]`],
    ["as a text with =", `env:\n- ${A}=x\n- OTHER=1`],
    ["as a text in quotes", `env: ["${A}=x"]`],
    ["in the second document", `a: 1\n---\n${A}: x`],
    ["behind an alias", `ref: &ref x\nenv: {${A}: *ref}`],
    ["in an anchored list", `all: &all [{name: ${A}, value: x}]\nenv: *all`],
    ["in a block", `${A}: |-\n  x`],
    ["in a folded block", `${A}: >-\n  x\n`],
    ["by a merge key", `base: &base {name: ${A}}\nenv: [{<<: *base, value: x}]`],
    ["behind CRLF", `a:\r\n  ${A}: x\r\n`],
    ["with a comment", `${A}: x # y`],
  ])("%s", (_, text) => {
    expect(read(text)).toEqual({ variables: [[A, "x"]], removed: [], problems: [] });
  });
});

describe("lists and mappings may be closed as in a program", () => {
  it.each<[string, string]>([
    ["a list", `env: [\n  {name: ${A}, value: x}\n]\n`],
    ["a mapping", `a:\n  env: {\n    ${A}: x\n  }\n`],
    ["both", `env: [\n  {\n    name: ${A},\n    value: x\n},\n\n]\nb: {\n}`],
    ["with CRLF", `env: {\r\n  ${A}: x\r\n}\r\nb: 1\r\n`],
    ["behind comments", `env: [ # [\n "${A}=x" # "y ]\n # z\n\n]\nb: ["#\n]"]`],
    ["beside a block of JSON", `a: |\n  {\n  "b": [\n  ]\n  }\nenv: {\n  ${A}: x\n}`],
  ])("%s", (_, text) => {
    expect(read(text)).toEqual({ variables: [[A, "x"]], removed: [], problems: [] });
  });

  it("and quotes that are not closed are read once", () => {
    const text = `a: [\n "${'\\"'.repeat(1_000_000)}\n]`;
    expect(() => read(text)).toThrow(/no YAML/);
  });

  it("and what is wrong further on is where it was", () => {
    expect(() => read("a: [\n b\n]\nc: d: e\n")).toThrow(/values\.yaml:4:/);
  });
});

it("a value is the text that is written, whatever it looks like", () => {
  const written = [
    "2020.10",
    "0x10",
    "1e3",
    "yes",
    "true",
    "2021-05-01",
    "1_000",
    "0o7",
  ];
  for (const value of written)
    expect(variables(`${A}: ${value}`)).toEqual({ [A]: value });
  expect(variables(`${A}: os=Linux; runenv=(COBOL,42)`)).toEqual({
    [A]: "os=Linux; runenv=(COBOL,42)",
  });
  expect(variables(`${A}: "null"`)).toEqual({ [A]: "null" });
  expect(variables(`${A}: !!str null`)).toEqual({ [A]: "null" });
});

it.each(["~", "null", "", "NULL"])("%j takes a variable away", (nothing) => {
  expect(read(`${A}: ${nothing}`).removed).toEqual([A]);
  const listed = read(`- name: ${A}\n  value: ${nothing}`);
  expect(listed).toEqual({ variables: [], removed: [A], problems: [] });
});

it("an empty text is a value, as in the environment", () => {
  expect(read(`${A}: ""`)).toEqual({ variables: [[A, ""]], removed: [], problems: [] });
});

it("what is taken away in one place and written in another is there", () => {
  expect(read(`a: {${A}: ~}\nb: {${A}: x}\nc: {${A}: }`)).toMatchObject({
    variables: [[A, "x"]],
    removed: [],
  });
});

describe("what merges defaults", () => {
  const defaults = `defaults: &defaults {${A}: 1, ${B}: 2}\n`;

  it("has them", () => {
    expect(variables(`${defaults}env: {<<: *defaults}`)).toEqual({
      [A]: "1",
      [B]: "2",
    });
  });

  it("goes before them, and nothing is wrong", () => {
    const found = read(`${defaults}env: {<<: *defaults, ${A}: 3}`);
    expect(Object.fromEntries(found.variables)).toEqual({ [A]: "3", [B]: "2" });
    expect(found.problems).toEqual([]);
  });

  it("can take one away", () => {
    const found = read(`${defaults}env: {${A}: ~, <<: *defaults}`);
    expect(found).toEqual({ variables: [[B, "2"]], removed: [A], problems: [] });
  });

  it("may merge what merges", () => {
    const text =
      `${defaults}more: &more {<<: *defaults, ${A}: 3}\n` +
      `env: {<<: [{OTHER: 1}, *more], ${B}: 4}`;
    const found = read(text);
    expect(Object.fromEntries(found.variables)).toEqual({ [A]: "3", [B]: "4" });
    expect(found.problems).toEqual([]);
  });
});

describe("it is told", () => {
  it("where one variable has two values, and that the later counts", () => {
    const text = `pcluster:\n  env:\n    ${A}: x\n  nodes:\n  - {name: ${A}, value: y}`;
    const { variables, problems } = read(text);
    expect(variables).toEqual([[A, "y"]]);
    expect(problems).toMatchObject([{ code: "catalogue-duplicate", variables: [A] }]);
    expect(problems[0]!.message).toBe(
      `${A}: it has different values in pcluster.env (values.yaml:3:5) and ` +
        "pcluster.nodes[0] (values.yaml:5:5), which counts",
    );
  });

  it("within one mapping, too, and not where the values are the same", () => {
    expect(read(`${A}: x\n${A}: y`).problems).toHaveLength(1);
    expect(read(`${A}: x\n${A}: x\nb: [${A}=x]`).problems).toEqual([]);
  });

  it.each([
    "DA__P7__LOG",
    "DA__P7__PCLUSTER__CALC_IMAGE_PULL_SECRET",
    "DA__P7__PCLUSTER__EXTENSION_NODE_PORT",
  ])("not of variables that declare no place: %s", (other) => {
    expect(read(`a: {${other}: x}\nb: {${other}: y}`).problems).toEqual([]);
    const secret = `[{name: ${other}, valueFrom: {secretKeyRef: {name: a}}}]`;
    expect(read(secret).problems).toEqual([]);
  });

  it.each<[string, string, RegExp]>([
    ["valueFrom", `[{name: ${A}, valueFrom: {secretKeyRef: {name: a}}}]`, /valueFrom/],
    ["a template", `${A}: {{ .Values.image }}`, /is a template/],
    ["a template in quotes", `${A}: "{{ .Values.image }}"`, /is a template/],
    ["a list", `${A}: [x]`, /is a list, where a text is needed/],
    ["a mapping", `${A}: {image: x}`, /is a mapping, where a text is needed/],
  ])("of %s, which hides nothing else", (_, text, message) => {
    const found = read(`${text}\n---\n${B}: y`);
    expect(found.variables).toEqual([[B, "y"]]);
    expect(found.removed).toEqual([]);
    expect(found.problems).toMatchObject([
      {
        code: "catalogue-invalid",
        variables: [A],
        message: expect.stringMatching(message),
      },
    ]);
  });
});

describe("what is no YAML is refused, with its place", () => {
  it.each<[string, RegExp]>([
    ["a: b: c", /^values\.yaml:1:5: this is no YAML: bad indentation/],
    ["a:\n  - b\n c", /^values\.yaml:3:\d+: /],
    ["a: 'x", /values\.yaml:1:\d+: .*quoted scalar/],
    ["a: *b", /values\.yaml:1:5: this is no YAML: there is no anchor &b before/],
    ["a: &a {<<: *a}", /a mapping merges itself/],
    ["a: {<<: 1}", /<< takes a mapping/],
    ["[".repeat(5000), /nested more than 100 levels deep/],
    ["a: \0", /null byte/],
  ])("%j", (text, message) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(Failure);
  });

  it("and the example of what is right is right", () => {
    try {
      read("a: b: c");
      expect.unreachable();
    } catch (error) {
      const [, example] = /for example (.*)$/.exec((error as Failure).hint)!;
      const { variables } = read(example!);
      expect(readCatalogue(variables)).toMatchObject({ places: [{}], problems: [] });
    }
  });

  it("and whoever gives a template is told to render it", () => {
    try {
      read("a:\n  {{- if .Values.b }}\n  c: 1\n");
      expect.unreachable();
    } catch (error) {
      expect((error as Failure).hint).toContain("helm template");
    }
  });
});

describe("little that means much", () => {
  it("by aliases is read once", () => {
    let bomb = `a0: &a0 [{name: ${A}, value: x}]\n`;
    for (let at = 1; at < 60; at += 1)
      bomb += `a${at}: &a${at} [${`*a${at - 1}, `.repeat(9)}*a${at - 1}]\n`;
    expect(read(bomb)).toEqual({ variables: [[A, "x"]], removed: [], problems: [] });
  });

  it("by itself ends", () => {
    expect(variables(`&a [*a, {b: *a, ${A}: x}]`)).toEqual({ [A]: "x" });
  });

  it("by merging is refused", () => {
    let bomb = "m0: &m0 {k: 1}\n";
    for (let at = 1; at < 3000; at += 1)
      bomb += `m${at}: &m${at} {<<: *m${at - 1}, k${at}: 1}\n`;
    expect(() => read(bomb)).toThrow(/merges more than 1000000 keys/);
  });
});

const name = fc
  .stringMatching(/^[A-Z][A-Z0-9]{0,5}(_[A-Z0-9]{1,5})?$/)
  .map((key) => image(key));
/** What YAML can hold at all, and means something to the catalogue. */
const value = fc
  .string({ unit: "grapheme", maxLength: 40 })
  .filter(
    (text) => text.isWellFormed() && !/\{\{|\p{Cc}|\p{Zl}|\p{Zp}|\ufeff/u.test(text),
  );

describe("whatever the variables are, and however they are written", () => {
  const entries = fc.uniqueArray(fc.tuple(name, value), {
    selector: ([key]) => key,
    maxLength: 20,
  });
  const style = fc.record({
    flowLevel: fc.constantFrom(-1, 0, 1, 2),
    forceQuotes: fc.boolean(),
    quoteStyle: fc.constantFrom("single" as const, "double" as const),
    lineWidth: fc.constantFrom(-1, 20, 80),
    indent: fc.constantFrom(1, 2, 4),
  });
  const forms: Record<string, (entries: readonly [string, string][]) => unknown> = {
    keys: (entries) => ({ pcluster: { env: Object.fromEntries(entries) } }),
    names: (entries) => ({ env: entries.map(([name, value]) => ({ name, value })) }),
    texts: (entries) => [{ env: entries.map((entry) => entry.join("=")) }],
  };

  it.each(Object.keys(forms))("they come out: %s", (form) => {
    fc.assert(
      fc.property(entries, style, (entries, options) => {
        const found = read(dump(forms[form]!(entries), options));
        expect(found.variables).toEqual(entries);
        expect(found.problems).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("any text", () => {
  const refusedOrRead = (text: string) => {
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      expect(error.code).toBe("catalogue-file-invalid");
      expect(error.message).not.toContain("\n");
    }
  };

  it("is read or refused, and nothing else", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), refusedOrRead), {
      numRuns: 500,
    });
  });

  it("of pieces of YAML, too", () => {
    const piece = fc.constantFrom(
      ...[
        "a",
        A,
        ":",
        " ",
        "\n",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&x ",
        "*x",
        "<<",
        "? ",
      ],
      ...[
        "'",
        '"',
        "|",
        ">-",
        "#",
        "---\n",
        "!!str ",
        "~",
        "\t",
        "name",
        "value",
        "\r",
      ],
      ...[": ", "=", "{{", "}}", "%YAML 1.2\n", "...\n", "  ", "!", "\\"],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
        refusedOrRead,
      ),
      { numRuns: 5000 },
    );
  });
});
