/**
 * References of images: `registry.example.com:5000/pseven/cobol:42@sha256:…`.
 *
 * The grammar is that of the package `reference` of the Distribution project
 * (regexp.go, normalize.go), anchored at both ends, and never that of URLs: those allow
 * user names, escapes and international domains, and rewrite what they read. Where a
 * reference that Docker takes could mean two things, it is refused here:
 *
 * - a digest is `sha256:` and 64 lower-case digits, nothing else;
 * - a port is a number of 1…65535 without leading zeros;
 * - a registry's name without a dot or port, that Docker takes for one because it has a
 *   capital letter (`Team/tool`): written in lower case it would be another's.
 *
 * Names of hosts are compared, and printed, in lower case.
 */
import { printable } from "../system/text.ts";
import { Failure } from "./failure.ts";

/** `sha256:` and 64 lower-case hexadecimal digits. Sidecar accepts no other algorithm. */
export type Digest = `sha256:${string}`;

export type Repository = {
  /** A name, an IPv4 address, or an IPv6 address in brackets; in lower case. */
  readonly host: string;
  /** Where none is written, the registry is asked at the port of its protocol. */
  readonly port?: number;
  /** The components of its path: `["pseven", "cobol"]`. */
  readonly path: readonly string[];
};

export type Reference = Repository & {
  readonly tag?: string;
  /** Where there is one it counts, and the tag is but a remark. */
  readonly digest?: Digest;
};

const label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
// Held against what was written: toLowerCase() makes a "k" of the Kelvin sign.
const hostForm = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])$`);
const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const pathForm = new RegExp(`^${component}(?:/${component})*$`);
const tagForm = /^\w[\w.-]{0,127}$/;
const digestForm = /^sha256:[a-f0-9]{64}$/;
const identifierForm = /^[a-f0-9]{64}$/;
const longestPath = 255;

/** What a name without a registry means, as everywhere. */
const docker = "docker.io";
const oldDocker = "index.docker.io";

/** @throws Failure `reference-invalid` */
export function parseReference(text: string): Reference {
  const at = text.indexOf("@");
  const named = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest))
    throw invalid(
      text,
      `what follows @ is no digest`,
      "a digest is sha256: and 64 digits 0…9, a…f",
    );
  // A colon behind the last slash begins a tag; any other belongs to a port.
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !tagForm.test(tag))
    throw invalid(
      text,
      `its tag is none`,
      "a tag has 1 to 128 letters, digits, _ . - and begins with none of . -",
    );
  const repository = parseRepository(colon < 0 ? named : named.slice(0, colon), text);
  if (digest === undefined)
    return tag === undefined ? repository : { ...repository, tag };
  return tag === undefined ? { ...repository, digest } : { ...repository, tag, digest };
}

/**
 * A registry with the beginning of a path, or without one: `registry.example.com:5000`,
 * `registry.example.com/pseven`. The registry must stand there; none is assumed.
 * @throws Failure `reference-invalid`
 */
export function parsePrefix(text: string): Repository {
  const slash = text.indexOf("/");
  const written = slash < 0 ? text : text.slice(0, slash);
  if (!/[.:]/.test(written) && written !== "localhost")
    throw invalid(
      text,
      "no registry stands before the path",
      "write HOST/PATH or HOST:PORT/PATH; Docker's own registry is docker.io",
    );
  const where = parseHost(written, text);
  return { ...where, path: slash < 0 ? [] : parsePath(text.slice(slash + 1), text) };
}

export function isDigest(text: string): text is Digest {
  return digestForm.test(text);
}

export function isTag(text: string): boolean {
  return tagForm.test(text);
}

/** `registry.example.com:5000`. */
export function registryName({ host, port }: Repository): string {
  return port === undefined ? host : `${host}:${port}`;
}

/** `registry.example.com:5000/pseven/cobol`. */
export function repositoryName(repository: Repository): string {
  return [registryName(repository), ...repository.path].join("/");
}

/** All of it; what is printed parses to the same. */
export function referenceName(reference: Reference): string {
  const { tag, digest } = reference;
  return (
    repositoryName(reference) +
    (tag === undefined ? "" : `:${tag}`) +
    (digest === undefined ? "" : `@${digest}`)
  );
}

export function isSameRepository(one: Repository, other: Repository): boolean {
  return repositoryName(one) === repositoryName(other);
}

/** Whether `repository` is `prefix` or below it, component by component. */
export function isWithin(repository: Repository, prefix: Repository): boolean {
  return (
    repository.host === prefix.host &&
    repository.port === prefix.port &&
    repository.path.length >= prefix.path.length &&
    prefix.path.every((part, index) => repository.path[index] === part)
  );
}

/** Whether it says which registry; nothing is said of whether it is a reference. */
export function hasRegistry(text: string): boolean {
  const first = text.slice(0, Math.max(0, text.indexOf("/")));
  return looksLikeHost(first) && hostForm.test(first.replace(/:[^:\]]*$/, ""));
}

function parseRepository(name: string, text: string): Repository {
  if (identifierForm.test(name))
    throw invalid(text, "it is a bare identifier", "write repository@sha256:…");
  const slash = name.indexOf("/");
  const first = slash < 0 ? undefined : name.slice(0, slash);
  if (first === undefined || !looksLikeHost(first)) {
    const path = parsePath(slash < 0 ? `library/${name}` : name, text);
    return { host: docker, path };
  }
  const where = parseHost(first, text);
  const path = parsePath(name.slice(slash + 1), text);
  const isDocker = where.host === docker && where.port === undefined;
  return {
    ...where,
    path: isDocker && path.length === 1 ? ["library", ...path] : path,
  };
}

function looksLikeHost(first: string): boolean {
  return /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
}

function parseHost(written: string, text: string): Omit<Repository, "path"> {
  // A colon within brackets belongs to an IPv6 address.
  const colon = written.lastIndexOf(":");
  const hasPort = colon > written.lastIndexOf("]");
  const named = hasPort ? written.slice(0, colon) : written;
  if (!hostForm.test(named))
    throw invalid(
      text,
      "its registry is no name of a host",
      "write HOST/PATH or HOST:PORT/PATH, without https:// and without a user",
    );
  if (!/[.:]/.test(written) && written !== "localhost")
    throw invalid(
      text,
      `${printable(written)} could be a registry or a path`,
      "a path is written in lower case; a registry has a dot or a port",
    );
  const name = named.toLowerCase();
  if (!hasPort) return { host: name === oldDocker ? docker : name };
  const port = written.slice(colon + 1);
  if (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65_535)
    throw invalid(text, "its port is none", "a port is a number of 1…65535");
  return { host: name, port: Number(port) };
}

function parsePath(path: string, text: string): readonly string[] {
  if (!pathForm.test(path)) {
    if (path !== path.toLowerCase())
      throw invalid(text, "its path has capital letters", "write it in lower case");
    throw invalid(
      text,
      "its path is none",
      "between slashes stand a…z and 0…9, with . _ __ or - between them",
    );
  }
  if (path.length > longestPath)
    throw invalid(
      text,
      `its path is longer than ${longestPath} characters`,
      "no registry takes a longer one",
    );
  return path.split("/");
}

function invalid(text: string, what: string, hint: string): Failure {
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return new Failure(
    "reference-invalid",
    `${printable(shown) || "nothing"} names no image: ${what}`,
    hint,
  );
}
