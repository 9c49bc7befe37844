/** A directory for what a bench makes, which is gone when the bench ends, by Ctrl-C too. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @param parent where it is made, on whichever file system is to be measured */
export function scratchDirectory(parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, "sidecar-bench-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => process.exit(1));
  return directory;
}
