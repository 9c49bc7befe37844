/** The licences of everything in the executable, as one text. */
import type { Material } from "./materials.ts";

const line = "=".repeat(78);

const relinking = `glibc may be replaced by a modified version: docs/static.md in
sidecar's sources tells how to link it again.`;

/** @param own sidecar's own licence */
export function licenceText(own: string, materials: readonly Material[]): string {
  const list = materials.map(
    ({ name, version, licence }) => `  ${name} ${version}: ${licence}`,
  );
  return [
    "sidecar is under the licence that follows. It contains\n",
    ...list,
    "\nwhose licences come after it.",
    ...(materials.some(({ name }) => name === "glibc") ? [relinking] : []),
    "",
    line,
    own,
    ...materials.flatMap(({ name, version, licenceText }) => [
      line,
      `${name} ${version}\n`,
      licenceText.trimEnd(),
      "",
    ]),
  ].join("\n");
}
