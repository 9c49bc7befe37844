/**
 * The files of an archive, by one pass over its headers: contents are left out, so that
 * an archive of any size is opened in milliseconds.
 */
import type { FileHandle } from "node:fs/promises";
import { posix } from "node:path";
import { Failure } from "../../contract/failure.ts";
import { decode, printable } from "../../system/text.ts";
import type { TarEntry } from "../tar/entry.ts";
import { TarScanner } from "../tar/scanner.ts";
import { beginningOf, pieces } from "./file-pieces.ts";
import { missing, type SourceFiles } from "./files.ts";

type Member =
  | { readonly kind: "file"; readonly offset: number; readonly size: number }
  /** A link of either kind, with its target as a name in the archive. */
  | { readonly kind: "link"; readonly target: string };

/** An archive of an image has a few hundred: whoever has more is something else. */
const mostMembers = 100_000;
const mostLinks = 40;
const windowSize = 64 << 10;

/** @throws Failure `image-tar-…`, `image-ambiguous`, `image-source-unknown` */
export async function tarFiles(file: FileHandle, place: string): Promise<SourceFiles> {
  const members = await indexOf(file, place);
  const find = (name: string) => {
    let found = members.get(name);
    for (let links = 0; found?.kind === "link"; links += 1) {
      if (links === mostLinks) return undefined;
      found = members.get(found.target);
    }
    return found;
  };
  const required = (name: string) => {
    const found = find(name);
    if (!found) throw missing(place, name);
    return found;
  };
  return {
    place,
    size: async (name) => find(name)?.size,
    stream: (name, reuses) => {
      const { offset, size } = required(name);
      return pieces(file, offset, offset + size, reuses);
    },
    beginning: (name, limit) => {
      const { offset, size } = required(name);
      return beginningOf(file, offset, Math.min(limit, size));
    },
    close: () => file.close(),
  };
}

async function indexOf(file: FileHandle, place: string): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  const note = (entry: TarEntry) => {
    const name = cleaned(decode(entry.name));
    if (entry.type === "directory") return;
    if (members.has(name)) throw twice(place, name);
    if (members.size === mostMembers) throw tooMany(place);
    const member = memberOf(entry, name);
    if (member) members.set(name, member);
  };
  const scanner = new TarScanner({ entry: note, content: () => {} }, place);
  const { size } = await file.stat();
  const window = Buffer.alloc(windowSize);
  for (let at = 0; at < size; ) {
    const wanted = Math.min(window.length, size - at);
    const { bytesRead } = await file.read(window, 0, wanted, at);
    if (bytesRead === 0) break;
    at += feed(scanner, window.subarray(0, bytesRead), size - at);
  }
  scanner.end();
  return members;
}

/** Gives the scanner headers only. @returns how far it came, perhaps beyond `window` */
function feed(scanner: TarScanner, window: Uint8Array, left: number): number {
  for (let at = 0; ; ) {
    const skipped = Math.min(scanner.skippable, left - at);
    if (skipped > 0) {
      scanner.skip(skipped);
      at += skipped;
    }
    if (at >= window.length) return at;
    const next = Math.min(at + 512, window.length);
    scanner.write(window.subarray(at, next));
    at = next;
  }
}

function memberOf(entry: TarEntry, name: string): Member | undefined {
  if (entry.type === "file")
    return { kind: "file", offset: entry.contentOffset, size: entry.size };
  const target = decode(entry.target);
  if (entry.type === "hard-link") return { kind: "link", target: cleaned(target) };
  if (entry.type === "symlink")
    return { kind: "link", target: posix.join(posix.dirname(name), target) };
  return undefined;
}

/** Without what some tools write in front; the scanner refuses `..`. */
function cleaned(name: string): string {
  return name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function twice(place: string, name: string): Failure {
  return new Failure(
    "image-ambiguous",
    `${printable(place)} has ${printable(name)} twice: readers differ in what they take`,
    "have the image saved again",
  );
}

function tooMany(place: string): Failure {
  return new Failure(
    "image-source-unknown",
    `${printable(place)} has more than ${mostMembers} files: it is no image's archive`,
    "name an archive of docker save, or an OCI layout",
  );
}
