/** Where nothing fits: which places come nearest, and what each of them lacks. */
import type { Feature, Place } from "./capability.ts";
import { compareFeatures, compareText } from "./order.ts";
import { nearestRunenv, preferenceOf, type Request, wantedText } from "./request.ts";

export type Miss = {
  readonly place: Place;
  /** Why it does not fit, in words; never none. */
  readonly reasons: readonly string[];
};

/**
 * How far away a place is by what it lacks: another version is nearer than none. Who
 * asks for one node wants to know what that one lacks, before any other.
 */
const distances = { version: 1, feature: 3, os: 4, runenv: 5, node: 16 } as const;

type Lack = {
  readonly kind: keyof typeof distances;
  /** Made only where it is told: of thousands of places few are. */
  readonly reason: () => string;
};

/**
 * @param most how many are told
 * @returns the nearest first; of those with a runenv too old the newest, then by origin
 */
export function nearestMisses(
  places: readonly Place[],
  request: Request,
  most: number,
): Miss[] {
  const nearest: Candidate[] = [];
  for (const place of places) {
    const distance = sum(lacksOf(place, request));
    if (distance === 0) continue;
    const newest = newestOf(place, request) ?? none;
    const isTooOld = newest < request.runenv.version;
    const candidate = { place, distance, tooOld: isTooOld ? newest : none };
    const at = nearest.findIndex((other) => compareCandidates(candidate, other) < 0);
    if (at < 0 && nearest.length >= most) continue;
    nearest.splice(at < 0 ? nearest.length : at, 0, candidate);
    nearest.length = Math.min(nearest.length, most);
  }
  return nearest.map(({ place }) => ({
    place,
    reasons: lacksOf(place, request).map(({ reason }) => reason()),
  }));
}

type Candidate = {
  readonly place: Place;
  readonly distance: number;
  /** What it has of the runenv, where that is too old. */
  readonly tooOld: number;
};

const none = -1;

function compareCandidates(one: Candidate, other: Candidate): number {
  return (
    one.distance - other.distance ||
    other.tooOld - one.tooOld ||
    compareText(one.place.origin, other.place.origin)
  );
}

function sum(lacks: readonly Lack[]): number {
  return lacks.reduce((distance, { kind }) => distance + distances[kind], 0);
}

function lacksOf(place: Place, request: Request): Lack[] {
  const lacks: Lack[] = [];
  const { os, extensionNode, runenv } = request;
  if (os !== undefined && place.os !== os)
    lacks.push({ kind: "os", reason: () => `it is ${place.os}, not ${os}` });
  if (extensionNode !== undefined && place.extensionNode !== extensionNode)
    lacks.push({ kind: "node", reason: () => `it is not ${extensionNode}` });
  if (!nearestRunenv(place, runenv)) lacks.push(runenvLack(place, request));
  const feature = featureLack(place, request);
  return feature ? [...lacks, feature] : lacks;
}

/** Of the runenv that is asked for, in whatever version. */
function newestOf({ runenvs }: Place, { runenv }: Request): number | undefined {
  let newest: number | undefined;
  for (const { name, version } of runenvs)
    if (name === runenv.name && version >= (newest ?? 0)) newest = version;
  return newest;
}

function runenvLack(place: Place, request: Request): Lack {
  const { name, version: needed } = request.runenv;
  const newest = newestOf(place, request);
  if (newest === undefined)
    return {
      kind: "runenv",
      reason: () => {
        const has = place.runenvs.map((other) => `${other.name} ${other.version}`);
        return `it has no ${name} (it has ${listed(has)})`;
      },
    };
  return {
    kind: "version",
    reason: () => `its ${name} is ${newest}, and ${needed} or later is needed`,
  };
}

function featureLack({ features }: Place, { required }: Request): Lack | undefined {
  const isRequired = (feature: Feature) => preferenceOf(feature, required) >= 0;
  if (required.length === 0 || features.some(isRequired)) return undefined;
  const isNamed = ({ name }: Feature) =>
    required.some((wanted) => wanted.name === name);
  const others = features.filter(isNamed);
  if (others.length === 0)
    return {
      kind: "feature",
      reason: () => {
        const names = new Set(required.map(({ name }) => name));
        return `it has no ${[...names].join(", no ")}`;
      },
    };
  return {
    kind: "version",
    reason: () => {
      const has = others
        .sort(compareFeatures)
        .map(({ name, version }) => `${name} ${version}`);
      const wanted = required.map(wantedText).join(" or ");
      return `it has ${listed(has)}, not ${wanted}`;
    },
  };
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
