/** All that a deployment declares: its images, its extension nodes, and what is wrong. */
import type { Catalogue, Place, Problem } from "./capability.ts";
import { findDuplicates } from "./duplicates.ts";
import { readImageVariable } from "./image-variable.ts";
import { readNodeVariable } from "./node-variable.ts";
import { compareText } from "./order.ts";
import { imagePrefix, isPlaceVariable, nodePrefix } from "./place-variables.ts";
import { type Entry, invalid, shown } from "./problems.ts";

/** What `<KEY>` and `<NAME>` can be. */
export const keyForm = /^[A-Z0-9]+(?:_[A-Z0-9]+)*$/;

/**
 * @param variables names and values, of which those of the catalogue count; of two of
 *   one name the last does, and a name without a value is none
 * @param others places that are known from elsewhere
 */
export function readCatalogue(
  variables: Iterable<readonly [name: string, value: string | undefined]>,
  others: readonly Place[] = [],
): Catalogue {
  const found = variables instanceof Map ? variables : new Map(variables);
  const places: Place[] = [];
  const problems: Problem[] = [];
  for (const [name, value] of found as ReadonlyMap<string, string | undefined>) {
    const entry = value === undefined ? undefined : readVariable(name, value);
    if (entry === undefined) continue;
    if (entry.place) places.push(entry.place);
    for (const problem of entry.problems) problems.push(problem);
  }
  for (const problem of findDuplicates(places, others)) problems.push(problem);
  problems.sort((one, other) => compareText(one.message, other.message));
  return { places: places.concat(others), problems };
}

/** Nothing, where it is none of the catalogue's. */
function readVariable(variable: string, value: string): Entry | undefined {
  const isImage = variable.startsWith(imagePrefix);
  if (!isImage && !variable.startsWith(nodePrefix)) {
    if (!isPlaceVariable(variable)) return undefined;
    return invalid(
      variable,
      "this variable means nothing",
      `write ${imagePrefix}<KEY> for an image, ${nodePrefix}<NAME> for a node`,
    );
  }
  const prefix = isImage ? imagePrefix : nodePrefix;
  const key = variable.slice(prefix.length);
  if (!keyForm.test(key))
    return invalid(
      variable,
      `'${shown(key)}' is no key: it has A…Z and 0…9, with single _ between them`,
      `for example ${prefix}${isImage ? "COBOL_42" : "MYLINUXHOST"}`,
    );
  return isImage
    ? readImageVariable(variable, value)
    : readNodeVariable(variable, value);
}
