/** What our reader of tar archives finds is what GNU tar and tar-stream find. */

import { dlopen, ptr } from "bun:ffi";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { extract, type Header, pack } from "tar-stream";
import { describe, expect, it } from "vitest";
import { workspace } from "./support/sidecar.ts";
import { nameOf, type Scanned, scan, scanInPieces } from "./support/tar.ts";

const isRoot = process.getuid!() === 0;
const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

/** setxattr(2); Debian has no command for it unless one is installed. */
function setAttribute(file: string, name: string, value: Uint8Array): void {
  const { symbols } = dlopen("libc.so.6", {
    setxattr: { args: ["ptr", "ptr", "ptr", "u64", "i32"], returns: "i32" },
  });
  const [path, key] = [file, name].map((text) => Buffer.from(`${text}\0`));
  const result = symbols.setxattr(ptr(path!), ptr(key!), ptr(value), value.length, 0);
  if (result !== 0) throw new Error(`setxattr fails on ${file}`);
}

type Found = {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly size: number;
  readonly target: string;
  readonly content: string;
};

const withoutSlash = (name: string) => name.replace(/(?<=.)\/$/, "");

/** What tar-stream knows of an entry; of owners it does not know those of PAX. */
async function asTarStreamFinds(archive: Uint8Array): Promise<Found[]> {
  const types: Record<string, string> = {
    link: "hard-link",
    "contiguous-file": "file",
  };
  const found: Found[] = [];
  const reading = extract();
  reading.end(archive);
  for await (const entry of reading) {
    const { name, type, mode, size, linkname } = entry.header as Required<Header>;
    const content = (await buffer(entry)).toString("latin1");
    found.push({
      name: withoutSlash(name),
      type: types[type!] ?? type!,
      mode: mode & 0o7777,
      size,
      target: linkname ?? "",
      content,
    });
  }
  return found;
}

const asFound = (entry: Scanned): Found => ({
  name: withoutSlash(nameOf(entry)),
  type: entry.type,
  mode: entry.mode,
  size: entry.size,
  target: Buffer.from(entry.target).toString(),
  content: entry.content,
});

/** A directory with whatever tar may find in one. @returns paths in it */
function makeFiles(directory: string, long: boolean): string[] {
  const paths: string[] = [];
  const add = (path: string, make: (path: string) => void, mode?: number) => {
    make(join(directory, path));
    if (mode !== undefined) chmodSync(join(directory, path), mode);
    paths.push(path);
  };
  const write = (content: string) => (path: string) => writeFileSync(path, content);
  add("d", (path) => mkdirSync(path), 0o1777);
  add("d/file", write("content\n"), 0o640);
  add("d/empty", write(""), 0o4755);
  add("d/block", write("x".repeat(512)), 0o2711);
  // Root may read what nobody may.
  add("d/more", write("y".repeat(70_001)), isRoot ? 0o000 : 0o400);
  add("ünïcode", write("ü"), 0o444);
  add("link", (path) => symlinkSync("d/file", path));
  add("dangling", (path) => symlinkSync("/no/such", path));
  add("fifo", (path) => execFileSync("mkfifo", [path]), 0o600);
  add("d/hard", (path) => linkSync(join(directory, "d/file"), path));
  if (isRoot) {
    add("null", (path) => execFileSync("mknod", [path, "c", "1", "3"]), 0o666);
    chownSync(join(directory, "d/block"), 20_042, 29_999);
  }
  if (!long) return paths;
  const folder = `d/${"f".repeat(150)}`;
  add(folder, (path) => mkdirSync(path));
  add(`${folder}/${"n".repeat(255)}`, write("long"));
  add(`${folder}/link`, (path) => symlinkSync("t".repeat(300), path));
  add(`${folder}/hard`, (path) =>
    linkSync(join(directory, folder, "n".repeat(255)), path),
  );
  if (isRoot) chownSync(join(directory, "d/empty"), 3_000_000, 4_000_000_000);
  return paths;
}

function asLinuxFinds(directory: string, path: string, entry: Scanned): Found {
  const stat = lstatSync(join(directory, path));
  const isFile = entry.type === "file";
  const content = isFile ? readFileSync(join(directory, path)).toString("latin1") : "";
  const type = stat.isSymbolicLink()
    ? "symlink"
    : stat.isDirectory()
      ? "directory"
      : stat.isFIFO()
        ? "fifo"
        : stat.isCharacterDevice()
          ? "character-device"
          : "file";
  return {
    name: path,
    // Which of the names of a file is the link is up to tar.
    type: entry.type === "hard-link" && type === "file" ? "hard-link" : type,
    mode: stat.mode & 0o7777,
    size: isFile ? stat.size : 0,
    target: stat.isSymbolicLink()
      ? readlinkSync(join(directory, path))
      : Buffer.from(entry.target).toString(),
    content,
  };
}

