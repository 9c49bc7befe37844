/** The variables by which a deployment declares its places, one variable each. */

export const imagePrefix = "DA__P7__PCLUSTER__CALC_IMAGE__";
export const nodePrefix = "DA__P7__PCLUSTER__EXTENSION_NODE__";

/**
 * Whether a variable declares a place, or was meant to: `…CALC_IMAGES__NX` is told to be
 * a mistake, `…CALC_IMAGE_PULL_SECRET` is something else and nobody's business here.
 */
export function isPlaceVariable(name: string): boolean {
  return placeForm.test(name);
}

const placeForm = /^DA__P7__PCLUSTER__(?:CALC_IMAGE|EXTENSION_NODE)(?:S?__|S?$)/;
