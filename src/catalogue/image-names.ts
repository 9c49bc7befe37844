/**
 * The names that an image must carry so that container engines find it (mission.md):
 *
 *     pseven-calc-<runenv>-<version>                      for each runenv
 *     pseven-calc-<runenv>-<version>-<feature>-<version>  for each of both
 *
 * Two features in one name are not emitted: a task requires at most one, and 2ⁿ names
 * of n features would be of use to nobody.
 *
 * Names are written in lower case, as repositories have to be. Since neither names of
 * runenvs and features nor versions of runenvs have a `-`, two declarations never give
 * the same name; but a version of a feature may have one, so names are made from
 * variables and never read back into them.
 */
import { Failure } from "../contract/failure.ts";
import type { Feature, Runenv } from "./capability.ts";
import { readDeclaration } from "./declaration.ts";

export type ImageName = {
  /** Without registry and tag: `pseven-calc-cobol-42-nx-2020`. */
  readonly name: string;
  readonly runenv: Runenv;
  readonly feature?: Feature;
};

export const namePrefix = "pseven-calc";
/** Characters of a repository, as every registry has it. */
const longest = 255;

/**
 * @param lines `NAME=VALUE`, as configurations have them; of two of one name the last
 *   counts, as for engines
 * @returns by runenv, each first without a feature; never none
 * @throws Failure `image-name-impossible`, `image-names-none`
 */
export function imageNames(lines: readonly string[]): ImageName[] {
  const { runenvs, features, problems } = readDeclaration(lines);
  const problem = problems[0];
  if (problem)
    throw new Failure("image-name-impossible", problem.message, problem.hint);
  if (runenvs.length === 0)
    throw new Failure(
      "image-names-none",
      "the image declares no runenv, so that no task would ever look for it",
      "set DA__P7__RUNENV__<NAME>__VERSION and …__EXECUTE (ENV in a Dockerfile)",
    );
  return runenvs.flatMap((runenv) => [
    named(runenv),
    ...features.map((feature) => named(runenv, feature)),
  ]);
}

/** The name of an image that has both: `pseven-calc-cobol-42-nx-2020`. */
export function imageName(runenv: Runenv, feature?: Feature): string {
  const parts = [runenv, ...(feature ? [feature] : [])];
  const words = parts.flatMap(({ name, version }) => [name.toLowerCase(), version]);
  return [namePrefix, ...words].join("-");
}

/** @throws Failure `image-name-impossible` */
function named(runenv: Runenv, feature?: Feature): ImageName {
  const name = imageName(runenv, feature);
  if (name.length > longest)
    throw new Failure(
      "image-name-impossible",
      `DA__P7__${feature ? "FEATURE" : "RUNENV"}__${(feature ?? runenv).name}__VERSION ` +
        `makes a name of ${name.length} characters, and registries take ${longest}`,
      "shorten it",
    );
  return { name, runenv, ...(feature ? { feature } : {}) };
}
