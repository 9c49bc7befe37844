/** Images that must be signed by a key, as cosign signs them. */
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { approve, entry, policyFile, prefix, push } from "./support/approving.ts";
import { type FaultyWay, startFaultyWay } from "./support/faulty.ts";
import { describeWhere } from "./support/machine.ts";
import { hasRegistry, startRegistry, type TestRegistry } from "./support/registry.ts";
import { workspace } from "./support/sidecar.ts";
import {
  attach,
  makeKeys,
  payload,
  pem,
  type Signature,
  signatureAnnotation,
  signWith,
} from "./support/signing.ts";

const needs = { "docker-registry": hasRegistry };

describeWhere(needs, "an image that must be signed by a key", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
  });

  const keys = makeKeys["ECDSA P-256"]();
  const others = makeKeys["ECDSA P-256"]();
  const demand = (more: object = {}) =>
    policyFile(
      [entry(registry, "pseven", { signedBy: [{ key: "cosign.pub" }], ...more })],
      {
        "cosign.pub": pem(keys.publicKey),
      },
    );

  it.each(Object.entries(makeKeys))("%s, is approved when it is", async (_, make) => {
    const { publicKey, privateKey } = make();
    const { path, repository, digest, reference } = await push(registry);
    const signature = signWith(privateKey, payload({ repository, digest }));
    await attach(registry.name, path, digest, [signature]);
    const key = join(workspace(), "cosign.pub");
    writeFileSync(key, pem(publicKey));
    const variables = { [prefix]: registry.name, [`${prefix}__KEY`]: key };
    expect(await approve(reference, { variables })).toMatchObject({
      verdict: "approved",
      digest,
      signer: { key },
    });
  });

  it("is approved when one of many signatures is by one of many who may", async () => {
    const { path, repository, digest, reference } = await push(registry);
    const statement = payload({ repository, digest });
    await attach(registry.name, path, digest, [
      signWith(others.privateKey, statement),
      { ...signWith(keys.privateKey, statement), mediaType: "text/plain" },
      signWith(keys.privateKey, statement),
    ]);
    const file = policyFile(
      [entry(registry, "", { signedBy: [{ key: "one.pub" }, { key: "two.pub" }] })],
      { "one.pub": pem(makeKeys.RSA().publicKey), "two.pub": pem(keys.publicKey) },
    );
    const verdict = await approve(reference, { file });
    expect(verdict).toMatchObject({ verdict: "approved" });
    expect(JSON.stringify(verdict.signer)).toContain("two.pub");
  });

  it("is denied when it is not", async () => {
    const { reference, digest } = await push(registry);
    expect(await approve(reference, { file: demand() })).toMatchObject({
      verdict: "denied",
      digest,
      reasons: ["there is no signature"],
    });
  });

  type Case = { repository: string; digest: string };
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  it.each<[string, (one: Case) => Signature, RegExp]>([
    [
      "by another key",
      (one) => signWith(others.privateKey, payload(one)),
      /not of a key/,
    ],
    [
      "for another image",
      (one) =>
        signWith(
          keys.privateKey,
          payload({ ...one, digest: `sha256:${"1".repeat(64)}` }),
        ),
      /of another image/,
    ],
    [
      "for another repository",
      (one) =>
        signWith(
          keys.privateKey,
          payload({ ...one, repository: `${one.repository}-evil` }),
        ),
      /of another repository/,
    ],
    [
      "for another registry",
      (one) =>
        signWith(
          keys.privateKey,
          payload({ ...one, repository: "registry.example.com/pseven/a" }),
        ),
      /of another repository/,
    ],
    [
      "for no repository",
      (one) => signWith(keys.privateKey, payload({ ...one, repository: "" })),
      /of another repository/,
    ],
    [
      "for another tag",
      (one) =>
        signWith(
          keys.privateKey,
          payload({ ...one, repository: `${one.repository}:41` }),
        ),
      /of another tag, 41/,
    ],
    [
      "as something else",
      (one) =>
        signWith(
          keys.privateKey,
          payload({ ...one, type: "atomic container signature" }),
        ),
      /no statement about an image/,
    ],
    [
      "as no statement",
      () => signWith(keys.privateKey, Buffer.from("{}")),
      /no statement/,
    ],
    [
      "as no JSON",
      () => signWith(keys.privateKey, Buffer.from("yes!")),
      /no statement/,
    ],
    [
      "with other bytes",
      (one) => ({
        ...signWith(keys.privateKey, payload(one)),
        payload: Buffer.concat([payload(one), Buffer.from(" ")]),
      }),
      /not of a key/,
    ],
    [
      "by nonsense",
      (one) => ({
        payload: payload(one),
        annotations: { [signatureAnnotation]: base64("nonsense") },
      }),
      /not of a key/,
    ],
    [
      "by nothing",
      (one) => ({ payload: payload(one), annotations: {} }),
      /no signature/,
    ],
    [
      "with a statement without an end",
      (one) =>
        signWith(
          keys.privateKey,
          payload({ ...one, optional: { x: "x".repeat(100_000) } }),
        ),
      /statement of 1\d+ bytes/,
    ],
  ])("is denied when it is signed %s", async (_, make, reason) => {
    const { path, repository, digest, reference } = await push(registry);
    await attach(registry.name, path, digest, [make({ repository, digest })]);
    const verdict = await approve(reference, { file: demand() });
    expect(verdict).toMatchObject({ verdict: "denied", digest });
    expect(verdict.reasons!.join("\n")).toMatch(reason);
  });

  it("is denied when the signature is another image's, copied to it", async () => {
    const signed = await push(registry);
    const { path, digest, reference } = await push(registry);
    const statement = payload({
      repository: signed.repository,
      digest: signed.digest,
    });
    await attach(registry.name, path, digest, [signWith(keys.privateKey, statement)]);
    expect((await approve(reference, { file: demand() })).verdict).toBe("denied");
  });

  it("may have to have its tag signed too", async () => {
    const { path, repository, digest, reference } = await push(registry);
    const sign = (claim: unknown) =>
      attach(registry.name, path, digest, [
        signWith(
          keys.privateKey,
          payload({ repository, digest, optional: { tag: claim } }),
        ),
      ]);
    const file = demand({ tagClaim: "tag" });
    await sign("42");
    expect((await approve(reference, { file })).verdict).toBe("approved");
    const byDigest = await approve(`${repository}@${digest}`, { file });
    expect(byDigest.reasons).toEqual(["no tag was asked for that tag could be"]);
    await sign("41");
    expect((await approve(reference, { file })).reasons![0]).toContain('"41"');
    await sign(undefined);
    expect((await approve(reference, { file })).reasons![0]).toContain("missing");
  });

  it("must be signed where the longest entry says so, whatever others say", async () => {
    const { reference } = await push(registry);
    const file = policyFile(
      [
        entry(registry),
        entry(registry, "pseven/calc", { signedBy: [{ key: "cosign.pub" }] }),
        entry(registry, "pseven"),
      ],
      { "cosign.pub": pem(keys.publicKey) },
    );
    expect(await approve(reference, { file })).toMatchObject({
      verdict: "denied",
      entry: `${registry.name}/pseven/calc`,
    });
  });

  it.each<[string, () => string]>([
    ["no key", () => "nothing"],
    [
      "a private key",
      () => keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ],
    [
      "an RSA key that is short",
      () => pem(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey),
    ],
    [
      "a key of another curve",
      () => pem(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey),
    ],
  ])("cannot be checked with %s", async (_, text) => {
    const file = policyFile(
      [entry(registry, "", { signedBy: [{ key: "cosign.pub" }] })],
      {
        "cosign.pub": text(),
      },
    );
    const { reference } = await push(registry);
    const { failure } = await approve(reference, { file });
    expect(failure!.code).toBe("approval-policy-invalid");
    expect(failure!.message).toContain("cosign.pub");
  });

  describe("on a bad line", () => {
    let way: FaultyWay;
    beforeAll(async () => {
      way = await startFaultyWay(registry.name);
    });

    it("cannot be checked where the signature is not had: that is no denial", async () => {
      const { path, digest } = await push(registry);
      const repository = `${way.name}/${path}`;
      await attach(registry.name, path, digest, [
        signWith(keys.privateKey, payload({ repository, digest })),
      ]);
      const [host, port] = way.name.split(":");
      const file = policyFile(
        [{ host, port: Number(port), signedBy: [{ key: "cosign.pub" }] }],
        { "cosign.pub": pem(keys.publicKey) },
      );
      const asked = `${repository}:42`;
      expect((await approve(asked, { file })).verdict).toBe("approved");
      way.fault = (one, { response }) => {
        if (!one.path.endsWith(".sig")) return "on";
        response.writeHead(503, { "retry-after": "3600" });
        response.end();
        return undefined;
      };
      const { verdict, failure } = await approve(asked, { file });
      expect({ verdict, code: failure!.code }).toEqual({
        verdict: "could-not-check",
        code: "registry-unreachable",
      });
      way.fault = () => "on";
    });

    it("is looked up by its tag once: another answer later changes nothing", async () => {
      const { path, digest } = await push(registry);
      const other = await push(registry);
      const repository = `${way.name}/${path}`;
      await attach(registry.name, path, digest, [
        signWith(keys.privateKey, payload({ repository, digest })),
      ]);
      let lookups = 0;
      way.fault = (one, { response, pass }) => {
        if (!one.path.endsWith("/manifests/42")) return "on";
        lookups += 1;
        if (lookups > 1) {
          response.writeHead(302, {
            location: `http://${registry.name}/v2/${other.path}/manifests/42`,
          });
          response.end();
        } else pass({});
        return undefined;
      };
      const [host, port] = way.name.split(":");
      const file = policyFile(
        [{ host, port: Number(port), signedBy: [{ key: "cosign.pub" }] }],
        { "cosign.pub": pem(keys.publicKey) },
      );
      const verdict = await approve(`${repository}:42`, { file });
      expect(verdict).toMatchObject({ verdict: "approved", digest });
      expect(lookups).toBe(1);
      way.fault = () => "on";
    });
  });
});
