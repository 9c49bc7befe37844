/**
 * One capability from two images, one node from two variables. Nothing is taken away
 * for it: where one must be chosen it is the first by its variable's name, and somebody
 * should know.
 */
import type { Place, Problem } from "./capability.ts";
import { compareText } from "./order.ts";
import { problem } from "./problems.ts";

/** @param others places from elsewhere, of which one node may have many */
export function findDuplicates(
  places: readonly Place[],
  others: readonly Place[] = [],
): Problem[] {
  const claimants = new Map<string, Place>();
  const contested = new Map<string, Place[]>();
  for (const place of places)
    for (const claim of claimsOf(place)) {
      const other = claimants.get(claim);
      if (other === undefined) claimants.set(claim, place);
      else if (other !== place) {
        const rivals = contested.get(claim);
        if (rivals) rivals.push(place);
        else contested.set(claim, [other, place]);
      }
    }
  // The same two are said once, however much they share.
  const told = new Set<string>();
  const problems = [...contested]
    .sort(([one], [other]) => compareText(one, other))
    .flatMap(([claim, rivals]) => conflicts(claim, rivals))
    .filter(
      ({ variables }) => !told.has(String(variables)) && told.add(String(variables)),
    );
  return problems.concat(nodesOfTwoSystems(places, others));
}

/** Each once, and not those of which variables have been told already. */
function nodesOfTwoSystems(
  places: readonly Place[],
  others: readonly Place[],
): Problem[] {
  const nodes = new Map<string, Place>();
  for (const place of places)
    if (place.extensionNode !== null) nodes.set(place.extensionNode, place);
  const contradictions = new Map<string, Problem>();
  for (const place of others) {
    const node = place.extensionNode;
    if (node === null) continue;
    const first = nodes.get(node);
    if (first === undefined) nodes.set(node, place);
    else if (first.os !== place.os && !contradictions.has(node))
      contradictions.set(node, twoNodes(first, place));
  }
  return [...contradictions.values()];
}

/** What no other may claim: `@mylinuxhost`, `Linux COBOL 42 with NX 2020`. */
function claimsOf({ os, extensionNode, runenvs, features, image }: Place): string[] {
  if (extensionNode !== null) return [`@${extensionNode}`];
  const claims: string[] = [];
  if (image === undefined) return claims;
  for (const { name, version } of runenvs) {
    const runenv = `${os} ${name} ${version}`;
    if (features.length === 0) claims.push(runenv);
    for (const feature of features)
      claims.push(`${runenv} with ${feature.name} ${feature.version}`);
  }
  return claims;
}

/** The first against each other. */
function conflicts(claim: string, rivals: readonly Place[]): Problem[] {
  const [first, ...others] = rivals.toSorted((one, other) =>
    compareText(one.origin, other.origin),
  );
  return others.map((other) =>
    other.extensionNode === null
      ? twoImages(first!, other, claim.slice(other.os.length + 1))
      : twoNodes(first!, other),
  );
}

function twoImages(first: Place, second: Place, what: string): Problem {
  const variables = [first.origin, second.origin];
  if (first.image === second.image)
    return problem(
      "catalogue-duplicate",
      variables,
      `both name the same image for ${what}`,
      `take ${what} out of ${second.origin}; if it says nothing else, remove it`,
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
