/** Where nothing fits: what comes nearest, and what is said of it. */
import { expect, it } from "vitest";
import type { Place } from "../src/catalogue/capability.ts";
import { nearestMisses, placeText } from "../src/catalogue/nearest.ts";
import type { Request } from "../src/catalogue/request.ts";
import { having, place, running } from "./support/catalogue.ts";

const request: Request = {
  runenv: { name: "COBOL", version: 42 },
  required: [
    { name: "NX", version: "2020" },
    { name: "NX", version: "2021" },
  ],
  os: "Linux",
  extensionNode: "cad",
};

/** Has all that is asked for, but for what is said. */
const almost = (origin: string, what: Partial<Place>) =>
  place(origin, { extensionNode: "cad", ...having("NX 2020"), ...what });

const others = ["A", "B", "C", "D", "E", "F"].map((name) => ({ name, version: 1 }));

/** The nearest first, and the last by name. */
const misses: [lacking: Place, reason: string][] = [
  [almost("Z", running(40, 41, 39)), "its COBOL is 41, and 42 or later is needed"],
  [almost("X", having("CREO 9")), "it has no NX"],
  [almost("W", { os: "Windows" }), "it is Windows, not Linux"],
  [
    almost("V", { runenvs: others }),
    "it has no COBOL (it has A 1, B 1, C 1, D 1, E 1, …)",
  ],
  // Who asks for one node wants to know what that one lacks.
  [almost("U", { extensionNode: "cad-2" }), "it is not cad"],
];

it("another version is nearer than another feature, system, no runenv, or node", () => {
  const told = misses.map(([place, reason]) => ({ place, reasons: [reason] }));
  const places = misses.map(([place]) => place);
  for (const all of [
    places,
    places.toReversed(),
    [...places.slice(2), ...places.slice(0, 2)],
  ])
    expect(nearestMisses(all, request, 5)).toEqual(told);
  expect(nearestMisses(places.toReversed(), request, 2)).toEqual(told.slice(0, 2));
});

it("what lacks more is farther, and all that it lacks is said", () => {
  const [near] = misses[0]!;
  const far = almost("A", {
    ...running(9),
    ...having("NX 97", "CREO 1", "NX 2019"),
  });
  expect(nearestMisses([far, near], request, 2)).toMatchObject([
    { place: near },
    {
      place: far,
      reasons: [
        "its COBOL is 9, and 42 or later is needed",
        "it has NX 2019, NX 97, not NX 2020 or NX 2021",
      ],
    },
  ]);
});

it("another version of a feature is as near as another of the runenv, and behind it", () => {
  const all = [almost("B", running(1)), almost("A", having("NX 1"))];
  for (const places of [all, all.toReversed()])
    expect(nearestMisses(places, request, 2).map((miss) => miss.place.origin)).toEqual([
      "B",
      "A",
    ]);
});

it.each<[Partial<Place>, string]>([
  [{}, "nx (NX)"],
  [{ extensionNode: "cad" }, "@cad (NX)"],
  [{ extensionNode: null, os: "Windows" }, "any Windows host (NX)"],
])("%j is called %s", (what, text) => {
  expect(placeText(place("NX", what))).toBe(text);
});
