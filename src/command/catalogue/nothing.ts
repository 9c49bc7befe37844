/** Nothing fits a block: said in one line, and what comes nearest in the other. */
import type { Catalogue, Place } from "../../catalogue/capability.ts";
import { nearestMisses, placeText } from "../../catalogue/nearest.ts";
import { type Request, requestText } from "../../catalogue/request.ts";
import { Failure } from "../../contract/failure.ts";

const emptyText =
  "the catalogue is empty: declare images, DA__P7__PCLUSTER__CALC_IMAGE__<KEY>=…, " +
  "or say where it is: --values, --env-file";

/** What is declared is wrong, all of it; that has been told before. */
export function wrongText({ problems }: Pick<Catalogue, "problems">) {
  return problems.length > 0
    ? "all that is declared is wrong: mend it first"
    : undefined;
}

/** How many are told to programs. */
const most = 3;

/** @param emptiness why there is no place at all, if not for want of a declaration */
export function nothingFits(
  places: readonly Place[],
  request: Request,
  emptiness?: string,
): Failure {
  const [nearest] = nearestMisses(places, request, 1);
  return new Failure(
    "catalogue-nothing-fits",
    `there is no place for ${requestText(request)}`,
    nearest
      ? `nearest is ${placeText(nearest.place)}: ${nearest.reasons.join("; ")}`
      : (emptiness ?? emptyText),
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
