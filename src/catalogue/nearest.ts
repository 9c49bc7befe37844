/** Where nothing fits: which places come nearest, and what each of them lacks. */
import type { Feature, Place } from "./capability.ts";
import { compareFeatures } from "./order.ts";
import { nearestRunenv, preferenceOf, type Request, wantedText } from "./request.ts";

export type Miss = {
  readonly place: Place;
  /** Why it does not fit, in words; never none. */
  readonly reasons: readonly string[];
};

/** How far away a place is by what it lacks: another version is nearer than none. */
const distances = { version: 1, node: 2, feature: 3, os: 4, runenv: 5 } as const;

type Lack = { readonly kind: keyof typeof distances; readonly reason: string };

/** @param most how many are told @returns the nearest first, then as in the catalogue */
export function nearestMisses(
  places: readonly Place[],
  request: Request,
  most: number,
): Miss[] {
  const nearest: { place: Place; distance: number }[] = [];
  for (const place of places) {
    const distance = sum(lacksOf(place, request));
    if (distance === 0 || distance >= (nearest[most - 1]?.distance ?? Infinity))
      continue;
    const at = nearest.findIndex((other) => other.distance > distance);
    nearest.splice(at < 0 ? nearest.length : at, 0, { place, distance });
    nearest.length = Math.min(nearest.length, most);
  }
  return nearest.map(({ place }) => ({
    place,
    reasons: lacksOf(place, request).map(({ reason }) => reason),
  }));
}

function sum(lacks: readonly Lack[]): number {
  return lacks.reduce((distance, { kind }) => distance + distances[kind], 0);
}

function lacksOf(place: Place, request: Request): Lack[] {
  const lacks: Lack[] = [];
  const { os, extensionNode, runenv } = request;
  if (os !== undefined && place.os !== os)
    lacks.push({ kind: "os", reason: `it is ${place.os}, not ${os}` });
  if (extensionNode !== undefined && place.extensionNode !== extensionNode)
    lacks.push({ kind: "node", reason: `it is not ${extensionNode}` });
  if (!nearestRunenv(place, runenv)) lacks.push(runenvLack(place, request));
  const feature = featureLack(place, request);
  return feature ? [...lacks, feature] : lacks;
}

function runenvLack({ runenvs }: Place, { runenv }: Request): Lack {
  const older = runenvs.filter(({ name }) => name === runenv.name);
  if (older.length === 0) {
    const others = runenvs.map(({ name, version }) => `${name} ${version}`);
    const reason = `it has no ${runenv.name} (it has ${listed(others)})`;
    return { kind: "runenv", reason };
  }
  const newest = Math.max(...older.map(({ version }) => version));
  const needed = `${runenv.version} or later is needed`;
  return { kind: "version", reason: `its ${runenv.name} is ${newest}, and ${needed}` };
}

function featureLack({ features }: Place, { required }: Request): Lack | undefined {
  const isThere = (feature: Feature) => preferenceOf(feature, required) >= 0;
  if (required.length === 0 || features.some(isThere)) return undefined;
  const names = new Set(required.map(({ name }) => name));
  const others = features.filter(({ name }) => names.has(name)).sort(compareFeatures);
  if (others.length === 0)
    return { kind: "feature", reason: `it has no ${[...names].join(", no ")}` };
  const has = others.map(({ name, version }) => `${name} ${version}`);
  const reason = `it has ${listed(has)}, not ${required.map(wantedText).join(" or ")}`;
  return { kind: "version", reason };
}

const mostListed = 5;

function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, mostListed).join(", ");
  return texts.length > mostListed ? `${shown}, …` : shown;
}

/** `registry.example.com/pseven-calc-cobol-42 (DA__P7__…__COBOL)`. */
export function placeText({ image, extensionNode, os, origin }: Place): string {
  const what =
    image ?? (extensionNode === null ? `any ${os} host` : `@${extensionNode}`);
  return `${what} (${origin})`;
}
