/**
 * One capability from two images, one node from two variables. Nothing is taken away
 * for it: the first counts where one must be chosen, and somebody should know.
 */
import type { Feature, Place, Problem, Runenv } from "./capability.ts";
import { problem } from "./problems.ts";

export function findDuplicates(places: readonly Place[]): Problem[] {
  const problems: Problem[] = [];
  const firsts = new Map<string, Place>();
  for (const place of places) {
    // The same two are said once, however much they share.
    const told = new Set<Place>();
    for (const [key, what] of claims(place)) {
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, place);
      else if (first !== place && !told.has(first)) {
        told.add(first);
        problems.push(
          place.extensionNode === null
            ? twoImages(first, place, what())
            : twoNodes(first, place),
        );
      }
    }
  }
  return problems;
}

type Claim = readonly [key: string, what: () => string];

function claims(place: Place): Claim[] {
  const { os, extensionNode, runenvs, features, image } = place;
  if (extensionNode !== null) return [[`node ${extensionNode}`, () => ""]];
  if (image === undefined) return [];
  const wanted: readonly (Feature | undefined)[] =
    features.length === 0 ? [undefined] : features;
  return runenvs.flatMap((runenv) =>
    wanted.map((feature): Claim => {
      const what = () => claimText(runenv, feature);
      return [`${os} ${what()}`, what];
    }),
  );
}

function claimText(runenv: Runenv, feature: Feature | undefined): string {
  const runs = `${runenv.name} ${runenv.version}`;
  return feature ? `${runs} with ${feature.name} ${feature.version}` : runs;
}

function twoImages(first: Place, second: Place, what: string): Problem {
  const variables = [first.origin, second.origin];
  if (first.image === second.image)
    return problem(
      "catalogue-duplicate",
      variables,
      `both name the same image for ${what}`,
      `remove ${second.origin}`,
    );
  return problem(
    "catalogue-contradiction",
    variables,
    `two images for ${what}: ${first.image} and ${second.image}`,
    `the first is taken; remove one, or say what else it is for: …; runenv=(NAME,VERSION)`,
  );
}

function twoNodes(first: Place, second: Place): Problem {
  const variables = [first.origin, second.origin];
  const node = second.extensionNode;
  if (first.os === second.os)
    return problem(
      "catalogue-duplicate",
      variables,
      `both declare the node ${node}`,
      "say all that it offers in one of them",
    );
  return problem(
    "catalogue-contradiction",
    variables,
    `the node ${node} is ${first.os} by one and ${second.os} by the other`,
    "remove what is wrong, or give one of them another name=…",
  );
}
