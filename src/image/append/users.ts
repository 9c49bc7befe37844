/**
 * Entries of passwd(5) and group(5) for all users of the platform, so that whoever asks
 * for the name of a uid gets one: ssh, git and Java do, and fail without it.
 */
import { Failure } from "../../contract/failure.ts";
import { decode, encode, printable } from "../../system/text.ts";

export const firstUser = 20_000;
export const lastUser = 29_999;

/** The user's, as contract and companion have it. */
const home = "/tmp/home";

/**
 * The file with an entry for each uid that has none.
 * @throws Failure `image-users-conflict`: a name that is needed has another number
 */
export function withUsers(passwd: Uint8Array): Uint8Array {
  return extended(
    passwd,
    "/etc/passwd",
    (name, id) => `${name}:x:${id}:${id}::${home}:/bin/sh`,
  );
}

/** The same for groups. */
export function withGroups(group: Uint8Array): Uint8Array {
  return extended(group, "/etc/group", (name, id) => `${name}:x:${id}:`);
}

function extended(
  file: Uint8Array,
  path: string,
  entry: (name: string, id: number) => string,
): Uint8Array {
  // Whatever stands there stays, byte for byte: names may be in any encoding.
  const text = decode(file);
  const names = new Map<string, string>();
  const ids = new Set<string>();
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name === undefined || id === undefined) continue;
    names.set(name, id);
    ids.add(id);
  }
  const lines: string[] = [];
  for (let id = firstUser; id <= lastUser; id += 1) {
    if (ids.has(String(id))) continue;
    const name = `user${id}`;
    const other = names.get(name);
    if (other !== undefined) throw conflict(path, name, other, id);
    lines.push(entry(name, id));
  }
  if (lines.length === 0) return file;
  const end = text === "" || text.endsWith("\n") ? "" : "\n";
  return encode(`${text}${end}${lines.join("\n")}\n`);
}

function conflict(path: string, name: string, other: string, id: number): Failure {
  return new Failure(
    "image-users-conflict",
    `${path} of this image gives ${name} the number ${printable(other)}, and not ${id}`,
    "remove that entry in the image's Dockerfile",
  );
}
