/**
 * What the executable is made of, besides sidecar itself: names, versions, licences.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export type Material = {
  readonly name: string;
  readonly version: string;
  /** Where it comes from, as a package URL (purl). */
  readonly origin: string;
  /** An expression of SPDX identifiers. */
  readonly licence: string;
  readonly licenceText: string;
  /** What is known only by name to be a part of it, with its licence in words. */
  readonly parts: readonly { readonly name: string; readonly licence: string }[];
};

const text = (name: string) =>
  readFileSync(join(import.meta.dirname, "licences", `${name}.txt`), "utf8");

/** What `bun build --metafile` wrote: the files that went in. */
export type Metafile = { readonly inputs: Readonly<Record<string, unknown>> };

/** The npm packages that files were taken from, in order of their names. */
export function npmPackages({ inputs }: Metafile, root: string): Material[] {
  const directories = new Set(
    Object.keys(inputs).flatMap(
      (path) => /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
    ),
  );
  const found = [...directories].map((path) => npmPackage(join(root, path)));
  // One version may be there twice, and is one material.
  const different = new Map(found.map((material) => [material.origin, material]));
  return [...different.values()].sort((a, b) => (a.origin < b.origin ? -1 : 1));
}

function npmPackage(directory: string): Material {
  const about = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const { name, version, license } = about;
  const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
  // @sigstore/verify names its licence and does not ship the text.
  const licenceText = file
    ? readFileSync(join(directory, file), "utf8")
    : license === "Apache-2.0" && text(license);
  if (typeof license !== "string" || !licenceText)
    throw new Error(`${name} ${version} does not say under which licence it is`);
  return {
    name,
    version,
    origin: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    licence: license,
    licenceText,
    parts: [],
  };
}

/** Bun for one platform, whose own documents list what it has inside. */
export function bun(version: string, platform: string, root: string): Material {
  const page = join(root, "node_modules/bun-types/docs/project/license.mdx");
  const licenceText = readFileSync(page, "utf8").replace(/^---\n[\s\S]*?\n---\n/, "");
  const rows = [...licenceText.matchAll(/^\| ([^|]*) \| ([^|]*) \|$/gm)]
    .map(([, name, licence]) => ({ name: plain(name!), licence: plain(licence!) }))
    // Two tables, each with a head and a rule below it.
    .filter(({ name }) => !/^(Library|Package|-+)$/.test(name));
  const parts = [{ name: "JavaScriptCore", licence: "LGPL-2" }, ...rows];
  if (parts.length < 20) throw new Error(`${page} does not list Bun's parts any more`);
  return {
    name: "bun",
    version,
    origin: `pkg:npm/%40oven/bun-${platform}@${version}`,
    licence: "MIT",
    licenceText: `${licenceText}\n${text("LGPL-2")}`,
    parts,
  };
}

/** The words of a cell, without links and quotes. */
function plain(cell: string): string {
  return cell
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("`", "")
    .trim();
}

/** @param name as libc.a calls itself: "Debian GLIBC 2.36-9+deb12u14" */
export function glibc(name: string): Material {
  const debian = /^Debian GLIBC (\S+)$/.exec(name)?.[1];
  const version = debian ?? name;
  return {
    name: "glibc",
    version,
    origin: debian
      ? `pkg:deb/debian/glibc@${encodeURIComponent(debian)}`
      : `pkg:generic/glibc@${encodeURIComponent(version)}`,
    licence: "LGPL-2.1-or-later",
    licenceText: `${text("glibc")}\n${text("LGPL-2.1")}`,
    parts: [],
  };
}

export function libgcc(version: string): Material {
  return {
    name: "libgcc",
    version,
    origin: `pkg:generic/libgcc@${version}`,
    licence: "GPL-3.0-or-later WITH GCC-exception-3.1",
    licenceText: text("libgcc"),
    parts: [],
  };
}
