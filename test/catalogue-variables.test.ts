/** What a deployment's variables say, and what is wrong with them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Place } from "../src/catalogue/capability.ts";
import { readCatalogue } from "../src/catalogue/catalogue.ts";
import { readImageName } from "../src/catalogue/image-name-reading.ts";
import { imageName } from "../src/catalogue/image-names.ts";
import {
  features,
  featureVersion,
  image,
  names,
  node,
  runenvs,
} from "./support/catalogue.ts";

const read = (variables: Record<string, string>) =>
  readCatalogue(Object.entries(variables));

/** The one place that a variable declares. */
function placeOf(variable: string, value: string): Place {
  const { places, problems } = read({ [variable]: value });
  expect(problems).toEqual([]);
  expect(places).toHaveLength(1);
  return places[0]!;
}

function problemOf(variable: string, value: string) {
  const { places, problems } = read({ [variable]: value });
  expect(places).toEqual([]);
  expect(problems).toHaveLength(1);
  const [problem] = problems;
  expect(problem!.variables).toEqual([variable]);
  expect(problem!.message).toMatch(new RegExp(`^${variable}: `));
  return problem!;
}

describe("an image", () => {
  const python = { name: "PYTHON3", version: 42 };

  it.each([
    ["pseven-calc-python3-42", []],
    ["registry.example.com:5000/p7/pseven-calc-python3-42:1.2", []],
    ["pseven-calc-python3-042", []],
    ["pseven-calc-python3-42-abaqus-v2021.05", [["ABAQUS", "v2021.05"]]],
    ["pseven-calc-python3-42-solid_edge-2020", [["SOLID_EDGE", "2020"]]],
    [`x/pseven-calc-python3-42-nx-2020:9@sha256:${"a".repeat(64)}`, [["NX", "2020"]]],
    ["pseven-calc-python3-42-nx-3d-2020-1", null],
    ["registry.example.com/calc:pseven-calc-python3-42", []],
    ["registry.example.com/calc:pseven-calc-PYTHON3-42-NX-2020", [["NX", "2020"]]],
    ["registry.example.com/calc:PSEVEN-CALC-PYTHON3-42", []],
    ["pseven-calc-python3-42:pseven-calc-python3-42", []],
  ])("%s", (reference, expected) => {
    if (expected === null) {
      expect(problemOf(image("A"), reference).code).toBe("catalogue-ambiguous");
      return;
    }
    expect(placeOf(image("A"), reference)).toEqual({
      os: "Linux",
      extensionNode: null,
      image: reference,
      origin: image("A"),
      runenvs: [python],
      features: expected.map(([name, version]) => ({ name, version })),
    });
  });

  it("may say what it means, in any order, whatever it is called", () => {
    expect(
      placeOf(
        image("NX"),
        " x.org/any:1 ; Feature=(nx, 2020-1); os = windows; runenv=(Cobol,042) ;" +
          ' runenv=PYTHON3,7; feature=("SOLID-EDGE","V1") ;',
      ),
    ).toEqual({
      os: "Windows",
      extensionNode: null,
      image: "x.org/any:1",
      origin: image("NX"),
      runenvs: [
        { name: "COBOL", version: 42 },
        { name: "PYTHON3", version: 7 },
      ],
      features: [
        { name: "NX", version: "2020-1" },
        { name: "SOLID_EDGE", version: "v1" },
      ],
    });
  });

  it("may say only its system, and is otherwise what its name says", () => {
    const place = placeOf(image("W"), "pseven-calc-python3-42; os=Windows");
    expect(place).toMatchObject({ os: "Windows", runenvs: [python], features: [] });
  });

  it("that can be read in two ways is an error that says which two", () => {
    const problem = problemOf(image("NX"), "reg.io/pseven-calc-cobol-42-nx-2020-1:7");
    expect(problem.code).toBe("catalogue-ambiguous");
    expect(problem.message).toBe(
      `${image("NX")}: the name of reg.io/pseven-calc-cobol-42-nx-2020-1:7 can be ` +
        "read in two ways: COBOL 42 with NX 2020-1, or COBOL 42 with NX_2020 1",
    );
    const [, value] = /^say which: \w+=(.*)$/.exec(problem.hint)!;
    expect(placeOf(image("NX"), value!).features).toEqual([
      { name: "NX", version: "2020-1" },
    ]);
  });

  it("that can be read in more ways is an error that names all", () => {
    const { message } = problemOf(image("A"), "pseven-calc-a-1-b-2-3-4");
    expect(message).toMatch(/in 3 ways: .* B 2-3-4, or .* B_2 3-4, or .* B_2_3 4$/);
  });

  it("whose name and tag say different things can be read in two ways, too", () => {
    const reference = "pseven-calc-cobol-42:pseven-calc-cobol-43";
    const { message } = problemOf(image("A"), reference);
    expect(message).toContain("COBOL 42, or COBOL 43");
  });
});

