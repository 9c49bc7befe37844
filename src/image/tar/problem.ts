/** How a tar archive is refused: with the place, so that somebody can look at it. */
import { Failure } from "../../contract/failure.ts";

/** Where in which archive: bytes from the beginning of the tar archive itself. */
export type TarPlace = { readonly archive: string; readonly offset: number };

export function malformed({ archive, offset }: TarPlace, what: string): Failure {
  return new Failure(
    "image-tar-invalid",
    `${archive}, byte ${offset} of the tar archive: ${what}`,
    "make the image anew; tools would not agree on what this archive holds",
  );
}

/** What is no header where there must be one. */
export function noHeader(place: TarPlace): Failure {
  const { archive, offset } = place;
  if (offset > 0) return malformed(place, "no header (its checksum is wrong)");
  return new Failure(
    "image-tar-invalid",
    `${archive} is no tar archive: it does not begin with a header`,
    "name what docker save, skopeo copy or buildx wrote, or have it made anew",
  );
}

export function unsupported({ archive, offset }: TarPlace, what: string): Failure {
  return new Failure(
    "image-tar-unsupported",
    `${archive}, byte ${offset} of the tar archive: ${what}`,
    "make the archive without it: layers have files, directories, links and devices",
  );
}

export function truncated({ archive, offset }: TarPlace, what: string): Failure {
  return new Failure(
    "image-tar-truncated",
    `${archive} ends at byte ${offset} of the tar archive, ${what}`,
    "copy or make it anew; a part of it is lost",
  );
}
