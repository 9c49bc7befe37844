/** Which images are approved, which are denied, and what could not be checked. */
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { policyDocument } from "../src/image/approval/policy.ts";
import { verdictDocument } from "../src/image/approval/verdict.ts";
import { type FaultyWay, startFaultyWay } from "./support/faulty.ts";
import { multiPlatformLayout, ociLayout, writeDirectory } from "./support/images.ts";
import { describeWhere } from "./support/machine.ts";
import { root } from "./support/paths.ts";
import { hasRegistry, startRegistry, type TestRegistry } from "./support/registry.ts";
import {
  messageCodes,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";
import {
  attach,
  makeKeys,
  payload,
  pem,
  type Signature,
  type Sigstore,
  signatureAnnotation,
  signWith,
  startSigstore,
} from "./support/signing.ts";

const needs = { "docker-registry": hasRegistry };
const prefix = "DA__P7__PCLUSTER__REGISTRY";

const schema = (name: string) =>
  JSON.parse(readFileSync(join(root, `docs/schema/${name}.schema.json`), "utf8"));

const isVerdict = new Ajv2020({ strict: false }).compile(schema("sidecar-approval-1"));

/** A policy in a file, with other files beside it. */
function policyFile(registries: unknown, files: Record<string, string> = {}): string {
  const directory = workspace();
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(directory, name), text);
  const file = join(directory, "policy.json");
  writeFileSync(
    file,
    JSON.stringify({ schema: "sidecar-approval-policy-1", registries }),
  );
  return file;
}

async function approve(
  reference: string,
  how: { file?: string; variables?: Record<string, string> },
) {
  const words = ["image", "approve", reference, "--json"];
  const result = await sidecar(
    [...words, ...(how.file ? ["--policy", how.file] : [])],
    {
      environment: { ...smallEnvironment, ...how.variables },
    },
  );
  const verdict = JSON.parse(result.stdout) as z.infer<typeof verdictDocument>;
  expect(isVerdict(verdict), JSON.stringify(isVerdict.errors)).toBe(true);
  const { verdict: word, image } = verdict;
  expect(result.code).toBe({ approved: 0, denied: 1, "could-not-check": 125 }[word]);
  // Whoever takes this for a yes must be right.
  expect(image !== undefined).toBe(word === "approved");
  if (word === "could-not-check")
    expect(messageCodes(result.stderr)).toEqual([verdict.failure!.code]);
  else expect(result.stderr).toBe("");
  return verdict;
}

it.each([
  ["sidecar-approval-policy-1", policyDocument],
  ["sidecar-approval-1", verdictDocument],
])("docs/schema has %s as it is read and written", (name, document) => {
  expect(schema(name)).toEqual(z.toJSONSchema(document));
});

