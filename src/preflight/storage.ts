/** The folders of a task: whether they are here, and nobody else's beside them. */

import { thisUser } from "#companion/identity.ts";
import { mountTable } from "#companion/surroundings.ts";
import { SystemError } from "#system/errors.ts";
import { listDirectory, mayAccess, status } from "#system/files.ts";
import { absoluteForm, isAbsolute } from "#system/paths.ts";
import { storagePrefix } from "../companion/directories.ts";
import { exposureNotice, findExposures, mountPoints } from "../companion/exposure.ts";
import { type Environment, shownValue } from "../contract/environment.ts";
import { printable } from "../system/text.ts";
import { type Finding, failed, ok, skipped, warning } from "./finding.ts";

export type Folder = {
  readonly variable: string;
  readonly path: string;
  /** What it is, or why that cannot be known. */
  readonly kind: string | SystemError;
  readonly mayEnter: boolean;
};

export function checkStorageVariables(environment: Environment): Finding[] {
  const variables = environment.names(storagePrefix);
  if (variables.length === 0)
    return [skipped("storage", "no storage variable is set, as in an image")];
  return variables.map((variable) => {
    const path = environment.get(variable)!;
    const found = status(path);
    const kind = found instanceof SystemError ? found : found.kind;
    return checkFolder({ variable, path, kind, mayEnter: mayAccess(path, "execute") });
  });
}

/** One finding a variable. A folder is its user's own: others need not enter it. */
export function checkFolder({ variable, path, kind, mayEnter }: Folder): Finding {
  const name = `${printable(variable)}=${shownValue(variable, path)}`;
  const mount = "whoever prepares this machine mounts the folder here";
  if (!isAbsolute(path))
    return failed("storage", {
      message: `${name} is not an absolute path`,
      hint: `set it to where the folder is mounted, ${absoluteForm}`,
    });
  if (kind instanceof SystemError)
    return failed("storage", { message: `${name}: ${kind.message}`, hint: mount });
  if (kind !== "directory")
    return failed("storage", {
      message: `${name} is a ${kind}, not a directory`,
      hint: mount,
    });
  if (!mayEnter)
    return failed("storage", {
      message: `${name} may not be entered by ${thisUser()}`,
      hint: "give this user the right to enter it (x), and to read and write as needed",
    });
  return ok("storage", name);
}

export function checkExposure(environment: Environment): Finding[] {
  const paths = environment
    .names(storagePrefix)
    .map((variable) => environment.get(variable)!)
    .filter(isAbsolute);
  const points = mountPoints(mountTable());
  const exposures = findExposures(
    paths,
    (directory) => listDirectory(directory) ?? [],
    (directory) => points.has(directory),
  );
  if (exposures.length === 0)
    return [ok("exposure", "no folders of other users or apps are seen")];
  return exposures.map((exposure) => warning("exposure", exposureNotice(exposure)));
}
