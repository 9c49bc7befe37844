/** What is a reference of an image, what is none, and what it is made of. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "../src/contract/failure.ts";
import {
  hasRegistry,
  isWithin,
  parsePrefix,
  parseReference,
  type Reference,
  referenceName,
  repositoryName,
} from "../src/contract/image-reference.ts";

const hex = "0123456789abcdef".repeat(4);
const digest = `sha256:${hex}`;

/** [what is written, host, port, path, tag, digest] */
type Row = [string, string, number | undefined, string, (string | undefined)?, string?];

describe.each<Row>([
  ["a", "docker.io", undefined, "library/a"],
  ["ubuntu:22.04", "docker.io", undefined, "library/ubuntu", "22.04"],
  ["5000", "docker.io", undefined, "library/5000"],
  ["localhost", "docker.io", undefined, "library/localhost"],
  ["example.com", "docker.io", undefined, "library/example.com"],
  ["example.com:5000", "docker.io", undefined, "library/example.com", "5000"],
  ["team/tool", "docker.io", undefined, "team/tool"],
  ["team/tool/part:1", "docker.io", undefined, "team/tool/part", "1"],
  ["docker.io/a", "docker.io", undefined, "library/a"],
  ["docker.io/library/a", "docker.io", undefined, "library/a"],
  ["index.docker.io/a", "docker.io", undefined, "library/a"],
  ["index.docker.io/b/a", "docker.io", undefined, "b/a"],
  ["docker.io:443/a", "docker.io", 443, "a"],
  ["localhost/a", "localhost", undefined, "a"],
  ["localhost:5000/a:b", "localhost", 5000, "a", "b"],
  ["127.0.0.1:5000/a/b", "127.0.0.1", 5000, "a/b"],
  ["127.1/a", "127.1", undefined, "a"],
  ["[::1]:5000/a", "[::1]", 5000, "a"],
  ["[2001:DB8::1]/a:1", "[2001:db8::1]", undefined, "a", "1"],
  ["Registry.Example.COM/a", "registry.example.com", undefined, "a"],
  ["REGISTRY:5000/a", "registry", 5000, "a"],
  [
    "registry.example.com/pseven/cobol:42",
    "registry.example.com",
    undefined,
    "pseven/cobol",
    "42",
  ],
  ["r.io/a@" + digest, "r.io", undefined, "a", undefined, digest],
  ["r.io/a:t@" + digest, "r.io", undefined, "a", "t", digest],
  ["r.io/a.b_c__d-e---f", "r.io", undefined, "a.b_c__d-e---f"],
  ["r.io/a:" + "t".repeat(128), "r.io", undefined, "a", "t".repeat(128)],
  ["r.io/a:_under.dot-dash", "r.io", undefined, "a", "_under.dot-dash"],
  ["r.io/a:UPPER", "r.io", undefined, "a", "UPPER"],
  ["xn--80ak6aa92e.com/a", "xn--80ak6aa92e.com", undefined, "a"],
  ["r.io/" + "a".repeat(255), "r.io", undefined, "a".repeat(255)],
  [hex.slice(1), "docker.io", undefined, `library/${hex.slice(1)}`],
  ["r.io:65535/a", "r.io", 65535, "a"],
])("%s", (text, host, port, path, tag, digest) => {
  it("is taken apart", () => {
    const reference = parseReference(text);
    expect(reference.host).toBe(host);
    expect(reference.port).toBe(port);
    expect(reference.path.join("/")).toBe(path);
    expect(reference.tag).toBe(tag);
    expect(reference.digest).toBe(digest);
  });
  it("is printed as what means the same", () => {
    const reference = parseReference(text);
    expect(parseReference(referenceName(reference))).toEqual(reference);
  });
});

