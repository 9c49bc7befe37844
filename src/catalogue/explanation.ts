/** How the place for a block was found, step by step, for people. */
import type { Place } from "./capability.ts";
import { nearestMisses, placeText } from "./nearest.ts";
import { compareFeatures } from "./order.ts";
import {
  isThere,
  isWanted,
  nearestRunenv,
  type Request,
  requestText,
  wantedText,
} from "./request.ts";
import { candidateAt, type Resolution, rulesFor } from "./resolve.ts";

export type Step = {
  readonly what: string;
  readonly lines: readonly string[];
};

/**
 * @param resolution what was found; nothing if nothing fits
 * @param known of how many the places are those that were looked at
 */
export function explain(
  places: readonly Place[],
  request: Request,
  resolution: Resolution | undefined,
  known = places.length,
): Step[] {
  const { runenv } = request;
  const there = places.filter((place) => isThere(place, request));
  const named = there.filter(({ runenvs }) =>
    runenvs.some(({ name }) => name === runenv.name),
  );
  const running = named.filter((place) => nearestRunenv(place, runenv));
  const where = request.os !== undefined || request.extensionNode !== undefined;
  const steps: Step[] = [
    { what: "asked", lines: [requestText(request)] },
    {
      what: "places",
      lines: [
        `${known} in the catalogue` +
          (known > places.length
            ? `, ${places.length} of them hosts of the engine`
            : "") +
          (where ? `, ${there.length} of them where it is asked for` : ""),
      ],
    },
    {
      what: "runenv",
      lines: [
        `${named.length} have ${runenv.name}: ${listed(versionsOf(named, request))}`,
        `${running.length} have it in ${runenv.version} or later`,
      ],
    },
    ...featureSteps(running, request),
  ];
  if (!resolution) return [...steps, nearestStep(places, request)];
  return [...steps, ...decisions(running, request, resolution)];
}

function versionsOf(places: readonly Place[], { runenv }: Request): string[] {
  const versions = new Set<number>();
  for (const { runenvs } of places)
    for (const { name, version } of runenvs)
      if (name === runenv.name) versions.add(version);
  return [...versions].sort((one, other) => one - other).map(String);
}

function featureSteps(running: readonly Place[], { required }: Request): Step[] {
  if (required.length === 0) return [];
  const lines = required.map((wanted, index) => {
    const having = running.filter(({ features }) =>
      features.some((feature) => isWanted(feature, wanted)),
    );
    const found = new Map<string, Place["features"][number]>();
    for (const { features } of having)
      for (const feature of features)
        if (isWanted(feature, wanted)) found.set(feature.version, feature);
    const versions = [...found.values()]
      .sort(compareFeatures)
      .map(({ version }) => version);
    const shown =
      wanted.version === null && versions.length > 0 ? `: ${listed(versions)}` : "";
    return `${index + 1}. ${wantedText(wanted)}: ${having.length} of them${shown}`;
  });
  return [{ what: "feature", lines }];
}

/** Of the rules of resolve.ts those that left some out, and what each left. */
function decisions(
  running: readonly Place[],
  request: Request,
  resolution: Resolution,
): Step[] {
  let left = running
    .map((place) => candidateAt(place, request))
    .filter((candidate) => candidate !== undefined);
  const lines: string[] = [];
  for (const { compare, text } of rulesFor(request)) {
    const before = left.length;
    left = left.filter((candidate) => compare(candidate, resolution) <= 0);
    if (left.length < before) lines.push(`${text(resolution)}: ${left.length} left`);
  }
  return [{ what: "decided", lines: lines.length > 0 ? lines : ["only one fits"] }];
}

const mostMisses = 3;

function nearestStep(places: readonly Place[], request: Request): Step {
  const misses = nearestMisses(places, request, mostMisses);
  const lines = misses.map(
    ({ place, reasons }) => `${placeText(place)}: ${reasons.join("; ")}`,
  );
  return { what: "nearest", lines: lines.length > 0 ? lines : ["there is no place"] };
}

const mostListed = 8;

function listed(texts: readonly string[]): string {
  if (texts.length === 0) return "none";
  const shown = texts.slice(0, mostListed).join(", ");
  return texts.length > mostListed ? `${shown}, … (${texts.length})` : shown;
}