it.each([
  [["pseven-calc-a-1", "pseven-calc-b-1"], ["pseven-calc-b-1"]],
  [["pseven-calc-a-1", undefined], []],
])("of the values %j of one name the last counts, and none is no value", (...given) => {
  const [values, images] = given;
  const { places, problems } = readCatalogue(
    values.map((value) => [image("A"), value] as const),
  );
  expect(places.map((place) => place.image)).toEqual(images);
  expect(problems).toEqual([]);
});

it.each(["A", "my-key.1", "lower", "A__B"])("the key %s of an image is one", (key) => {
  expect(placeOf(image(key), "pseven-calc-a-1").origin).toBe(image(key));
});

describe("a node", () => {
  const value = "os=Linux; runenv=(PYTHON3,42); feature=(ABAQUS,v2021.05)";

  it("is called as its variable", () => {
    expect(placeOf(node("MYLINUXHOST"), value)).toEqual({
      os: "Linux",
      extensionNode: "mylinuxhost",
      origin: node("MYLINUXHOST"),
      runenvs: [{ name: "PYTHON3", version: 42 }],
      features: [{ name: "ABAQUS", version: "v2021.05" }],
    });
    expect(placeOf(node("CAD_1"), value).extensionNode).toBe("cad-1");
  });

  it("or as Windows calls it", () => {
    const place = placeOf(node("CAD"), "name=WIN_CAD01; os=Windows; runenv=(A,1)");
    expect(place.extensionNode).toBe("win_cad01");
  });

  it("or as it says", () => {
    const place = placeOf(node("CAD"), `name=CAD-1.example.com; ${value}`);
    expect(place.extensionNode).toBe("cad-1.example.com");
  });
});