describe("what GNU tar writes", () => {
  it.each(["v7", "oldgnu", "gnu", "ustar", "pax"])("in the form %s", async (format) => {
    const directory = workspace();
    const made = makeFiles(directory, format !== "v7" && format !== "ustar");
    // v7 has neither devices nor FIFOs.
    const paths = made.filter((path) => format !== "v7" || !/fifo|null/.test(path));
    // A date beyond octal digits is for those that can.
    utimesSync(join(directory, "d/more"), 0, format === "v7" ? 1 : 2 ** 32);
    const words = [`--format=${format}`, "--no-recursion", "-C", directory, "-cf", "-"];
    const written = execFileSync("tar", [...words, "--", ...paths], {
      env: environment,
      maxBuffer: 2 ** 28,
    });
    const entries = scanInPieces(written);
    expect(entries.map(asFound)).toEqual(
      paths.map((path, at) => asLinuxFinds(directory, path, entries[at]!)),
    );
    for (const [at, path] of paths.entries()) {
      const { uid, gid, mtimeMs } = lstatSync(join(directory, path));
      const entry = entries[at]!;
      expect([entry.uid, entry.gid]).toEqual([uid, gid]);
      expect(Math.floor(entry.modified)).toBe(Math.floor(mtimeMs / 1000));
    }
    if (format !== "v7") {
      const theirs = await asTarStreamFinds(written);
      expect(theirs).toEqual(entries.map(asFound));
    }
  });

  it.runIf(isRoot)("has the same capabilities", () => {
    const directory = workspace();
    const file = join(directory, "ping");
    writeFileSync(file, "");
    // VFS_CAP_REVISION_2, effective: cap_net_raw.
    const value = Buffer.from("0100000200200000000000000000000000000000", "hex");
    setAttribute(file, "security.capability", value);
    const words = [
      "--xattrs",
      "--xattrs-include=*",
      "-C",
      directory,
      "-cf",
      "-",
      "ping",
    ];
    const [entry] = scan(execFileSync("tar", words, { env: environment }));
    expect([...entry!.capabilities!]).toEqual([...value]);
  });

  it("sparsely is refused", () => {
    const directory = workspace();
    execFileSync("truncate", ["-s", "10G", join(directory, "sparse")]);
    for (const format of ["gnu", "pax"]) {
      const words = [`--format=${format}`, "-S", "-C", directory, "-cf", "-", "sparse"];
      const written = execFileSync("tar", words, { env: environment });
      expect(() => scan(written)).toThrow("a sparse file");
    }
  });
});

/** A line of `tar -tv`: `-rwxr-xr-x 0/0 5 2001-09-09 01:46:40 name`. */
function asGnuLists(archive: Uint8Array): string[] {
  const words = ["--numeric-owner", "--full-time", "--utc", "-tvf", "-"];
  const listed = execFileSync("tar", [...words, "--quoting-style=literal"], {
    input: archive,
    env: { ...environment, TZ: "UTC" },
  });
  return listed
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/ +/g, " "));
}

const letters: Record<string, string> = {
  "hard-link": "h",
  directory: "d",
  symlink: "l",
};

function asGnuWouldList(entry: Scanned): string {
  const { mode } = entry;
  const bits = (shift: number, special: number, letter: string) => {
    const three = (mode >> shift) & 7;
    const execute = (three & 1) !== 0;
    const last =
      (mode & special) !== 0 ? (execute ? letter : letter.toUpperCase()) : "";
    return `${three & 4 ? "r" : "-"}${three & 2 ? "w" : "-"}${last || (execute ? "x" : "-")}`;
  };
  const permissions =
    bits(6, 0o4000, "s") + bits(3, 0o2000, "s") + bits(0, 0o1000, "t");
  const time = new Date(entry.modified * 1000).toISOString();
  const target = Buffer.from(entry.target).toString();
  const arrow = { symlink: ` -> ${target}`, "hard-link": ` link to ${target}` };
  return [
    `${letters[entry.type] ?? "-"}${permissions}`,
    `${entry.uid}/${entry.gid}`,
    entry.size,
    time.slice(0, 10),
    time.slice(11, 19),
    `${nameOf(entry)}${arrow[entry.type as "symlink"] ?? ""}`,
  ].join(" ");
}

const component = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", "b", "ü", "中", "-", ".x"),
    minLength: 1,
    maxLength: 9,
  }),
  fc.integer({ min: 60, max: 84 }).map((length) => "c".repeat(length)),
);
const path = fc
  .array(component, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.map((part) => (/^\.+$/.test(part) ? "z" : part)).join("/"));

const described = fc.record({
  name: path,
  type: fc.constantFrom("file", "directory", "symlink", "link") as fc.Arbitrary<
    "file" | "directory" | "symlink" | "link"
  >,
  mode: fc.integer({ min: 1, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 0o777777 }),
  gid: fc.integer({ min: 0, max: 0o777777 }),
  seconds: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  linkname: path,
  content: fc.string({ unit: "binary-ascii", maxLength: 1500 }),
});

it("what tar-stream writes is read as it was described, and as GNU tar lists it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(described, { minLength: 1, maxLength: 12 }),
      async (all) => {
        const writing = pack();
        const whole = buffer(writing);
        for (const { content, seconds, linkname, ...header } of all) {
          const isLink = header.type === "symlink" || header.type === "link";
          writing.entry(
            {
              ...header,
              mtime: new Date(seconds * 1000),
              ...(isLink ? { linkname } : {}),
            },
            header.type === "file" ? content : "",
          );
        }
        writing.finalize();
        const archive = await whole;
        const entries = scan(archive, 1000);
        const types = { link: "hard-link" } as Record<string, string>;
        expect(entries.map(asFound)).toEqual(
          all.map(({ name, type, mode, linkname, content }) => ({
            name,
            type: types[type] ?? type,
            mode,
            size: type === "file" ? content.length : 0,
            target: type === "symlink" || type === "link" ? linkname : "",
            content: type === "file" ? content : "",
          })),
        );
        expect(entries.map(({ uid, gid, modified }) => [uid, gid, modified])).toEqual(
          all.map(({ uid, gid, seconds }) => [uid, gid, seconds]),
        );
        expect(entries.map(asGnuWouldList)).toEqual(asGnuLists(archive));
      },
    ),
    { numRuns: 60 },
  );
});