describeWhere(needs, "an image", () => {
  let registry: TestRegistry;
  let reference: string;
  let digest: string;
  let number = 0;

  beforeAll(async () => {
    registry = await startRegistry();
    ({ reference, digest } = await push());
  });

  /** Another image, in a repository of its own: nobody has signed it yet. */
  async function push() {
    number += 1;
    const path = `pseven/calc/cobol-${number}`;
    const layout = writeDirectory(
      await ociLayout({ layers: [{ number: String(number) }] }),
      join(workspace(), "layout"),
    );
    const { stdout, stderr } = await sidecar([
      "image",
      "push",
      "--json",
      layout,
      `${registry.name}/${path}:42`,
    ]);
    expect(stderr).toBe("");
    const { digest } = JSON.parse(stdout) as { digest: string };
    const repository = `${registry.name}/${path}`;
    return { path, repository, digest, reference: `${repository}:42` };
  }

  const here = (repository?: string, more: object = {}) => ({
    host: "127.0.0.1",
    port: registry.port,
    ...(repository ? { repository } : {}),
    ...more,
  });

  describe("without a demand for signatures", () => {
    it.each(["", "/pseven", "/pseven/calc", "/pseven/calc/cobol-1"])(
      "is approved by its registry%s, under its digest",
      async (path) => {
        const verdict = await approve(reference, {
          variables: { [prefix]: `${registry.name}${path}` },
        });
        expect(verdict).toEqual({
          schema: "sidecar-approval-1",
          verdict: "approved",
          asked: reference,
          policy: "the environment",
          image: `${reference.replace(/:42$/, "")}@${digest}`,
          digest,
          manifests: [{ digest }],
          entry: `${registry.name}${path}`,
        });
        const file = policyFile([here(path.slice(1))]);
        expect(await approve(reference, { file })).toEqual({
          ...verdict,
          policy: file,
        });
      },
    );

    it("is approved by its digest, and by tag and digest: then the digest counts", async () => {
      const variables = { [prefix]: registry.name };
      const repository = reference.replace(/:42$/, "");
      for (const asked of [
        `${repository}@${digest}`,
        `${repository}:no-such-tag@${digest}`,
      ])
        expect(await approve(asked, { variables })).toMatchObject({
          verdict: "approved",
          image: `${repository}@${digest}`,
        });
    });

    it("is approved by one of several entries", async () => {
      const variables = {
        [prefix]: "registry.example.com/pseven",
        [`${prefix}__LOCAL`]: `${registry.name}/pseven`,
      };
      expect(await approve(reference, { variables })).toMatchObject({
        verdict: "approved",
        entry: `${registry.name}/pseven`,
      });
    });

    it("of several platforms is approved with all of its digests", async () => {
      const layout = writeDirectory(
        await multiPlatformLayout(
          ["amd64", "arm64"].map((architecture) => ({
            layers: [{ a: architecture }],
            platform: { architecture },
          })),
        ),
        join(workspace(), "layout"),
      );
      const asked = `${registry.name}/pseven/many:1`;
      await sidecar(["image", "push", layout, asked]);
      const verdict = await approve(asked, { variables: { [prefix]: registry.name } });
      expect(verdict.index).toBe(verdict.digest);
      expect(verdict.image).toContain(verdict.index);
      expect(verdict.manifests!.map(({ platform }) => platform)).toEqual([
        "linux/amd64",
        "linux/arm64",
      ]);
    });

    it("is said to be so in words", async () => {
      const { stdout, code } = await sidecar(["image", "approve", reference], {
        environment: { ...smallEnvironment, [prefix]: registry.name },
      });
      expect(code).toBe(0);
      expect(stdout.split("\n")[0]).toBe(`approved ${reference}`);
      expect(stdout).toContain(`@${digest}`);
    });
  });

  describe("is denied", () => {
    const name = () => registry.name;
    it.each<[string, (own: string) => string]>([
      ["another registry", () => "registry.example.com"],
      ["another port", () => `127.0.0.1:1`],
      ["no port", () => "127.0.0.1"],
      ["another name of this machine", (own) => own.replace("127.0.0.1", "localhost")],
      ["another path", () => `${name()}/other`],
      ["a path that only begins so", () => `${name()}/pse`],
      ["a longer path", () => `${name()}/pseven/calc/cobol-1/more`],
      ["a path that ends so", () => `${name()}/calc`],
    ])("where %s is approved", async (_, where) => {
      const asked = `${name()}/pseven/calc/cobol-1:42`;
      const verdict = await approve(asked, { variables: { [prefix]: where(name()) } });
      expect(verdict).toMatchObject({
        verdict: "denied",
        reasons: [`no entry of the policy covers ${asked.replace(":42", "")}`],
      });
    });

    it("without anybody being asked", async () => {
      const way = await startFaultyWay(registry.name);
      const asked = `${way.name}/pseven/calc/cobol-1:42`;
      const verdict = await approve(asked, { variables: { [prefix]: registry.name } });
      expect(verdict.verdict).toBe("denied");
      expect(way.asked).toEqual([]);
    });

    it.each(["tool", "library/tool:1", "docker.io/library/tool"])(
      "if it is Docker's %s",
      async (asked) => {
        const verdict = await approve(asked, {
          variables: { [prefix]: registry.name },
        });
        expect(verdict.verdict).toBe("denied");
        expect(verdict.reasons![0]).toContain("docker.io/library/tool");
      },
    );

    it("in words", async () => {
      const { stdout, stderr, code } = await sidecar(["image", "approve", reference], {
        environment: { ...smallEnvironment, [prefix]: "registry.example.com" },
      });
      expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
      expect(stdout).toMatch(/^denied .*\n(.*\n)*.*because.*no entry of the policy/);
    });
  });

  describe("cannot be checked", () => {
    it.each<[string, string, Record<string, string>]>([
      ["there is no policy", "approval-policy-missing", {}],
      [
        "the registry is not there",
        "registry-unreachable",
        { [prefix]: "127.0.0.1:1" },
      ],
    ])("where %s", async (_, code, variables) => {
      const verdict = await approve("127.0.0.1:1/a/b:1", { variables });
      expect(verdict).toMatchObject({ verdict: "could-not-check", failure: { code } });
    });

    it("where it is not there", async () => {
      const variables = { [prefix]: registry.name };
      const verdict = await approve(`${registry.name}/pseven/none:1`, { variables });
      expect(verdict.failure!.code).toBe("registry-not-found");
    });

    it("where its name is none", async () => {
      const variables = { [prefix]: registry.name };
      const verdict = await approve(`https://${registry.name}/a:1`, { variables });
      expect(verdict.failure!.code).toBe("reference-invalid");
    });

    it.each<[string, Record<string, string>]>([
      ["is empty", { [prefix]: "" }],
      ["has no registry", { [prefix]: "pseven/calc" }],
      ["is an address", { [prefix]: "https://registry.example.com" }],
      ["has a tag", { [prefix]: "registry.example.com/a:1" }],
      ["has a wildcard", { [prefix]: "*.example.com" }],
      [
        "has a name that is unknown",
        { [prefix]: "r.io", [`${prefix}__A__KEYS`]: "/key" },
      ],
      ["has a name that is unknown at once", { [`${prefix}S`]: "r.io" }],
      ["is in lower case", { [prefix]: "r.io", [`${prefix}__a`]: "r.io" }],
      ["has a setting of nothing", { [prefix]: "r.io", [`${prefix}__A__KEY`]: "/key" }],
      ["has a relative path", { [prefix]: "r.io", [`${prefix}__KEY`]: "key" }],
      ["names a registry twice", { [prefix]: "r.io", [`${prefix}__A`]: "R.IO" }],
      ["has half of an identity", { [prefix]: "r.io", [`${prefix}__ISSUER`]: "x" }],
      [
        "has a claim without a signer",
        { [prefix]: "r.io", [`${prefix}__TAG_CLAIM`]: "x" },
      ],
    ])("where a policy in variables %s", async (_, variables) => {
      const verdict = await approve("r.io/a:1", { variables });
      expect(verdict.failure!.code).toBe("approval-policy-invalid");
    });

    it.each<[string, string]>([
      ["is missing", ""],
      ["is no JSON", "{"],
      ["is of another schema", '{"schema":"x","registries":[{"host":"r.io"}]}'],
      ["is empty", '{"schema":"sidecar-approval-policy-1","registries":[]}'],
      ...[
        { host: "r.io", hosts: "x" },
        { host: "r.io", signedBy: [] },
        { host: "r.io", signedBy: [{ key: "k", issuer: "x" }] },
        { host: "r.io", signedBy: [{ issuer: "x", subject: "y" }] },
        { host: "r.io:5000" },
        { host: "r.io/a" },
        { host: "*.io" },
        { host: "pseven" },
        { host: "r.io", port: 0 },
        { host: "r.io", port: "5000" },
        { host: "r.io", repository: "/a" },
        { host: "r.io", repository: "a*" },
        { host: "r.io", repository: "" },
        { host: "r.io", tagClaim: "tag" },
        { repository: "a" },
      ].map((entry): [string, string] => {
        const text = JSON.stringify(entry);
        return [
          `has ${text}`,
          `{"schema":"sidecar-approval-policy-1","registries":[${text}]}`,
        ];
      }),
    ])("where a policy in a file %s", async (_, text) => {
      const file = join(workspace(), "policy.json");
      if (text) writeFileSync(file, text);
      const verdict = await approve("r.io/a:1", { file });
      expect(verdict.failure!.code).toBe("approval-policy-invalid");
      expect(verdict.failure!.message).toContain(file);
    });
  });

  describe("that must be signed by a key", () => {
    const keys = makeKeys["ECDSA P-256"]();
    const others = makeKeys["ECDSA P-256"]();
    const demand = (more: object = {}) =>
      policyFile([here("pseven", { signedBy: [{ key: "cosign.pub" }], ...more })], {
        "cosign.pub": pem(keys.publicKey),
      });

    it.each(Object.entries(makeKeys))("%s, is approved when it is", async (_, make) => {
      const { publicKey, privateKey } = make();
      const { path, repository, digest, reference } = await push();
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
      const { path, repository, digest, reference } = await push();
      const statement = payload({ repository, digest });
      await attach(registry.name, path, digest, [
        signWith(others.privateKey, statement),
        { ...signWith(keys.privateKey, statement), mediaType: "text/plain" },
        signWith(keys.privateKey, statement),
      ]);
      const file = policyFile(
        [here("", { signedBy: [{ key: "one.pub" }, { key: "two.pub" }] })],
        { "one.pub": pem(makeKeys.RSA().publicKey), "two.pub": pem(keys.publicKey) },
      );
      const verdict = await approve(reference, { file });
      expect(verdict).toMatchObject({ verdict: "approved" });
      expect(JSON.stringify(verdict.signer)).toContain("two.pub");
    });

    it("is denied when it is not", async () => {
      const { reference, digest } = await push();
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
      const { path, repository, digest, reference } = await push();
      await attach(registry.name, path, digest, [make({ repository, digest })]);
      const verdict = await approve(reference, { file: demand() });
      expect(verdict).toMatchObject({ verdict: "denied", digest });
      expect(verdict.reasons!.join("\n")).toMatch(reason);
    });

    it("is denied when the signature is another image's, copied to it", async () => {
      const signed = await push();
      const { path, digest, reference } = await push();
      const statement = payload({
        repository: signed.repository,
        digest: signed.digest,
      });
      await attach(registry.name, path, digest, [signWith(keys.privateKey, statement)]);
      expect((await approve(reference, { file: demand() })).verdict).toBe("denied");
    });

    it("may have to have its tag signed too", async () => {
      const { path, repository, digest, reference } = await push();
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
      const { reference } = await push();
      const file = policyFile(
        [
          here(),
          here("pseven/calc", { signedBy: [{ key: "cosign.pub" }] }),
          here("pseven"),
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
      const file = policyFile([here("", { signedBy: [{ key: "cosign.pub" }] })], {
        "cosign.pub": text(),
      });
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
        const { path, digest } = await push();
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
        const { path, digest } = await push();
        const other = await push();
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

  describe("that must be signed by an identity", () => {
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
        [here("", { signedBy: [{ ...identity, trustedRoot: "root.json", ...more }] })],
        { "root.json": JSON.stringify(sigstore.trustedRoot) },
      );
    type Made = Promise<Signature>;

    it("is approved when it is", async () => {
      const { path, repository, digest, reference } = await push();
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
        const { path, repository, digest, reference } = await push();
        const signature = await sigstore.sign(
          identity,
          payload({ repository, digest }),
        );
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
      change: (bundle: any) => void,
    ): Signature => {
      const bundle = JSON.parse(signature.annotations[bundleName]!);
      change(bundle);
      const annotations = {
        ...signature.annotations,
        [bundleName]: JSON.stringify(bundle),
      };
      return { ...signature, annotations };
    };
    it.each<[string, (statement: Buffer) => Made]>([
      [
        "by somebody else",
        (one) =>
          sigstore.sign({ ...identity, subject: "https://evil.example.com" }, one),
      ],
      [
        "as another issuer says",
        (one) =>
          sigstore.sign({ ...identity, issuer: "https://evil.example.com" }, one),
      ],
      ["with another authority's certificate", (one) => another.sign(identity, one)],
      [
        "without a certificate",
        async (one) => without(await sigstore.sign(identity, one), certificateName),
      ],
      [
        "without an entry of the log",
        async (one) => without(await sigstore.sign(identity, one), bundleName),
      ],
      [
        "with a certificate of another signature",
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
        async (one) =>
          changed(await sigstore.sign(identity, one), ({ Payload }) => {
            Payload.integratedTime += 1;
          }),
      ],
      [
        "without the log's promise",
        async (one) =>
          changed(await sigstore.sign(identity, one), (bundle) => {
            bundle.SignedEntryTimestamp = "";
          }),
      ],
      [
        "in another log",
        async (one) =>
          changed(await sigstore.sign(identity, one), ({ Payload }) => {
            Payload.logID = "0".repeat(64);
          }),
      ],
      [
        "with nonsense of a log",
        async (one) =>
          changed(await sigstore.sign(identity, one), ({ Payload }) => {
            Payload.body = "bm9uc2Vuc2U=";
          }),
      ],
      [
        "with nonsense of a certificate",
        async (one) => {
          const signature = await sigstore.sign(identity, one);
          const annotations = {
            ...signature.annotations,
            [certificateName]: "nonsense",
          };
          return { ...signature, annotations };
        },
      ],
      ["by a key", async (one) => signWith(makeKeys["ECDSA P-256"]().privateKey, one)],
      [
        "with other bytes",
        async (one) => {
          const signature = await sigstore.sign(identity, one);
          return { ...signature, payload: Buffer.concat([one, Buffer.from(" ")]) };
        },
      ],
    ])("is denied when it is signed %s", async (_, make) => {
      const { path, repository, digest, reference } = await push();
      await attach(registry.name, path, digest, [
        await make(payload({ repository, digest })),
      ]);
      const verdict = await approve(reference, { file: demand() });
      expect(verdict).toMatchObject({ verdict: "denied", digest });
    });

    it.each(["nothing", "{}", "[]"])(
      "cannot be checked with the root %s",
      async (text) => {
        const file = policyFile(
          [here("", { signedBy: [{ ...identity, trustedRoot: "root.json" }] })],
          { "root.json": text },
        );
        const { failure } = await approve(reference, { file });
        expect(failure!.code).toBe("approval-policy-invalid");
      },
    );
  });
});
