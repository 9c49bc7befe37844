/** An OCI image layout (image-spec, image-layout.md): a directory, or an archive. */
import type { Descriptor, Digest, Listed } from "../model.ts";
import { mismatch } from "./digest.ts";
import { indexDocument, invalid, layoutDocument, parseDocument } from "./documents.ts";
import { missing, readDocument, type SourceFiles } from "./files.ts";
import { readListed } from "./listing.ts";

export const layoutFile = "oci-layout";
export const indexFile = "index.json";
export const layoutVersion = "1.0.0";

export function blobName(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** @throws Failure `image-…` */
export async function readLayout(
  files: SourceFiles,
  mayLackLayers: boolean,
): Promise<readonly Listed[]> {
  const { place } = files;
  const layout = `${place}: ${layoutFile}`;
  const { value } = parseDocument(
    await readDocument(files, layoutFile),
    layoutDocument,
    layout,
  );
  if (value.imageLayoutVersion !== layoutVersion)
    throw invalid(layout, `imageLayoutVersion is ${value.imageLayoutVersion}`);
  const { value: index, json } = parseDocument(
    await readDocument(files, indexFile),
    indexDocument,
    `${place}: ${indexFile}`,
  );
  const read = async (descriptor: Descriptor) => {
    await requireBlob(files, descriptor);
    return readDocument(files, blobName(descriptor.digest));
  };
  const manifests = json["manifests"] as Record<string, unknown>[];
  return readListed(manifests, index.manifests, { place, read, mayLackLayers });
}

/** @throws Failure `image-blob-missing`, `image-digest-mismatch` (of its size) */
export async function requireBlob(
  files: SourceFiles,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
): Promise<void> {
  const found = await files.size(blobName(digest));
  if (found === undefined) throw missing(files.place, blobName(digest));
  if (found !== size)
    throw mismatch(`${files.place}: ${digest}`, `${size} bytes`, `${found} bytes`);
}
