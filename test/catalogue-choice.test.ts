/** What can be chosen, what is taken, and why: on catalogues that nobody made up. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Place } from "../src/catalogue/capability.ts";
import { choicesFor } from "../src/catalogue/choices.ts";
import { explain } from "../src/catalogue/explanation.ts";
import { runenvFeatures } from "../src/catalogue/features.ts";
import { nearestMisses } from "../src/catalogue/nearest.ts";
import { compareNewest } from "../src/catalogue/order.ts";
import { type Request, satisfies } from "../src/catalogue/request.ts";
import { resolvePlace } from "../src/catalogue/resolve.ts";
import { places, requests } from "./support/catalogue.ts";

const catalogues = fc.array(places, { maxLength: 12 });

/** What is meant, said as plainly as can be: of all that fit, who has no better. */
function fitting(all: readonly Place[], { runenv, required, ...where }: Request) {
  return all.filter(
    ({ os, extensionNode, runenvs, features }) =>
      (where.os === undefined || where.os === os) &&
      (where.extensionNode === undefined || where.extensionNode === extensionNode) &&
      runenvs.some(
        ({ name, version }) => name === runenv.name && version >= runenv.version,
      ) &&
      (required.length === 0 ||
        required.some((wanted) =>
          features.some(
            ({ name, version }) =>
              name === wanted.name &&
              (wanted.version === null || wanted.version === version),
          ),
        )),
  );
}

/** An image, or a node, that has COBOL 42 and what is said. */
function place(origin: string, what: Partial<Place> = {}): Place {
  return {
    os: "Linux",
    extensionNode: null,
    runenvs: [{ name: "COBOL", version: 42 }],
    features: [],
    image: origin.toLowerCase(),
    origin,
    ...what,
  };
}

const having = (...features: readonly string[]) => ({
  features: features.map((feature) => {
    const [name, version] = feature.split(" ") as [string, string];
    return { name, version };
  }),
});
const running = (...versions: readonly number[]) => ({
  runenvs: versions.map((version) => ({ name: "COBOL", version })),
});
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

describe("a place that is found", () => {
  it("always satisfies the request, and there is one whenever one fits", () => {
    fc.assert(
      fc.property(catalogues, requests, (all, request) => {
        const fit = fitting(all, request);
        expect(all.filter((place) => satisfies(place, request))).toEqual(fit);
        const found = resolvePlace(all, request);
        expect(found !== undefined).toBe(fit.length > 0);
        if (!found) return;
        expect(fit).toContain(found.place);
        expect(found.place.runenvs).toContain(found.runenv);
        expect(found.runenv.name).toBe(request.runenv.name);
        expect(found.runenv.version).toBeGreaterThanOrEqual(request.runenv.version);
        if (found.feature) expect(found.place.features).toContain(found.feature);
        expect(found.feature !== null).toBe(request.required.length > 0);
      }),
    );
  });

  it("is of the first choice", () => {
    fc.assert(
      fc.property(catalogues, requests, (all, request) => {
        const [first] = choicesFor(all, request);
        const found = resolvePlace(all, request);
        expect(first?.feature).toEqual(found?.feature);
        expect(first?.os).toBe(found?.place.os);
      }),
    );
  });

  it("has the nearest runenv of all that are alike otherwise", () => {
    fc.assert(
      fc.property(catalogues, requests, (all, request) => {
        const found = resolvePlace(all, request);
        if (!found) return;
        for (const place of fitting(all, request)) {
          if (place.os !== found.place.os) continue;
          if (found.feature && !hasSame(place, found.feature)) continue;
          for (const { name, version } of place.runenvs)
            if (name === request.runenv.name && version >= request.runenv.version)
              expect(version).toBeGreaterThanOrEqual(found.runenv.version);
        }
      }),
    );
  });

  it("does not depend on the order in which requests name the same", () => {
    fc.assert(
      fc.property(catalogues, requests, (all, request) => {
        const again = {
          ...request,
          required: [...request.required, ...request.required],
        };
        expect(resolvePlace(all, again)).toEqual(resolvePlace(all, request));
        expect(choicesFor(all, again)).toEqual(choicesFor(all, request));
      }),
    );
  });
});

const hasSame = ({ features }: Place, one: { name: string; version: string }) =>
  features.some(({ name, version }) => name === one.name && version === one.version);

