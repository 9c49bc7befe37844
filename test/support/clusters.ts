/** Clusters of any hosts, and what a job needs of them. */
import fc from "fast-check";
import type { Host } from "../../src/catalogue/engines/engines.ts";

// Few names and versions, so that they meet.
export const runenvNames = fc.constantFrom("A", "AB", "A_B", "PYTHON3");
export const featureNames = fc.constantFrom("NX", "N_X", "A", "SOLID_EDGE");
export const versions = fc.oneof(
  fc.constantFrom(0, 1, 9, 10, 42, 100),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
export const featureVersions = fc.oneof(
  fc.constantFrom("1", "10", "2020-1", "2020.1", "2020_1", "2020__1", "v2021.05"),
  fc.stringMatching(/^[a-z0-9]{1,4}(?:(?:\.|_|__|-{1,3})[a-z0-9]{1,3}){0,2}$/),
);
const nodes = fc.constantFrom(null, "one", "two.example.com");
const systems = fc.constantFrom<Host["os"]>("Linux", "Linux", "Windows");
const hosts: fc.Arbitrary<Host> = fc.record({
  os: systems,
  extensionNode: nodes,
  runenvs: fc
    .dictionary(runenvNames, versions)
    .map((all) => Object.entries(all).map(([name, version]) => ({ name, version }))),
  features: fc
    .dictionary(featureNames, featureVersions)
    .map((all) => Object.entries(all).map(([name, version]) => ({ name, version }))),
});
export const clusters = fc.tuple(
  fc.array(hosts, { minLength: 1, maxLength: 6 }),
  fc.record({
    os: systems,
    extensionNode: nodes,
    runenv: fc.record({ name: runenvNames, version: versions }),
    feature: fc.option(
      fc.record({ name: featureNames, version: fc.option(featureVersions) }),
    ),
  }),
);
