/**
 * A way through the tree as the kernel would go it (path_resolution(7)), with the image's
 * root as `/`.
 */
import type { State } from "./state.ts";

/** Links that the kernel follows on one way (MAXSYMLINKS). */
const mostLinks = 40;

export type Walked =
  | { readonly kind: "found"; readonly path: number }
  /** No such file in the directory `parent`. */
  | { readonly kind: "missing"; readonly parent: number; readonly name: Uint8Array }
  /** `path` is a file where a directory must be, or the link that is one too many. */
  | { readonly kind: "not-directory" | "loop"; readonly path: number };

export type WalkOptions = {
  /** A symbolic link at the end of the way is not followed. */
  readonly keepLast?: boolean;
  /** Is asked for each component, so that hostile links end somewhere. */
  readonly count?: () => void;
  /** Is told each path on the way, the beginning excepted. */
  readonly step?: (path: number) => void;
  /** Makes what is missing. @returns its path, or nothing to end the walk */
  readonly make?: (parent: number, name: Uint8Array) => number | undefined;
};

/** @param names components of a path, seen from the directory `start` */
export function walk(
  state: State,
  start: number,
  names: readonly Uint8Array[],
  { keepLast = false, count, step, make }: WalkOptions = {},
): Walked {
  const { paths, strings } = state.inventory;
  const pending = names.toReversed();
  let links = 0;
  let at = start;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    count?.();
    if (isDots(name, 1)) continue;
    if (isDots(name, 2)) {
      at = paths.parent(at);
      step?.(at);
      continue;
    }
    const string = strings.find(name);
    let child = string < 0 ? -1 : paths.findChild(at, string);
    if (child < 0 || !state.exists(child)) {
      const made = make?.(at, name);
      if (made === undefined) return { kind: "missing", parent: at, name };
      child = made;
    }
    step?.(child);
    const kind = state.kind(child);
    if (kind === "directory") at = child;
    else if (kind === "symlink") {
      if (keepLast && pending.length === 0) return { kind: "found", path: child };
      links += 1;
      if (links > mostLinks) return { kind: "loop", path: child };
      const target = state.target(child);
      if (target[0] === slash) {
        at = 0;
        step?.(at);
      }
      pending.push(...split(target).reverse());
    } else if (pending.length > 0) return { kind: "not-directory", path: child };
    else return { kind: "found", path: child };
  }
  return { kind: "found", path: at };
}

const slash = 0x2f;
const dot = Uint8Array.of(0x2e);

/**
 * The components of a path. A slash at its end is a `.`: what is before it must be a
 * directory, and is followed if it is a link.
 */
export function split(bytes: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(slash, start);
    const end = found < 0 ? bytes.length : found;
    if (end > start) names.push(bytes.subarray(start, end));
    start = end + 1;
  }
  if (bytes.at(-1) === slash && names.length > 0) names.push(dot);
  return names;
}

function isDots(name: Uint8Array, count: number): boolean {
  if (name.length !== count) return false;
  return name.every((byte) => byte === dot[0]);
}
