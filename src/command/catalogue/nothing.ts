/** Nothing fits a block: said in one line, and what comes nearest in the other. */
import type { Place } from "../../catalogue/capability.ts";
import { nearestMisses, placeText } from "../../catalogue/nearest.ts";
import { type Request, requestText } from "../../catalogue/request.ts";
import { Failure } from "../../contract/failure.ts";

/** How many are told to programs. */
const most = 3;

/** @param omitted how many there are besides, that were not looked at, and why */
export function nothingFits(
  places: readonly Place[],
  request: Request,
  omitted?: { readonly count: number; readonly why: string },
): Failure {
  const [nearest] = nearestMisses(places, request, 1);
  return new Failure(
    "catalogue-nothing-fits",
    `there is no place for ${requestText(request)}`,
    nearest
      ? `nearest is ${placeText(nearest.place)}: ${nearest.reasons.join("; ")}`
      : omitted?.count
        ? `none of the ${omitted.count} places is looked at: ${omitted.why}`
        : "the catalogue is empty: declare images, " +
          "DA__P7__PCLUSTER__CALC_IMAGE__<KEY>=…, " +
          "or say where it is: --values, --env-file",
  );
}

/** The same for programs. */
export function nearestJson(places: readonly Place[], request: Request) {
  return nearestMisses(places, request, most).map(({ place, reasons }) => ({
    os: place.os,
    extension_node: place.extensionNode,
    image: place.image ?? null,
    origin: place.origin,
    reasons,
  }));
}
