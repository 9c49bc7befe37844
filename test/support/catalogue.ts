/** Catalogues that fast-check makes up, of words so few that they meet; and by hand. */
import fc from "fast-check";
import type { Feature, Place, Runenv } from "../../src/catalogue/capability.ts";
import type { Request } from "../../src/catalogue/request.ts";
import type { WantedFeature } from "../../src/catalogue/words.ts";

/** The variables by which a deployment declares an image and a node. */
export const image = (key: string) => `DA__P7__PCLUSTER__CALC_IMAGE__${key}`;
export const node = (key: string) => `DA__P7__PCLUSTER__EXTENSION_NODE__${key}`;

export const names = fc.stringMatching(/^[A-Z][A-Z0-9]{0,3}(_[A-Z0-9]{1,3})?$/);
export const featureVersion = fc.stringMatching(
  /^[a-z0-9]{1,4}((\.|_|__|-{1,2})[a-z0-9]{1,3}){0,2}$/,
);

export const runenvs: fc.Arbitrary<Runenv> = fc.record({
  name: names,
  version: fc.nat(),
});

export const features: fc.Arbitrary<Feature> = fc.record({
  name: names,
  version: featureVersion,
});

const fewNames = fc.constantFrom("A", "B", "C");
const fewVersions = fc.constantFrom("1", "2", "v2", "2.1", "10");
const fewNodes = fc.constantFrom("n1", "n2");
const fewSystems = fc.constantFrom("Linux", "Windows");
const fewRunenvs = fc.record({ name: fewNames, version: fc.nat(3) });
const fewFeatures = fc.record({ name: fewNames, version: fewVersions });

const same = (one: Runenv | Feature) => `${one.name} ${one.version}`;

/** Images and hosts that have a few of a few things. */
export const places: fc.Arbitrary<Place> = fc
  .record({
    os: fewSystems,
    extensionNode: fc.option(fewNodes),
    runenvs: fc.uniqueArray(fewRunenvs, { minLength: 1, maxLength: 3, selector: same }),
    features: fc.uniqueArray(fewFeatures, { maxLength: 3, selector: same }),
    number: fc.nat(),
  })
  .map(({ number, ...place }) => ({
    ...place,
    ...(place.extensionNode === null ? { image: `image-${number}` } : {}),
    origin: `origin ${number}`,
  }));

const wanted: fc.Arbitrary<WantedFeature> = fc.record({
  name: fewNames,
  version: fc.option(fewVersions),
});

export const requests: fc.Arbitrary<Request> = fc
  .record({
    runenv: fewRunenvs,
    required: fc.array(wanted, { maxLength: 3 }),
    os: fc.option(fewSystems, { nil: undefined }),
    extensionNode: fc.option(fewNodes, { nil: undefined }),
  })
  .map(({ os, extensionNode, ...request }) => ({
    ...request,
    ...(os === undefined ? {} : { os }),
    ...(extensionNode === undefined ? {} : { extensionNode }),
  }));

/** An image, or a node, that has COBOL 42 and what is said. */
export function place(origin: string, what: Partial<Place> = {}): Place {
  return {
    os: "Linux",
    extensionNode: null,
    runenvs: [{ name: "COBOL", version: 42 }],
    features: [],
    ...(what.extensionNode === undefined ? { image: origin.toLowerCase() } : {}),
    origin,
    ...what,
  };
}

/** `NX 2020` */
export const having = (...features: readonly string[]) => ({
  features: features.map((feature) => {
    const [name, version] = feature.split(" ") as [string, string];
    return { name, version };
  }),
});
/** COBOL, in these versions. */
export const running = (...versions: readonly number[]) => ({
  runenvs: versions.map((version) => ({ name: "COBOL", version })),
});
