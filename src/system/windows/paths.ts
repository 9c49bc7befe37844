/** Paths: `C:\folder\file` and `\\server\share\file`; `/` is as good as `\`. */

/** Whether a path means the same wherever one is. */
export function isAbsolute(path: string): boolean {
  return /^(?:[A-Za-z]:[\\/]|[\\/]{2}[^\\/]+[\\/]+[^\\/])/.test(path);
}

/** What an absolute path begins with, for a message. */
export const absoluteForm = "it begins as C:\\ or \\\\server\\share\\";

/** `path`, seen from the directory `start`. */
export function pathFrom(start: string, path: string): string {
  if (isAbsolute(path) || /^[A-Za-z]:/.test(path)) return path;
  // From the root of the drive that one is on.
  if (/^[\\/]/.test(path)) return start.replace(/^([A-Za-z]:)?.*$/s, `$1${path}`);
  return joinPath(start, path);
}

export function joinPath(directory: string, name: string): string {
  return /[\\/:]$/.test(directory) ? `${directory}${name}` : `${directory}\\${name}`;
}

/** Whether a path says by its end that it is a directory's. */
export function endsAsDirectory(path: string): boolean {
  return /[\\/]$/.test(path);
}

/** `a\b\\` as `a\b`. */
export function withoutEnd(path: string): string {
  return path.replace(/[\\/]+$/, "");
}

/** Where directories for a short time are made. */
export function temporaryParent(lookup: (name: string) => string | undefined): string {
  for (const name of ["TMPDIR", "TEMP", "TMP"]) {
    const wanted = lookup(name);
    if (wanted !== undefined && isAbsolute(wanted)) return wanted;
  }
  return "C:\\Windows\\Temp";
}

/** Whether a name says where a file is, so that it is not to be searched for. */
export function hasDirectory(name: string): boolean {
  return /[\\/:]/.test(name);
}

/** The directory that a path is in; a drive's root, or a share's, is its own. */
export function parentOf(path: string): string {
  const trimmed = path.replace(/[\\/]+$/, "");
  const root = /^(?:[A-Za-z]:|[\\/]{2}[^\\/]+[\\/]+[^\\/]+)/.exec(trimmed)?.[0] ?? "";
  const cut = trimmed.slice(root.length).search(/[\\/][^\\/]*$/);
  if (cut > 0) return trimmed.slice(0, root.length + cut);
  if (cut === 0 || isAbsolute(path)) return `${root}\\`;
  return root === "" ? "." : root;
}

/** `C:\a\b\` as `C:\a` and `C:\a\b`. */
export function ancestry(path: string): string[] {
  const root = /^(?:[A-Za-z]:|[\\/]{2}[^\\/]+[\\/]+[^\\/]+)/.exec(path)?.[0] ?? "";
  const names = path
    .slice(root.length)
    .split(/[\\/]/)
    .filter((name) => name !== "" && name !== ".");
  return names.map((_, index) => [root, ...names.slice(0, index + 1)].join("\\"));
}