it.each([
  "",
  " ",
  "/",
  ":",
  "@",
  ":tag",
  "a:",
  "a@",
  "a:b:c",
  "a/",
  "/a",
  "a//b",
  "a/./b",
  "a/../b",
  "..",
  ".a",
  "a.",
  "-a",
  "a-",
  "_a",
  "a_",
  "a___b",
  "a..b",
  "a._b",
  "a b",
  "A",
  "a/B",
  "r.io/A",
  "Team/tool",
  "LOCALHOST/a",
  hex,
  `${hex}:t`,
  "a:-t",
  "a:.t",
  "a:t+1",
  "a:" + "t".repeat(129),
  "a:t/b",
  "https://r.io/a",
  "http://r.io/a",
  "r.io:/a",
  "r.io:0/a",
  "r.io:00/a",
  "r.io:05/a",
  "r.io:65536/a",
  "r.io:123456/a",
  "r.io:-1/a",
  "r.io:80x/a",
  "r.io:5000:5000/a",
  "user@r.io/a",
  "user:pass@r.io/a",
  "r.io/a@sha256:abc",
  `r.io/a@SHA256:${hex}`,
  `r.io/a@sha256:${hex.toUpperCase()}`,
  `r.io/a@sha512:${hex}${hex}`,
  `r.io/a@${hex}`,
  `r.io/a@${digest}@${digest}`,
  `r.io/a@${digest}:t`,
  `r.io/a@${digest} `,
  `@${digest}`,
  "r.io/",
  "r..io/a",
  ".io/a",
  "r.io./a",
  "-r.io/a",
  "r-.io/a",
  "[::1]",
  "[::1/a",
  "::1/a",
  "[::1%25lo]/a",
  "[g::1]/a",
  "[]/a",
  "[::1]5000/a",
  "r_x.io/a",
  "r.io/a?b",
  "r.io/a#b",
  "r.io\\a",
  "r.io/a\\b",
  "r.io/a%2fb",
  "r.io/%61",
  "r.io/a\n",
  "\nr.io/a",
  "r.io/a:t\n",
  "r.io/a\0",
  "r.io\t/a",
  "r.io/ä",
  "reg\u0131stry.io/a",
  "r\u212A.io/a",
  "R\u212A.io/a",
  "r.io/\u212A",
  "пример.рф/a",
  "r。io/a",
  "r.io/a\ud800",
  "r.io/" + "a".repeat(256),
  "r.io/" + "a/".repeat(128) + "a",
  "*.io/a",
  "r.io/*",
])("%j is refused, with what to do", (text) => {
  let failure: unknown;
  try {
    parseReference(text);
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(Failure);
  const { code, message, hint } = failure as Failure;
  expect(code).toBe("reference-invalid");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
  expect(message + hint).not.toMatch(/[\u0000-\u001f\ud800-\udfff]/);
  expect(hint.length).toBeGreaterThan(10);
});

describe("the beginning of approved names", () => {
  it.each([
    ["registry.example.com", "registry.example.com"],
    ["registry.example.com:5000/pseven/calc", "registry.example.com:5000/pseven/calc"],
    ["localhost", "localhost"],
    ["index.docker.io/library", "docker.io/library"],
    ["Example.com/a", "example.com/a"],
    ["[::1]:80/a", "[::1]:80/a"],
  ])("%s", (text, name) => {
    expect(repositoryName(parsePrefix(text))).toBe(name);
  });

  it.each([
    "",
    "pseven",
    "pseven/calc",
    "r.io/",
    "r.io/a/",
    "r.io//a",
    "r.io/a:1",
    `r.io/a@${digest}`,
    "https://r.io",
    "*.io",
    "R/a",
    "r.io/*",
    "r.io/A",
  ])("%j is none", (text) => {
    expect(() => parsePrefix(text)).toThrow(Failure);
  });

  it.each<[string, string, boolean]>([
    ["r.io/a/b", "r.io", true],
    ["r.io/a/b", "r.io/a", true],
    ["r.io/a/b", "r.io/a/b", true],
    ["r.io/a/b", "r.io/a/b/c", false],
    ["r.io/ab", "r.io/a", false],
    ["r.io/a-evil/b", "r.io/a", false],
    ["r.io.evil.com/a", "r.io", false],
    ["evil-r.io/a", "r.io", false],
    ["r.io:5000/a", "r.io", false],
    ["r.io/a", "r.io:5000", false],
    ["r.io:443/a", "r.io", false],
    ["R.IO/a", "r.io", true],
    ["a", "docker.io/library", true],
    ["index.docker.io/library/a", "docker.io", true],
    ["r.io/a", "docker.io", false],
    // Docker's own registry, and a path in it that looks like a registry's name.
    ["docker.io/r.io/a", "r.io", false],
  ])("%s in %s: %s", (text, prefix, expected) => {
    expect(isWithin(parseReference(text), parsePrefix(prefix))).toBe(expected);
  });
});

it.each([
  ["r.io/a", true],
  ["localhost/a", true],
  ["[::1]:5000/a", true],
  ["r:5000/a:1", true],
  ["a", false],
  ["a/b", false],
  ["./a", false],
  ["../a", false],
  ["/a.b/c", false],
  ["image.tar", false],
  ["a.b", false],
])("that %s has a registry: %s", (text, expected) => {
  expect(hasRegistry(text)).toBe(expected);
});

const letters = (alphabet: string, least: number, most: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: least, maxLength: most });
const word = letters("abz019", 1, 5);
const component = fc
  .tuple(word, fc.array(fc.tuple(fc.constantFrom(".", "_", "__", "-", "---"), word)))
  .map(([first, rest]) => first + rest.map((parts) => parts.join("")).join(""));