describe("what is wrong is said, with an example of what is right", () => {
  it.each([
    [image("A"), "", "it names no image"],
    [image("A"), "; os=Linux", "it names no image"],
    [image("A"), "runenv=(A,1)", "it names no image"],
    [image("A"), "https://x.org/pseven-calc-a-1", "names no image"],
    [image("A"), "Reg/pseven-calc-a-1", "names no image"],
    [image("A"), "x.org/python:3", "does not begin with pseven-calc-"],
    [image("A"), "pseven-calc-", "names no image"],
    [image("A"), "pseven-calc-cobol", "no version of the runenv COBOL"],
    [image("A"), "pseven-calc-cobol-v42", "'v42' is not a whole number"],
    [image("A"), "pseven-calc-3d-42", "'3d' is no name"],
    [image("A"), "pseven-calc-cobol-42-nx", "no version of the feature NX"],
    [image("A"), "pseven-calc-cobol-42-3d-1", "'3d-1', which is no feature"],
    [image("A"), "pseven-calc-python-3-42", "'42', which is no feature"],
    [image("A"), "x:pseven-calc-cobol-42-", "'', which is no feature"],
    [image("A"), "pseven-calc-cobol-99999999999999999999", "not a whole number"],
    [image("A"), "pseven-calc-a-1:pseven-calc-b", "no version of the runenv B"],
    [image("A"), `${"a/".repeat(130)}pseven-calc-a-1`, "characters"],
    [image("A"), "x.org/a; feature=(NX,1)", "feature=… without runenv=…"],
    [image("A"), "x.org/a; runenv=(A,1); name=b", "an image has no name"],
    [image("A"), "x.org/a; runenv=(A)", "the version is missing"],
    [image("A"), "x.org/a; runenv=(A,1", "the closing ) is missing"],
    [image("A"), "x.org/a; runenvs=(A,1)", "it is runenv=(NAME,VERSION), once for"],
    [image("A"), "x.org/a; runs=(A,1)", "is none of os=…"],
    [image("A"), "x.org/a; x", "'x' is none of os=…"],
    [image("A"), "x.org/a; osx", "'osx' is none of os=…"],
    [image("A"), "x.org/a; runenv=(A,1); feature=(B,1 2)", "'1 2' is no version"],
    [image("A"), "x.org/a; runenv=(A,1); feature=(B,null)", "the version is missing"],
    [image("A"), "x.org/a; runenv=(A,1); os=BeOS", "'BeOS' is not one of Linux"],
    [image("A"), "x.org/a; runenv=(A,1); os=Linux; os=Linux", "os is said twice"],
    [node("A"), "", "its operating system is missing"],
    [node("A"), "os=Linux", "it says no runenv"],
    [node("A"), "runenv=(A,1)", "its operating system is missing"],
    [node("A"), "x.org/a; os=Linux; runenv=(A,1)", "a node has no image"],
    [node("A"), "os=Linux; runenv=(A,1); name=_b", "'_b' is no host's name"],
    [node("A"), "os=Linux; runenv=(A,1); name=", "is no host's name"],
    [node("A"), "os=Linux; runenv=(A,1); name=a; name=b", "name is said twice"],
  ])("%s=%s", (variable, value, message) => {
    const problem = problemOf(variable, value);
    expect(problem.code).toBe("catalogue-invalid");
    expect(problem.message).toContain(message);
    const [, right] = new RegExp(`^for example ${variable}=(.*)$`).exec(problem.hint)!;
    placeOf(variable, right!);
  });

  it("what is an example has clauses where clauses were written", () => {
    const hint = (value: string) => problemOf(image("A"), value).hint;
    expect(hint("x.org/a; runenv=(A,1")).toContain("; runenv=(COBOL,42)");
    expect(hint("x.org/a")).not.toContain(";");
  });

  it("of what is too large a number is said how large it can be", () => {
    const { message } = problemOf(image("A"), "pseven-calc-a-9007199254740992");
    expect(message).toContain("is not a whole number from 0 to 9007199254740991");
    placeOf(image("A"), "pseven-calc-a-9007199254740991");
  });

  it.each([
    ["runenv=(ſ,1)", "'ſ' is no name"],
    ["runenv=(A,1); feature=(ı,1)", "'ı' is no name"],
    ["runenv=(A,1); feature=(B,1\u212a)", "'1\u212a' is no version"],
    ["runenv=(A,1); name=\u212a", "'\u212a' is no host's name"],
  ])("%s: no letter of another alphabet is taken for one of ours", (value, message) => {
    expect(problemOf(node("A"), `os=Linux; ${value}`).message).toContain(message);
  });

  it.each([
    [image("A"), `x.org/${"x".repeat(100_000)}`],
    [image("A"), `x.org/a; runenv=(A,${"x".repeat(100_000)})`],
    [node("A"), "=".repeat(100_000)],
    [node("A"), "os".repeat(50_000)],
    [node("A"), `os=Linux; ${"runenv=(A,1); ".repeat(7000)}`],
    [image("A"), `pseven-calc-a-1-${"a-".repeat(100)}a`],
  ])("a message is not as long as a value may be: %s", (variable, value) => {
    const [problem] = read({ [variable]: value }).problems;
    expect(problem!.message.length).toBeLessThan(1500);
  });

  it("what a few variables would make gigabytes of", () => {
    const many = (word: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${word}=(A,${index})`).join("; ");
    const of = (runenvs: number, features: number) =>
      `x.org/a; ${many("runenv", runenvs)}; ${many("feature", features)}`;
    placeOf(image("A"), of(100, 100));
    expect(problemOf(image("A"), of(101, 100)).message).toContain(
      "101 runenvs with 100 features each: more than 10000 together",
    );
  });

  it.each([
    ["DA__P7__PCLUSTER__CALC_IMAGE__", "'' is no key"],
    ["DA__P7__PCLUSTER__CALC_IMAGE__my key", "'my key' is no key"],
    ["DA__P7__PCLUSTER__EXTENSION_NODE__A__B", "'A__B' is no key"],
    ["DA__P7__PCLUSTER__CALC_IMAGE", "means nothing"],
    ["DA__P7__PCLUSTER__CALC_IMAGES__A", "means nothing"],
    ["DA__P7__PCLUSTER__EXTENSION_NODES", "means nothing"],
  ])("the variable %s", (variable, message) => {
    expect(problemOf(variable, "pseven-calc-a-1").message).toContain(message);
  });

  it("of names that only look alike nothing is said", () => {
    const catalogue = read({
      DA__P7__PCLUSTER__CALC_IMAGE_PULL_SECRET: "x",
      DA__P7__PCLUSTER__REGISTRY: "x",
      PATH: "/bin",
    });
    expect(catalogue).toEqual({ places: [], problems: [] });
  });

  it("control characters are shown, not obeyed", () => {
    const { problems } = read({ [image("A\x1b[31m")]: "x", [image("B")]: "\x1b[31m" });
    expect(JSON.stringify(problems.map(({ message }) => message))).not.toMatch(
      /\\u001b/,
    );
  });
});

it("of a name with two meanings the example keeps the rest", () => {
  const { code, hint } = problemOf(
    image("A"),
    "pseven-calc-cobol-42-nx-2020-1; os=windows",
  );
  expect(code).toBe("catalogue-ambiguous");
  const [, right] = new RegExp(`^say which: ${image("A")}=(.*)$`).exec(hint)!;
  expect(placeOf(image("A"), right!)).toMatchObject({
    os: "Windows",
    runenvs: [{ name: "COBOL", version: 42 }],
    features: [{ name: "NX", version: "2020-1" }],
  });
});

describe("one that is wrong hides no other", () => {
  it("and all are told by name, whatever their order", () => {
    const names = [image("B"), node("A"), image("A")];
    for (const order of [names, names.toReversed()]) {
      const { problems } = readCatalogue(order.map((name) => [name, ""] as const));
      const told = problems.flatMap(({ variables }) => variables);
      expect(told).toEqual([image("A"), image("B"), node("A")]);
    }
  });

  it("whatever it is", () => {
    fc.assert(
      fc.property(
        fc.dictionary(names, fc.oneof(fc.string(), fc.string({ unit: "binary" }))),
        (hostile) => {
          const { places } = read({
            ...Object.fromEntries(
              Object.entries(hostile).flatMap(([key, value]) => [
                [image(`X${key}`), value],
                [node(`X${key}`), value],
              ]),
            ),
            [image("A")]: "pseven-calc-good-1",
            [node("A")]: "os=Windows; runenv=(GOOD,1)",
          });
          expect(places.filter(({ origin }) => /__A$/.test(origin))).toHaveLength(2);
        },
      ),
    );
  });
});

describe("an image that is written plainly", () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,3}([._:/@-][a-zA-Z0-9]{1,3})?$/);
  const references = fc
    .tuple(
      fc.constantFrom(
        "",
        "x.io/",
        "x.io:5000/",
        "x.io:70000/",
        "x.io:0/",
        "x.io:0080/",
        "localhost/",
        "docker.io/",
        "a/b/",
        "A/",
      ),
      fc.option(part, { nil: undefined }),
      fc.tuple(runenvs, fc.option(features)),
      fc.constantFrom("", ":1.2", ":pseven-calc-a-1", ":-x", ":1:2", " "),
      fc.constantFrom("", `@sha256:${"a".repeat(64)}`, "@sha256:a", "; os=Windows"),
    )
    .map(
      ([host, between, [runenv, feature], tag, digest]) =>
        host +
        (between === undefined ? "" : `${between}/`) +
        imageName(runenv, feature ?? undefined) +
        tag +
        digest,
    );

  it("means what it means with a semicolon, which is not plain any more", () => {
    fc.assert(
      fc.property(references, (reference) => {
        // Examples of what is right are like what was written.
        const meant = (value: string) => {
          const { places, problems } = read({ [image("A")]: value });
          return { places, messages: problems.map(({ message }) => message) };
        };
        expect(meant(reference)).toEqual(meant(`${reference};`));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("names go round", () => {
  it("what a name is made of is what is read, or it is said to be ambiguous", () => {
    fc.assert(
      fc.property(runenvs, fc.option(features), (runenv, feature) => {
        const name = imageName(runenv, feature ?? undefined);
        const read = readImageName(name);
        expect(read).toHaveProperty("readings");
        if ("problem" in read) return;
        expect(read.readings).toContainEqual({
          runenv,
          ...(feature ? { feature } : {}),
        });
        if (!feature?.version.includes("-")) expect(read.readings).toHaveLength(1);
        for (const { runenv, feature } of read.readings) {
          const again = imageName(runenv, feature);
          expect(again.replaceAll("_", "-")).toBe(name.replaceAll("_", "-"));
        }
      }),
    );
  });

  it("in any case", () => {
    fc.assert(
      fc.property(runenvs, features, (runenv, feature) => {
        const name = imageName(runenv, feature);
        expect(readImageName(name.toUpperCase())).toEqual(readImageName(name));
      }),
    );
  });

  it("a version with a hyphen has as many readings as names could end there", () => {
    fc.assert(
      fc.property(runenvs, names, featureVersion, (runenv, name, version) => {
        const read = readImageName(imageName(runenv, { name, version }));
        if ("problem" in read) throw new Error(read.problem);
        expect(read.readings.length).toBeLessThanOrEqual(version.split("-").length);
      }),
    );
  });
});
