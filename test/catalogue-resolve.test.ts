/** Which place is taken: each rule, where it is against the next. */
import { expect, it } from "vitest";
import type { Place } from "../src/catalogue/capability.ts";
import { explain } from "../src/catalogue/explanation.ts";
import type { Request } from "../src/catalogue/request.ts";
import { resolvePlace } from "../src/catalogue/resolve.ts";
import { having, place, running } from "./support/catalogue.ts";

const nx = { name: "NX", version: null };
const creo = { name: "CREO", version: "9" };

/** Each rule against the next: the first place is better by it, and worse by that. */
const rules: [
  rule: string,
  required: Request["required"],
  better: Place,
  worse: Place,
  said: string,
][] = [
  [
    "what is preferred",
    [nx, creo],
    place("B", having("NX 1", "CREO 9")),
    place("A", having("CREO 9")),
    "preferred: NX of any version: 1 left",
  ],
  [
    "the newest of any version, though the system is another",
    [nx],
    place("B", { ...having("NX 2020"), os: "Windows" }),
    place("A", having("NX 97")),
    "the newest NX: 2020: 1 left",
  ],
  [
    "the newest of one place's",
    [nx],
    place("B", having("NX 3", "NX 5", "NX 4")),
    place("A", having("NX 4")),
    "the newest NX: 5: 1 left",
  ],
  [
    "Linux, though the runenv is farther",
    [],
    place("B", running(45)),
    place("A", { os: "Windows" }),
    "the system: Linux: 1 left",
  ],
  [
    "the nearest runenv, though it is a node's",
    [],
    place("B", { ...running(50, 43, 41), extensionNode: "node" }),
    place("A", running(44)),
    "the nearest COBOL: 43: 1 left",
  ],
  [
    "the cluster, though it has more features",
    [],
    place("B", having("NX 1", "NX 2")),
    place("A", { extensionNode: "node" }),
    "the cluster before its extension nodes: 1 left",
  ],
  [
    "the fewest features, though another's name comes first",
    [nx],
    place("B", having("NX 1")),
    place("A", having("NX 1", "CREO 9")),
    "the fewest features: 1: 1 left",
  ],
  [
    "the first by name",
    [],
    place("A"),
    place("B"),
    "the first by the names of variables: 1 left",
  ],
];

it.each(rules)("taken is %s", (_, required, better, worse, said) => {
  const request: Request = { runenv: { name: "COBOL", version: 42 }, required };
  for (const all of [
    [better, worse],
    [worse, better],
  ]) {
    const found = resolvePlace(all, request);
    expect(found?.place).toBe(better);
    expect(explain(all, request, found).at(-1)).toEqual({
      what: "decided",
      lines: [said],
    });
  }
});

it("what is explained is counted at each step", () => {
  const old = place("OLD", running(9, 4, 2, 8, 5, 1));
  const all = [
    old,
    place("FAR", { ...running(100), ...having("NX 97", "NX 2020") }),
    place("NEAR", { ...running(43), ...having("NX 2020", "CREO 1") }),
    place("PLAIN", running(50)),
    place("PYTHON", { runenvs: [{ name: "PYTHON3", version: 99 }] }),
    place("PC", { ...running(7), os: "Windows" }),
  ];
  const request: Request = {
    runenv: { name: "COBOL", version: 42 },
    required: [nx, creo],
    os: "Linux",
  };
  const found = resolvePlace(all, request);
  expect(explain(all, request, found)).toEqual([
    {
      what: "asked",
      lines: ["COBOL 42 or later, with NX of any version, else CREO 9, on Linux"],
    },
    { what: "places", lines: ["6 in the catalogue, 5 of them where it is asked for"] },
    {
      what: "runenv",
      lines: [
        "4 have COBOL: 1, 2, 4, 5, 8, 9, 43, 50, … (9)",
        "3 have it in 42 or later",
      ],
    },
    {
      what: "feature",
      lines: ["1. NX of any version: 2 of them: 2020, 97", "2. CREO 9: 0 of them"],
    },
    { what: "decided", lines: ["the nearest COBOL: 43: 1 left"] },
  ]);
  const node = { ...request, required: [], extensionNode: "cad" };
  const [asked, places] = explain([old], node, undefined);
  expect(asked!.lines).toEqual(["COBOL 42 or later, on Linux, at cad"]);
  expect(places!.lines).toEqual([
    "1 in the catalogue, 0 of them where it is asked for",
  ]);
});
