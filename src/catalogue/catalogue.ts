/** All that a deployment declares: its images, its extension nodes, and what is wrong. */
import { printable } from "../system/text.ts";
import type { Catalogue, Place, Problem } from "./capability.ts";
import { findDuplicates } from "./duplicates.ts";
import { imagePrefix, readImageVariable } from "./image-variable.ts";
import { nodePrefix, readNodeVariable } from "./node-variable.ts";
import { type Entry, invalid } from "./problems.ts";

const placeForm = /^DA__P7__PCLUSTER__(?:CALC_IMAGE|EXTENSION_NODE)(?:S?__|S?$)/;
const keyForm = /^[A-Z0-9]+(?:_[A-Z0-9]+)*$/;

/**
 * @param variables names and values, of which those of the catalogue count; of two of
 *   one name the last does
 * @param others places that are known from elsewhere; they come last
 */
export function readCatalogue(
  variables: Iterable<readonly [name: string, value: string]>,
  others: readonly Place[] = [],
): Catalogue {
  const found = new Map<string, string>();
  for (const [name, value] of variables)
    if (name.startsWith("DA__P7__PCLUSTER__") && placeForm.test(name))
      found.set(name, value);
  const places: Place[] = [];
  const problems: Problem[] = [];
  for (const name of [...found.keys()].sort()) {
    const entry = readVariable(name, found.get(name)!);
    if (entry.place) places.push(entry.place);
    problems.push(...entry.problems);
  }
  problems.push(...findDuplicates(places));
  return { places: [...places, ...others], problems };
}

function readVariable(variable: string, value: string): Entry {
  for (const [prefix, read] of kinds) {
    if (!variable.startsWith(prefix)) continue;
    const key = variable.slice(prefix.length);
    if (!keyForm.test(key))
      return invalid(
        variable,
        `'${printable(key)}' is no key: it has A…Z and 0…9, with single _ between them`,
        `for example ${prefix}${prefix === imagePrefix ? "COBOL_42" : "MYLINUXHOST"}`,
      );
    return read(variable, value);
  }
  return invalid(
    variable,
    "this variable means nothing",
    `write ${imagePrefix}<KEY> for an image, ${nodePrefix}<NAME> for a node`,
  );
}

const kinds = [
  [imagePrefix, readImageVariable],
  [nodePrefix, readNodeVariable],
] as const;
