/** What registries write in headers, and what is made of it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { Environment } from "../src/contract/environment.ts";
import { parseChallenge } from "../src/image/registry/challenge.ts";
import { findCredentials } from "../src/image/registry/credentials.ts";
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
        for await (const chunk of chunksOf(given, size))
          chunks.push(Uint8Array.from(chunk));
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

describe("who somebody is", () => {
  const directory = mkdtempSync(join(tmpdir(), "sidecar-credentials-"));
  afterAll(() => rmSync(directory, { recursive: true }));
  const auth = (login: string) => ({ auth: Buffer.from(login).toString("base64") });
  const find = (registry: string, auths: unknown) => {
    writeFileSync(join(directory, "config.json"), JSON.stringify({ auths }));
    return findCredentials(registry, new Environment([`DOCKER_CONFIG=${directory}`]));
  };
  const me = { kind: "password", user: "me", password: "x" };

  it.each([
    ["docker.io", { "https://index.docker.io/v1/": auth("me:x") }, me],
    ["r.io", { "r.io": auth("me:x"), "https://r.io/v1/": auth("other:y") }, me],
    ["r.io:5000", { "r.io": auth("other:y"), "http://r.io:5000": auth("me:x") }, me],
    [
      "r.io",
      { "r.io:5000": auth("other:y"), "r.io.evil.com": auth("other:y") },
      undefined,
    ],
    ["r.io", { "r.io": {} }, undefined],
    ["r.io", { "r.io": { auth: "" } }, undefined],
    ["r.io", {}, undefined],
    ["r.io", undefined, undefined],
    [
      "r.io",
      { "r.io": { ...auth("me:x"), identitytoken: "t" } },
      { kind: "token", token: "t" },
    ],
  ])("to %s, by %j", async (registry, auths, expected) => {
    expect(await find(registry, auths)).toEqual(expected);
  });

  it("is nobody, where nothing is written down", async () => {
    expect(await findCredentials("r.io", new Environment([]))).toBe(undefined);
    expect(await findCredentials("r.io", new Environment(["HOME=/nowhere"]))).toBe(
      undefined,
    );
  });
});