const label = fc
  .tuple(word, fc.constantFrom("", "-", "--"), word)
  .map((all) => all.join(""));
const host = fc.oneof(
  fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join(".")),
  fc.constantFrom("localhost", "[::1]", "[2001:db8::1]", "192.0.2.1"),
);
const written = fc
  .record({
    host,
    port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
    path: fc.array(component, { minLength: 1, maxLength: 3 }),
    tag: fc.option(
      fc
        .tuple(letters("aZ0_", 1, 1), letters("aZ0_.-", 0, 20))
        .map((all) => all.join("")),
      { nil: undefined },
    ),
    digest: fc.option(letters("0123456789abcdef", 64, 64), { nil: undefined }),
  })
  .filter(({ path }) => path.join("/").length <= 255);

describe("of any", () => {
  it("parts, the same come back", () => {
    fc.assert(
      fc.property(written, ({ host, port, path, tag, digest }) => {
        const reference: Reference = {
          host,
          path,
          ...(port === undefined ? {} : { port }),
          ...(tag === undefined ? {} : { tag }),
          ...(digest === undefined ? {} : { digest: `sha256:${digest}` }),
        };
        expect(parseReference(referenceName(reference))).toEqual(reference);
      }),
    );
  });

  it("text, it is refused or printed as what parses to the same", () => {
    const pieces = fc.constantFrom(
      ..."aZ0.-_:/@[]%?# ",
      "r.io",
      "sha256:",
      hex,
      "localhost",
      "docker.io",
      "\u212A",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces, { maxLength: 12 }).map((all) => all.join("")),
          fc.string(),
        ),
        (text) => {
          let reference: Reference;
          try {
            reference = parseReference(text);
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
            return;
          }
          expect(parseReference(referenceName(reference))).toEqual(reference);
          expect(referenceName(reference)).toMatch(/^[a-zA-Z0-9.:/_@[\]-]+$/);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("image, nothing but its own registry and path is what it is within", () => {
    fc.assert(
      fc.property(written, written, (one, other) => {
        const name = ({ host, port, path }: typeof one) =>
          [port === undefined ? host : `${host}:${port}`, ...path].join("/");
        const inner = parseReference(name(one));
        const prefix = parsePrefix(name(other));
        expect(isWithin(inner, prefix)).toBe(
          `${repositoryName(inner)}/`.startsWith(`${repositoryName(prefix)}/`),
        );
      }),
    );
  });
});
