/** Why a way leads to no file. */
import { printable } from "../../../system/text.ts";
import type { Use } from "../uses.ts";

const kinds = {
  file: "a file",
  directory: "a directory",
  symlink: "a symbolic link",
  "character-device": "a device",
  "block-device": "a device",
  fifo: "a pipe",
};

/** "/opt/tool/run is not there", and where the way ends if that is elsewhere. */
export function absence({ path, way }: Use): string {
  const name = printable(path);
  if (way.kind === "found") return `${name} is ${kinds[way.node.type]}`;
  if (!path.includes("/")) return `${name} is not found in PATH`;
  const end = printable(way.path);
  const ending = {
    loop: `: ${end} is a symbolic link in a loop`,
    "not-directory": `: ${end} is no directory`,
    missing: end === name ? "" : `: ${end} is missing`,
  };
  return `${name} is not there${ending[way.kind]}`;
}
