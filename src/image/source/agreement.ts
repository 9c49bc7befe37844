/**
 * Archives that are both: Docker's since 25 have manifest.json, and index.json of OCI.
 * Some tools load the one and some the other: if they differ, what an archive is
 * depends on who reads it.
 */
import { Failure } from "../../contract/failure.ts";
import { printable } from "../../system/text.ts";
import type { Image, Listed } from "../model.ts";
import { digestOf } from "./digest.ts";
import type { DockerImage } from "./docker-archive.ts";
import { imagesIn } from "./listing.ts";

/**
 * The listing of the OCI form, its images with the names of both forms.
 * @throws Failure `image-ambiguous`
 */
export function agreed(
  listed: readonly Listed[],
  docker: readonly DockerImage[],
  place: string,
): readonly Listed[] {
  for (const item of docker) requireListed(item, listed, place);
  const known = new Set(docker.map((item) => item.configurationDigest));
  // Of the platforms of one image Docker's form names one only.
  for (const one of listed)
    if (!imagesIn([one]).some((image) => known.has(configurationDigest(image))))
      throw ambiguous(place, "index.json has an image that manifest.json has not");
  const named = (image: Image): Image => {
    const item = docker.find(
      (one) => one.configurationDigest === configurationDigest(image),
    );
    return item
      ? { ...image, names: unitedNames(item.image.names, image.names) }
      : image;
  };
  const rename = (one: Listed): Listed =>
    one.kind === "index"
      ? { ...one, children: one.children.map(rename) }
      : { ...one, image: named(one.image) };
  return listed.map(rename);
}

const configurationDigest = (image: Image) => digestOf(image.configuration.bytes);

function requireListed(
  { image, configurationDigest: digest }: DockerImage,
  listed: readonly Listed[],
  place: string,
): void {
  const same = imagesIn(listed).find((one) => configurationDigest(one) === digest);
  if (!same)
    throw ambiguous(place, "manifest.json has an image that index.json has not");
  for (const [index, layer] of image.layers.entries()) {
    const other = same.layers[index]!.stored;
    if (layer.stored.size !== other.size || layer.stored.digest !== other.digest)
      throw ambiguous(
        place,
        `layer ${index} is another one in manifest.json than in index.json`,
      );
  }
}

/** Docker writes a name in manifest.json shorter than containerd has it. */
function unitedNames(short: readonly string[], long: readonly string[]): string[] {
  const isSaid = (name: string) =>
    short.some(
      (one) => name === one || name.endsWith(`/${one}`) || one.endsWith(`:${name}`),
    );
  return [...short, ...long.filter((name) => !isSaid(name))];
}

function ambiguous(place: string, what: string): Failure {
  return new Failure(
    "image-ambiguous",
    `${printable(place)} is two things at once: ${what}`,
    "have the image saved again; tools differ in which of the two they load",
  );
}
