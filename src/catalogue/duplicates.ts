/**
 * One capability from two images, one node from two variables. Nothing is taken away
 * for it: the first counts where one must be chosen, and somebody should know.
 */
import type { Place, Problem } from "./capability.ts";
import { problem } from "./problems.ts";

export function findDuplicates(places: readonly Place[]): Problem[] {
  const problems: Problem[] = [];
  const firsts = new Map<string, Place>();
  for (const place of places) {
    // The same two are said once, however much they share.
    const told = new Set<Place>();
    for (const claim of claimsOf(place)) {
      const first = firsts.get(claim);
      if (first === undefined) firsts.set(claim, place);
      else if (first !== place && !told.has(first)) {
        told.add(first);
        problems.push(
          place.extensionNode === null
            ? twoImages(first, place, claim.slice(place.os.length + 1))
            : twoNodes(first, place),
        );
      }
    }
  }
  return problems;
}

/** What no other may claim: `@mylinuxhost`, `Linux COBOL 42 with NX 2020`. */
function claimsOf({ os, extensionNode, runenvs, features, image }: Place): string[] {
  if (extensionNode !== null) return [`@${extensionNode}`];
  if (image === undefined) return [];
  return runenvs.flatMap(({ name, version }) => {
    const runenv = `${os} ${name} ${version}`;
    if (features.length === 0) return [runenv];
    return features.map(
      (feature) => `${runenv} with ${feature.name} ${feature.version}`,
    );
  });
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
