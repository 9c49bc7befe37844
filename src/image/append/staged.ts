/**
 * An image of a registry as a file beside OUT: its layers are read twice, for what is in
 * them and to be copied, and should be fetched, and verified, but once.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { parentOf } from "#system/paths.ts";
import { hiddenName } from "../../system/hidden.ts";
import { writeOutput } from "../archive/output.ts";
import { temporaryPrefix } from "../archive/target.ts";
import type { ImageSource } from "../model.ts";
import { openLocalSource } from "../source/open.ts";

/**
 * @param output where the result will be
 * @returns the same source where it is local; closing it removes the file
 * @throws Failure `image-…`, `registry-…`
 */
export async function staged(
  source: ImageSource,
  output: string,
): Promise<ImageSource> {
  if (source.form !== "registry") return source;
  const path = join(parentOf(output), hiddenName(temporaryPrefix));
  // A digest is no name that can be given; the image has it anyway, or another then.
  const names = source.images[0]!.names.filter((name) => !name.includes("@"));
  try {
    await writeOutput(source, { path, form: "oci-archive", names });
    const local = (await openLocalSource(path))!;
    const close = async () => {
      await local.close();
      await rm(path, { force: true });
    };
    return { ...local, name: source.name, close };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await source.close();
  }
}
