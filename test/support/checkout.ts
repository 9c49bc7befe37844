/** A copy of what the build reads. */
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.ts";
import { workspace } from "./sidecar.ts";

const names = [
  "LICENSE",
  "build-windows.ts",
  "build.ts",
  "docs",
  "package.json",
  "release",
  "scripts",
  "src",
  "tsconfig.json",
];

/** @returns the directory it is in */
export function copySources(name = "copy"): string {
  const directory = join(workspace(), name);
  mkdirSync(directory);
  for (const file of names)
    cpSync(join(root, file), join(directory, file), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  return directory;
}
