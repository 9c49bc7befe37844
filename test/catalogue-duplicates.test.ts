/** One thing declared twice, or in two ways: told with both names, and nothing is lost. */
import { describe, expect, it } from "vitest";
import type { Place } from "../src/catalogue/capability.ts";
import { readCatalogue } from "../src/catalogue/catalogue.ts";
import { image, node } from "./support/catalogue.ts";

const read = (variables: Record<string, string>) =>
  readCatalogue(Object.entries(variables));

describe("duplicates and contradictions", () => {
  it.each([
    [
      "one image, twice",
      { [image("A")]: "pseven-calc-a-1", [image("B")]: "pseven-calc-a-1" },
      ["catalogue-duplicate", "both name the same image for A 1"],
    ],
    [
      "one capability from two images",
      { [image("A")]: "x.io/pseven-calc-a-1-b-2", [image("B")]: "pseven-calc-a-1-b-2" },
      [
        "catalogue-contradiction",
        "two images for A 1 with B 2: x.io/pseven-calc-a-1-b-2 and pseven-calc-a-1-b-2",
      ],
    ],
    [
      "one of many from two images",
      {
        [image("A")]:
          "x.io/a; runenv=(A,1); runenv=(B,1); feature=(F,1); feature=(G,1)",
        [image("B")]: "pseven-calc-b-1-g-1",
      },
      ["catalogue-contradiction", "B 1 with G 1"],
    ],
    [
      "one node, twice",
      {
        [node("A")]: "os=Linux; runenv=(A,1)",
        [node("B")]: "name=a; os=Linux; runenv=(B,1)",
      },
      ["catalogue-duplicate", "both declare the node a"],
    ],
    [
      "one node of two systems",
      {
        [node("A")]: "os=Linux; runenv=(A,1)",
        [node("B")]: "name=a; os=Windows; runenv=(A,1)",
      },
      [
        "catalogue-contradiction",
        "the node a is Linux by one and Windows by the other",
      ],
    ],
  ])("%s are reported with both names", (_, variables, [code, message]) => {
    const { places, problems } = read(variables);
    expect(places).toHaveLength(2);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code, variables: Object.keys(variables) });
    expect(problems[0]!.message).toContain(message);
    for (const variable of Object.keys(variables))
      expect(problems[0]!.message).toContain(variable);
  });

  it("who is told to leave something out loses nothing else by it", () => {
    const [problem] = read({
      [image("A")]: "x.io/a; runenv=(A,1); runenv=(B,1)",
      [image("B")]: "x.io/a; runenv=(B,1); runenv=(C,1)",
    }).problems;
    expect(problem!.hint).toMatch(/^take B 1 out of DA__\w+__B; if it says nothing/);
  });

  it("a node of two systems is told, also where files say so", () => {
    const of = (os: Place["os"], origin: string): Place => ({
      os,
      extensionNode: "a",
      runenvs: [{ name: "A", version: 1 }],
      features: [],
      origin,
    });
    const files = [of("Linux", "x[0]"), of("Windows", "x[1]"), of("Windows", "x[2]")];
    const said = (variables: [string, string][], others: Place[]) =>
      readCatalogue(variables, others).problems.map(
        ({ code, variables }) => `${code} ${variables.join(" ")}`,
      );
    expect(said([], files)).toEqual(["catalogue-contradiction x[0] x[1]"]);
    expect(said([], [files[0]!, files[0]!])).toEqual([]);
    expect(said([[node("A"), "os=Windows; runenv=(A,1)"]], files)).toEqual([
      `catalogue-contradiction ${node("A")} x[0]`,
    ]);
  });

  it("three are told as two pairs, once each, whatever their order", () => {
    const variables: [string, string][] = [
      [image("C"), "x.io/c; runenv=(A,1); runenv=(B,1)"],
      [image("A"), "x.io/a; runenv=(B,1); runenv=(A,1)"],
      [image("B"), "x.io/a; runenv=(A,1)"],
    ];
    for (const order of [variables, variables.toReversed()]) {
      const { problems } = readCatalogue(order);
      expect(problems).toMatchObject([
        {
          message: `${image("A")} and ${image("B")}: both name the same image for A 1`,
          hint: expect.stringContaining(`take A 1 out of ${image("B")}`),
        },
        {
          message: `${image("A")} and ${image("C")}: two images for A 1: x.io/a and x.io/c`,
        },
      ]);
    }
  });

  it("a runenv and a feature may have one name and version", () => {
    const value = "os=Linux; runenv=(A,1); feature=(A,1)";
    const { places, problems } = read({ [node("A")]: value });
    expect(places).toMatchObject([{ runenvs: [{}], features: [{}] }]);
    expect(problems).toEqual([]);
  });

  it.each([
    [node("A"), "os=Linux; "],
    [image("A"), "x.io/a; "],
  ])("what is said twice in one variable counts once: %s", (variable, head) => {
    const { places, problems } = read({
      [variable]: `${head}runenv=(A,1); runenv=(a,01); feature=(B,1); feature=(B,1)`,
    });
    expect(places[0]).toMatchObject({ runenvs: [{}], features: [{}] });
    expect(problems).toMatchObject([{ code: "catalogue-duplicate" }]);
    expect(problems[0]!.message).toContain("(A,1), (B,1) more than once");
  });

  it.each([
    ["the image without a feature", "pseven-calc-a-1", "pseven-calc-a-1-b-1"],
    ["another version", "pseven-calc-a-1-b-1", "pseven-calc-a-1-b-2"],
    ["another system", "pseven-calc-a-1", "pseven-calc-a-1; os=Windows"],
  ])("%s is neither", (_, one, other) => {
    expect(read({ [image("A")]: one, [image("B")]: other }).problems).toEqual([]);
  });
});