describe("choices", () => {
  it("are all there, each once, and each is a place", () => {
    fc.assert(
      fc.property(catalogues, requests, (all, request) => {
        const choices = choicesFor(all, request);
        const labels = choices.map(({ label, os }) => `${label} ${os}`);
        expect(new Set(labels).size).toBe(labels.length);
        for (const { feature, os, extensionNode } of choices) {
          const found = resolvePlace(all, {
            runenv: request.runenv,
            required: feature ? [feature] : [],
            os,
            ...(extensionNode === null ? {} : { extensionNode }),
          });
          expect(found?.feature ?? null).toEqual(feature);
        }
        expect(choices.length > 0).toBe(fitting(all, request).length > 0);
      }),
    );
  });

  it("are never fewer for a place more, and stay in order", () => {
    fc.assert(
      fc.property(catalogues, places, fc.nat(), requests, (all, more, at, request) => {
        const before = choicesFor(all, request);
        const after = choicesFor(
          all.toSpliced(at % (all.length + 1), 0, more),
          request,
        );
        const kept = after.filter(({ label }) =>
          before.some((choice) => choice.label === label),
        );
        expect(kept).toEqual(before);
      }),
    );
  });

  it("do not depend on the order of the catalogue", () => {
    fc.assert(
      fc.property(catalogues, requests, (all, request) => {
        expect(choicesFor(all.toReversed(), request)).toEqual(choicesFor(all, request));
        expect(runenvFeatures(all.toReversed())).toEqual(runenvFeatures(all));
      }),
    );
  });
});

describe("features", () => {
  it("say exactly what can be had together", () => {
    fc.assert(
      fc.property(catalogues, (all) => {
        const told = runenvFeatures(all);
        const pairs = told.flatMap(({ os, extension_node, runenv, features }) =>
          [null, ...features].map((feature) =>
            JSON.stringify([os, extension_node, runenv, feature]),
          ),
        );
        const meant = all.flatMap(({ os, extensionNode, runenvs, features }) =>
          runenvs.flatMap(({ name, version }) =>
            [null, ...features.map((one) => [one.name, one.version])].map((feature) =>
              JSON.stringify([os, extensionNode, [name, version], feature]),
            ),
          ),
        );
        expect(new Set(pairs).size).toBe(pairs.length);
        expect(new Set(pairs)).toEqual(new Set(meant));
      }),
    );
  });
});

describe("where nothing fits", () => {
  it("the nearest are told with what they lack, and those that fit are not", () => {
    fc.assert(
      fc.property(
        catalogues,
        requests,
        fc.integer({ min: 1, max: 4 }),
        (all, request, most) => {
          const fit = fitting(all, request);
          const misses = nearestMisses(all, request, most);
          expect(misses).toHaveLength(Math.min(most, all.length - fit.length));
          for (const { place, reasons } of misses) {
            expect(fit).not.toContain(place);
            expect(reasons.length).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  const place = (
    origin: string,
    version: number,
    more: Partial<Place> = {},
  ): Place => ({
    os: "Linux",
    extensionNode: null,
    runenvs: [{ name: "A", version }],
    features: [],
    origin,
    ...more,
  });
  const nearest = (all: readonly Place[], request: Request) =>
    nearestMisses(all, request, 9).map(({ place: { origin } }) => origin);

  it("the newest of what is too old is the nearest", () => {
    const all = [place("a", 1), place("b", 41), place("c", 13)];
    const runenv = { name: "A", version: 42 };
    expect(nearest(all, { runenv, required: [] })).toEqual(["b", "c", "a"]);
  });

  it("what is more than new enough is no nearer for it", () => {
    const all = [place("b", 99), place("c", 42), place("a", 50)];
    const runenv = { name: "A", version: 42 };
    const required = [{ name: "B", version: null }];
    expect(nearest(all, { runenv, required })).toEqual(["a", "b", "c"]);
  });

  it("of a node that is asked for it is said what that one lacks", () => {
    const node = place("node", 1, {
      extensionNode: "x",
      os: "Windows",
      runenvs: [{ name: "B", version: 1 }],
    });
    const runenv = { name: "A", version: 1 };
    const request: Request = { runenv, required: [], os: "Linux", extensionNode: "x" };
    expect(nearest([place("image", 1), node], request)).toEqual(["node", "image"]);
  });

  it("an explanation ends with them, and else with what decided", () => {
    fc.assert(
      fc.property(catalogues, requests, (all, request) => {
        const found = resolvePlace(all, request);
        const steps = explain(all, request, found);
        expect(steps.at(-1)!.what).toBe(found ? "decided" : "nearest");
        for (const { lines } of steps) expect(lines.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe("the newest version", () => {
  it.each([
    ["2020", "2000", "97"],
    ["v42", "v13"],
    ["v2021.10", "v2021.9", "2021.05", "2021"],
    ["10", "9b", "9a", "9"],
    ["2020.1", "2020.beta", "2020"],
    ["100000000000000000000000", "99999999999999999999999"],
  ])("stands first: %s, %s, …", (...versions) => {
    for (const order of [versions, versions.toReversed()])
      expect(order.toSorted(compareNewest)).toEqual(versions);
  });
});
