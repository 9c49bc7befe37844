/** Names that take away what lower layers have (image-spec, layer.md, "Whiteouts"). */

const prefix = Uint8Array.from(".wh.", (character) => character.charCodeAt(0));
const opaque = ".wh..wh..opq";
/** Of AUFS, which kept its own files so; loaders of images pass over them. */
const reserved = ".wh..wh.";

export type NameMeaning =
  | { readonly kind: "name" }
  | { readonly kind: "opaque" | "reserved" }
  /** Where in the name that of the victim begins. */
  | { readonly kind: "whiteout"; readonly victim: number }
  /** A whiteout of nothing, of `.` or of `..`. */
  | { readonly kind: "invalid" };

const plain: NameMeaning = { kind: "name" };

/** @param bytes with the name, a path's last component, from `start` to `end` */
export function meaningOf(bytes: Uint8Array, start: number, end: number): NameMeaning {
  if (!isWhiteout(bytes, start, end)) return plain;
  const name = String.fromCharCode(...bytes.subarray(start, end));
  if (name === opaque) return { kind: "opaque" };
  if (name.startsWith(reserved)) return { kind: "reserved" };
  if (["", ".", ".."].includes(name.slice(prefix.length))) return { kind: "invalid" };
  return { kind: "whiteout", victim: start + prefix.length };
}

function isWhiteout(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < prefix.length) return false;
  for (let at = 0; at < prefix.length; at += 1)
    if (bytes[start + at] !== prefix[at]) return false;
  return true;
}
