/** From a header, and the extended headers before it, to a member of the archive. */
import type { TarEntry, TarType } from "./entry.ts";
import type { Extensions } from "./extensions.ts";
import type { Header } from "./header.ts";
import { type PaxKey, paxNumber, paxTime } from "./pax.ts";
import { malformed, type TarPlace, unsupported } from "./problem.ts";

const types: Readonly<Record<string, TarType>> = {
  "0": "file",
  "1": "hard-link",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  "6": "fifo",
  "7": "file",
};

const empty = new Uint8Array(0);

/** Linux: PATH_MAX without the NUL at the end, NAME_MAX, the largest uid_t. */
const longestPath = 4095;
const longestName = 255;
const largestId = 0xffff_ffff;

/** @throws Failure `image-tar-invalid`, `image-tar-unsupported` */
export function readMember(
  header: Header,
  extensions: Extensions,
  place: TarPlace,
): Omit<TarEntry, "offset" | "contentOffset"> {
  const { pax, longName, longTarget } = extensions;
  if (longName && pax?.has("path"))
    throw malformed(place, "two long names for one member");
  if (longTarget && pax?.has("linkpath"))
    throw malformed(place, "two long links for one member");
  const name = told(extensions, "path") ?? longName ?? header.name;
  const type = typeOf(header.flag, name, place);
  const isLink = type === "hard-link" || type === "symlink";
  const target = isLink
    ? (told(extensions, "linkpath") ?? longTarget ?? header.target)
    : empty;
  const size = numberOf("size", header, extensions, place);
  checkName(name, "a name", place);
  if (type === "symlink") checkLength(target, "a symbolic link", place);
  if (type === "hard-link") checkName(target, "a hard link", place);
  if (size < 0) throw malformed(place, "a negative size");
  // Readers differ in whether content follows.
  if (size > 0 && type !== "file") throw malformed(place, `a ${type} with a size`);
  const mtime = told(extensions, "mtime");
  const capabilities = told(extensions, "SCHILY.xattr.security.capability");
  const member = {
    type,
    name,
    target,
    mode: header.mode,
    uid: ownerOf("uid", header, extensions, place),
    gid: ownerOf("gid", header, extensions, place),
    size,
    modified: mtime === undefined ? header.modified : paxTime(mtime, place),
  };
  return capabilities ? { ...member, capabilities } : member;
}

/** An empty value takes a global one back (POSIX); nothing is left to do then. */
function told({ pax, global }: Extensions, key: PaxKey): Uint8Array | undefined {
  const value = pax?.get(key) ?? global.get(key);
  return value && value.length > 0 ? value : undefined;
}

function numberOf(
  key: "size" | "uid" | "gid",
  header: Header,
  extensions: Extensions,
  place: TarPlace,
): number {
  const value = told(extensions, key);
  return value === undefined ? header[key] : paxNumber(value, key, place);
}

function ownerOf(
  key: "uid" | "gid",
  header: Header,
  extensions: Extensions,
  place: TarPlace,
): number {
  const id = numberOf(key, header, extensions, place);
  if (id < 0 || id > largestId)
    throw malformed(place, `an owner ${id}, which Linux cannot have`);
  return id;
}

function typeOf(flag: string, name: Uint8Array, place: TarPlace): TarType {
  const type = types[flag];
  if (type === undefined) {
    if (flag === "S") throw unsupported(place, "a sparse file");
    throw unsupported(place, `a member of type ${JSON.stringify(flag)}`);
  }
  // So tar wrote directories before it had a type for them, and all readers know it.
  if (type === "file" && name.at(-1) === 0x2f) return "directory";
  return type;
}

function checkLength(bytes: Uint8Array, what: string, place: TarPlace): void {
  if (bytes.length === 0) throw malformed(place, `${what} that is empty`);
  if (bytes.includes(0)) throw malformed(place, `${what} with a NUL`);
  if (bytes.length <= longestPath) return;
  const long = `${what} of ${bytes.length} bytes; Linux has no paths over 4095`;
  throw malformed(place, long);
}

function checkName(bytes: Uint8Array, what: string, place: TarPlace): void {
  checkLength(bytes, what, place);
  for (let start = 0; start < bytes.length; ) {
    const slash = bytes.indexOf(0x2f, start);
    const end = slash < 0 ? bytes.length : slash;
    if (end - start === 2 && bytes[start] === 0x2e && bytes[start + 1] === 0x2e)
      throw malformed(place, `${what} with \`..\`, which leads out of the archive`);
    if (end - start > longestName)
      throw malformed(place, `${what} with a component of over 255 bytes`);
    start = end + 1;
  }
}
