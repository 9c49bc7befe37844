/**
 * Where Wine is, the prefix that all tests share, and its end. (In a file of its own
 * for setup.ts, where there are no tests.)
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.ts";

/** Debian's wine64 is not in PATH; `wine` itself would ask for 32-bit libraries. */
export const wine = ["/usr/lib/wine/wine64", Bun.which("wine64")].find(
  (file) => file && existsSync(file),
);
export const server = "/usr/lib/wine/wineserver";
export const place = join(root, ".cache/wine");
export const prefix = join(place, "prefix");
/** Drive C: of Windows. */
export const driveC = join(prefix, "drive_c");
/** Holds what the prefix was made of, when it is complete. */
export const complete = join(place, "complete");

export const variables = {
  WINEPREFIX: prefix,
  WINEARCH: "win64",
  WINEDEBUG: "-all",
  // No offers to install Mono and Gecko, no window.
  WINEDLLOVERRIDES: "mscoree,mshtml=",
  DISPLAY: "",
  LC_ALL: "C.UTF-8",
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: place,
};

/** Ends what runs in this prefix, and nothing else. */
export async function stopWine(): Promise<void> {
  if (!existsSync(server) || !existsSync(prefix)) return;
  const streams = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
  for (const option of ["-k", "-w"])
    await Bun.spawn([server, option], { ...streams, env: variables }).exited;
}
