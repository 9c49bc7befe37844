/** What an owner of an executable is owed: its contents, their licences, checksums. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { billOfMaterials, type Product } from "./bill.ts";
import { checksum, writeChecksums } from "./checksums.ts";
import { licenceText } from "./licences.ts";
import type { Material } from "./materials.ts";

/** Writes the papers beside the executable `file`. */
export function writePapers(
  file: string,
  about: Pick<Product, "version" | "commit">,
  materials: readonly Material[],
  root: string,
): void {
  const sum = checksum(readFileSync(file));
  const product = { file: basename(file), checksum: sum, ...about };
  const own = readFileSync(join(root, "LICENSE"), "utf8");
  writeFileSync(`${file}.cdx.json`, billOfMaterials(product, materials));
  writeFileSync(`${file}.licences.txt`, licenceText(own, materials));
  writeChecksums(dirname(file));
}
