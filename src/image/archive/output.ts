/** An image's whole output: its form, its place, and the names it is found by. */
import { lstatSync } from "node:fs";
import { Failure } from "../../contract/failure.ts";
import { parseReference, referenceName } from "../../contract/image-reference.ts";
import { printable } from "../../system/text.ts";
import type { ImageSource, JsonObject, SourceForm } from "../model.ts";
import { dockerFile } from "../source/docker-archive.ts";
import { mediaTypes } from "../source/media-types.ts";
import { fullName, referenceName as shortName } from "../source/names.ts";
import {
  blobName,
  indexFile,
  layoutFile,
  layoutVersion,
} from "../source/oci-layout.ts";
import { archiveTarget } from "./archive-target.ts";
import { type Change, type CopiedEntry, Copier } from "./copy.ts";
import { directoryTarget } from "./directory-target.ts";
import { serialize } from "./manifest.ts";
import { type ImageWriter, writeImage } from "./writer.ts";

export type OutputForm = Exclude<SourceForm, "registry">;
export const outputForms = ["docker-archive", "oci-archive", "oci-layout"] as const;

export type Output = {
  readonly path: string;
  readonly form: OutputForm;
  /** All names that it gets; where nothing is given it keeps those that it has. */
  readonly names?: readonly string[];
};

/** The form that its images have already; those of a registry get Docker's. */
export function usualForm(source: ImageSource): OutputForm {
  if (source.form !== "registry") return source.form;
  const [first, ...others] = source.listed;
  return first?.kind === "image" && others.length === 0
    ? "docker-archive"
    : "oci-archive";
}

/**
 * Writes the images of `source`, changed by `change`: whole, or not at all.
 * @throws Failure `image-…`
 */
export async function writeOutput(
  source: ImageSource,
  output: Output,
  change?: Change,
): Promise<readonly CopiedEntry[]> {
  const { path, form } = output;
  requireSuitable(source, output);
  requireReplaceable(path, form);
  const mode = 0o666 & ~process.umask();
  const open = () =>
    form === "oci-layout" ? directoryTarget(path, mode) : archiveTarget(path, mode);
  return writeImage(path, open, async (writer) => {
    const entries = await new Copier(source, writer, change).entries();
    const names = output.names ?? namesInRegistry(source);
    writeListing(writer, entries, form, names);
    return entries;
  });
}

function writeListing(
  writer: ImageWriter,
  entries: readonly CopiedEntry[],
  form: OutputForm,
  names: readonly string[] | undefined,
): void {
  const manifests = entries.flatMap((entry) => listedAs(entry, form, names));
  const seen = new Map(manifests.map((one) => [JSON.stringify(one), one]));
  writer.file(
    indexFile,
    serialize({
      schemaVersion: 2,
      mediaType: mediaTypes.oci.index,
      manifests: [...seen.values()],
    }),
  );
  writer.file(layoutFile, serialize({ imageLayoutVersion: layoutVersion }));
  if (form === "docker-archive")
    writer.file(dockerFile, serialize(dockerItems(entries, names)));
}

/** An entry of index.json for each name: readers take one name from each. */
function listedAs(
  { old, descriptor, images }: CopiedEntry,
  form: OutputForm,
  names: readonly string[] | undefined,
): JsonObject[] {
  if (!names && old) return [descriptor];
  const own = names ?? images.flatMap((image) => image.names);
  const annotations = { ...old?.annotations };
  delete annotations[fullName];
  delete annotations[shortName];
  const kept = Object.keys(annotations).length > 0 ? { annotations } : {};
  const { annotations: _, ...rest } = descriptor;
  if (own.length === 0) return [{ ...rest, ...kept }];
  const tags = own.map((name) => parseReference(name).tag ?? "latest");
  // What is found by its tag must be the only one of that tag.
  const isByTag = form === "docker-archive" || new Set(tags).size === tags.length;
  return own.map((name, index) => {
    const full = fullNameOf(name);
    const short = isByTag ? tags[index] : full;
    return {
      ...rest,
      annotations: { ...annotations, [fullName]: full, [shortName]: short },
    };
  });
}

/** Docker's manifest.json: an item for each image, with all of its names. */
function dockerItems(
  entries: readonly CopiedEntry[],
  names: readonly string[] | undefined,
): unknown[] {
  const items = new Map<
    string,
    { image: CopiedEntry["images"][number]; names: string[] }
  >();
  for (const { images } of entries)
    for (const image of images) {
      const known = items.get(image.manifest.digest) ?? { image, names: [] };
      known.names.push(...(names ?? image.names.filter(isWhole)));
      items.set(image.manifest.digest, known);
    }
  return [...items.values()].map(({ image, names }) => ({
    Config: blobName(image.configuration.digest),
    RepoTags: names.length > 0 ? [...new Set(names.map(withTag))] : null,
    Layers: image.layers.map(({ digest }) => blobName(digest)),
  }));
}

/** Not a mere tag, as layouts have it. */
const isWhole = (name: string) => /:[^/]*$/.test(name);

/** What it is called in a registry is written nowhere in it; a digest is no name. */
function namesInRegistry({ form, images }: ImageSource): readonly string[] | undefined {
  if (form !== "registry") return undefined;
  return images[0]?.names.filter((name) => !name.includes("@"));
}

function withTag(name: string): string {
  return isWhole(name) ? name : `${name}:latest`;
}

/** With registry and tag, as containerd wants it. */
function fullNameOf(name: string): string {
  return referenceName(parseReference(withTag(name)));
}

function requireSuitable(source: ImageSource, { form, names }: Output): void {
  if (form === "docker-archive")
    for (const listed of source.listed)
      if (listed.kind === "index" && listed.children.length !== 1)
        throw new Failure(
          "image-form-unsuitable",
          "the image has several platforms; an archive of Docker has but one",
          "use --form=oci-archive, or --form=oci-layout",
        );
  const tops = new Set(
    source.listed.map(({ descriptor }, at) => descriptor?.digest ?? at),
  );
  if (names && tops.size !== 1)
    throw new Failure(
      "image-names-ambiguous",
      `${printable(source.name)} has ${tops.size} images: one name cannot be for all`,
      "take one image first; several platforms of one image must be in one index",
    );
}

/** A file is replaced in one step; nothing else can be. */
function requireReplaceable(path: string, form: OutputForm): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found || (form !== "oci-layout" && (found.isFile() || found.isSymbolicLink())))
    return;
  throw new Failure(
    "image-output-exists",
    `${printable(path)} is there already, and is not replaced`,
    form === "oci-layout"
      ? "name a directory that is not there"
      : "name a file; --form=oci-layout makes a directory",
  );
}
