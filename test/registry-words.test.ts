/** What registries write in headers, and what is made of it. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseChallenge } from "../src/image/registry/challenge.ts";
import { retryAfter } from "../src/image/registry/patience.ts";
import { isLoopback } from "../src/image/registry/transport.ts";
import { chunksOf } from "../src/image/registry/upload.ts";

describe("WWW-Authenticate", () => {
  it.each([
    ['Basic realm="x"', { scheme: "basic" }],
    ["Basic", { scheme: "basic" }],
    ["basic realm=x", { scheme: "basic" }],
    [
      'Bearer realm="https://auth.example.com/token",service="registry"',
      {
        scheme: "bearer",
        realm: "https://auth.example.com/token",
        service: "registry",
      },
    ],
    [
      'bearer Realm="https://a/t" , SERVICE=r , scope="repository:a/b:pull,push"',
      {
        scheme: "bearer",
        realm: "https://a/t",
        service: "r",
        scope: "repository:a/b:pull,push",
      },
    ],
    ['Bearer realm="a\\"b\\\\c"', { scheme: "bearer", realm: 'a"b\\c' }],
    [
      'Basic realm="x", Bearer realm="https://a/t"',
      { scheme: "bearer", realm: "https://a/t" },
    ],
    [
      'Negotiate, Bearer realm="https://a/t", Basic realm="y"',
      { scheme: "bearer", realm: "https://a/t" },
    ],
    ['Bearer service="no realm"', undefined],
    ['Bearer service="no realm", Basic realm=x', { scheme: "basic" }],
    ["Digest realm=x", undefined],
    ["", undefined],
    ["====", undefined],
    ['Bearer realm="open', undefined],
  ])("%s", (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });

  it("of any form is understood or not, and nothing else", () => {
    const pieces = fc.constantFrom(
      "Bearer",
      "Basic",
      " ",
      ",",
      "=",
      '"',
      "\\",
      "realm",
      "x",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const challenge = parseChallenge(parts.join(""));
        expect([undefined, "basic", "bearer"]).toContain(challenge?.scheme);
      }),
    );
  });
});

it.each([
  [null, undefined],
  ["0", 0],
  ["17", 17_000],
  ["Fri, 27 Nov 2026 12:00:10 GMT", 10_000],
  ["Fri, 27 Nov 2026 11:00:00 GMT", 0],
  ["soon", undefined],
  ["-5", undefined],
])("Retry-After: %s means %s ms", (value, expected) => {
  const now = Date.parse("2026-11-27T12:00:00Z");
  expect(retryAfter(value, now)).toBe(expected);
});

it.each([
  ["localhost", true],
  ["127.0.0.1", true],
  ["127.8.9.10", true],
  ["[::1]", true],
  ["127.0.0.1.example.com", false],
  ["localhost.example.com", false],
  ["127.1", false],
  ["10.0.0.1", false],
  ["192.168.1.1", false],
  ["0.0.0.0", false],
  ["[::]", false],
])("that %s is this machine: %s", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

it("pieces of any size make chunks of one size, with the same bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 })),
      fc.integer({ min: 1, max: 16 }),
      async (pieces, size) => {
        const chunks: Uint8Array[] = [];
        const given = (async function* () {
          yield* pieces;
        })();
        for await (const chunk of chunksOf(given, size)) chunks.push(Uint8Array.from(chunk));
        expect(Buffer.concat(chunks).equals(Buffer.concat(pieces))).toBe(true);
        for (const chunk of chunks.slice(0, -1)) expect(chunk).toHaveLength(size);
        for (const chunk of chunks.slice(-1)) {
          expect(chunk.length).toBeGreaterThan(0);
          expect(chunk.length).toBeLessThanOrEqual(size);
        }
      },
    ),
  );
});
