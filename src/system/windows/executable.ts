/** The file of the running program. */

import { SystemError } from "./errors.ts";
import { moreKernel } from "./kernel.ts";
import { openPlain } from "./staging.ts";
import { narrow } from "./wide.ts";

/** What this is built for. */
export const target = "windows-x64";

/** Its usual name. */
export const executableName = "sidecar.exe";

export type Executable = { readonly descriptor: number; readonly path: string };

/** Programs of Windows are loaded with the system's libraries, all of them. */
export function isStatic(): boolean {
  return false;
}

/**
 * Opens it; nothing where it was moved. While it runs, Windows lets nobody replace it.
 */
export function openExecutable(): Executable | undefined {
  const name = new Uint16Array(32_768);
  if (moreKernel().GetModuleFileNameW(0, name, name.length) === 0) return undefined;
  const path = narrow(name);
  const descriptor = openPlain(path);
  return descriptor instanceof SystemError ? undefined : { descriptor, path };
}
