/** Paths: names parted by slashes, from / on. */

/** Whether a path means the same wherever one is. */
export function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

/** What an absolute path begins with, for a message. */
export const absoluteForm = "from / on";

/** `path`, seen from the directory `start`. */
export function pathFrom(start: string, path: string): string {
  return path.startsWith("/") ? path : `${start}/${path}`;
}

export function joinPath(directory: string, name: string): string {
  return `${directory}/${name}`;
}

/** Whether a path says by its end that it is a directory's. */
export function endsAsDirectory(path: string): boolean {
  return path.endsWith("/");
}

/** `a/b//` as `a/b`; `/` as nothing, to which a name is joined. */
export function withoutEnd(path: string): string {
  return path.replace(/\/+$/, "");
}

/** Where directories for a short time are made. */
export function temporaryParent(lookup: (name: string) => string | undefined): string {
  const wanted = lookup("TMPDIR");
  return wanted?.startsWith("/") ? wanted : "/tmp";
}

/** The directory that a path is in. */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : trimmed.slice(0, slash);
}

/** `/a/b/` as `/a` and `/a/b`. */
export function ancestry(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  return names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
}
