/** Images that must be signed by an identity, as Sigstore has them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { approve, entry, policyFile, prefix, push } from "./support/approving.ts";
import { describeWhere } from "./support/machine.ts";
import { hasRegistry, startRegistry, type TestRegistry } from "./support/registry.ts";
import { workspace } from "./support/sidecar.ts";
import {
  attach,
  makeKeys,
  payload,
  type Signature,
  type Sigstore,
  signWith,
  startSigstore,
} from "./support/signing.ts";

const needs = { "docker-registry": hasRegistry };

/** What cosign keeps of an entry of the log. */
type LogBundle = {
  SignedEntryTimestamp: string;
  Payload: { body: string; integratedTime: number; logID: string };
};

describeWhere(needs, "an image that must be signed by an identity", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
  });

  const identity = {
    issuer: "https://accounts.example.com",
    subject: "https://ci.example.com/pseven/images/release.yml@refs/heads/main",
  };
  let sigstore: Sigstore;
  let another: Sigstore;
  beforeAll(async () => {
    sigstore = await startSigstore();
    another = await startSigstore();
  });
  const demand = (more: object = {}) =>
    policyFile(
      [
        entry(registry, "", {
          signedBy: [{ ...identity, trustedRoot: "root.json", ...more }],
        }),
      ],
      { "root.json": JSON.stringify(sigstore.trustedRoot) },
    );
  type Made = Promise<Signature>;

  it("is approved when it is", async () => {
    const { path, repository, digest, reference } = await push(registry);
    const signature = await sigstore.sign(identity, payload({ repository, digest }));
    await attach(registry.name, path, digest, [signature]);
    expect(await approve(reference, { file: demand() })).toMatchObject({
      verdict: "approved",
      signer: identity,
    });
    const trusted = join(workspace(), "root.json");
    writeFileSync(trusted, JSON.stringify(sigstore.trustedRoot));
    const variables = {
      [prefix]: registry.name,
      [`${prefix}__ISSUER`]: identity.issuer,
      [`${prefix}__SUBJECT`]: identity.subject,
      [`${prefix}__TRUSTED_ROOT`]: trusted,
    };
    expect((await approve(reference, { variables })).verdict).toBe("approved");
  });

  it.each<[string, object]>([
    ["the beginning of a subject", { subject: identity.subject.slice(0, -1) }],
    ["more than a subject", { subject: `${identity.subject}x` }],
    ["a pattern", { subject: "https://ci.example.com/.*" }],
    ["another issuer", { issuer: "https://accounts.example.org" }],
  ])(
    "is denied when the policy has %s: both are compared as they are",
    async (_, more) => {
      const { path, repository, digest, reference } = await push(registry);
      const signature = await sigstore.sign(identity, payload({ repository, digest }));
      await attach(registry.name, path, digest, [signature]);
      const verdict = await approve(reference, { file: demand(more) });
      expect(verdict.verdict).toBe("denied");
      expect(verdict.reasons![0]).toContain(identity.subject);
    },
  );

  const without = (signature: Signature, name: string): Signature => {
    const { [name]: _, ...annotations } = signature.annotations;
    return { ...signature, annotations };
  };
  const bundleName = "dev.sigstore.cosign/bundle";
  const certificateName = "dev.sigstore.cosign/certificate";
  const changed = (
    signature: Signature,
    change: (bundle: LogBundle) => void,
  ): Signature => {
    const bundle = JSON.parse(signature.annotations[bundleName]!);
    change(bundle);
    const annotations = {
      ...signature.annotations,
      [bundleName]: JSON.stringify(bundle),
    };
    return { ...signature, annotations };
  };
  it.each<[string, RegExp, (statement: Buffer) => Made]>([
    [
      "by somebody else",
      /^it is https:\/\/evil/,
      (one) => sigstore.sign({ ...identity, subject: "https://evil.example.com" }, one),
    ],
    [
      "as another issuer says",
      /as https:\/\/evil\S+ says$/,
      (one) => sigstore.sign({ ...identity, issuer: "https://evil.example.com" }, one),
    ],
    [
      "with another authority's certificate",
      /certificate chain/,
      (one) => another.sign(identity, one),
    ],
    [
      "without a certificate",
      /no certificate/,
      async (one) => without(await sigstore.sign(identity, one), certificateName),
    ],
    [
      "without an entry of the log",
      /no entry/,
      async (one) => without(await sigstore.sign(identity, one), bundleName),
    ],
    [
      "with a certificate of another signature",
      /signature verification/,
      async (one) => {
        const signature = await sigstore.sign(identity, one);
        const other = await sigstore.sign(identity, one);
        const certificate = other.annotations[certificateName]!;
        const annotations = {
          ...signature.annotations,
          [certificateName]: certificate,
        };
        return { ...signature, annotations };
      },
    ],
    [
      "with an entry of another signature",
      /signature mismatch/,
      async (one) => {
        const signature = await sigstore.sign(identity, one);
        const other = await sigstore.sign(identity, one);
        const entry = other.annotations[bundleName]!;
        return {
          ...signature,
          annotations: { ...signature.annotations, [bundleName]: entry },
        };
      },
    ],
    [
      "at another time",
      /promise could not/,
      async (one) =>
        changed(await sigstore.sign(identity, one), ({ Payload }) => {
          Payload.integratedTime += 1;
        }),
    ],
    [
      "without the log's promise",
      /promise could not/,
      async (one) =>
        changed(await sigstore.sign(identity, one), (bundle) => {
          bundle.SignedEntryTimestamp = "";
        }),
    ],
    [
      "in another log",
      /promise could not/,
      async (one) =>
        changed(await sigstore.sign(identity, one), ({ Payload }) => {
          Payload.logID = "0".repeat(64);
        }),
    ],
    [
      "with nonsense of a log",
      /JSON/,
      async (one) =>
        changed(await sigstore.sign(identity, one), ({ Payload }) => {
          Payload.body = "bm9uc2Vuc2U=";
        }),
    ],
    [
      "with nonsense of a certificate",
      /invalid/,
      async (one) => {
        const signature = await sigstore.sign(identity, one);
        const annotations = {
          ...signature.annotations,
          [certificateName]: "nonsense",
        };
        return { ...signature, annotations };
      },
    ],
    [
      "by a key",
      /no certificate/,
      async (one) => signWith(makeKeys["ECDSA P-256"]().privateKey, one),
    ],
    [
      "with other bytes",
      /digest mismatch/,
      async (one) => {
        const signature = await sigstore.sign(identity, one);
        return { ...signature, payload: Buffer.concat([one, Buffer.from(" ")]) };
      },
    ],
  ])("is denied when it is signed %s", async (_, reason, make) => {
    const { path, repository, digest, reference } = await push(registry);
    await attach(registry.name, path, digest, [
      await make(payload({ repository, digest })),
    ]);
    const verdict = await approve(reference, { file: demand() });
    expect(verdict).toMatchObject({ verdict: "denied", digest });
    expect(verdict.reasons).toEqual([expect.stringMatching(reason)]);
  });

  it.each(["nothing", "{}", "[]"])(
    "cannot be checked with the root %s",
    async (text) => {
      const file = policyFile(
        [
          entry(registry, "", {
            signedBy: [{ ...identity, trustedRoot: "root.json" }],
          }),
        ],
        { "root.json": text },
      );
      const { reference } = await push(registry);
      const { failure } = await approve(reference, { file });
      expect(failure!.code).toBe("approval-policy-invalid");
    },
  );
});
