/** What a job has to demand of hosts, once the place for its block is found. */
import type { Place } from "../capability.ts";
import type { Request } from "../request.ts";
import type { Resolution } from "../resolve.ts";
import type { Needs } from "./engine.ts";

/**
 * As little as the block needs, so that any host that has it will do. Of a feature in
 * any version, the one that was found: the user has seen it.
 * @param places where engines have to be told which versions there are
 */
export function needsOf(
  { place, feature }: Resolution,
  { runenv, extensionNode }: Request,
  places: readonly Place[],
): Needs {
  const versions = new Set<number>();
  // Slurm refuses a job that names what none of its nodes has: one of Windows, say.
  for (const { os, runenvs } of places)
    for (const { name, version } of runenvs)
      if (os === place.os && name === runenv.name && version >= runenv.version)
        versions.add(version);
  return {
    os: place.os,
    extensionNode: extensionNode ?? null,
    runenv,
    feature,
    known: {
      runenvVersions: [...versions].sort((one, other) => one - other),
      featureVersions: feature ? [feature.version] : [],
    },
  };
}
