/** Which images are approved, which are denied, and what could not be checked. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { policyDocument } from "../src/image/approval/policy.ts";
import { verdictDocument } from "../src/image/approval/verdict.ts";
import {
  approve,
  entry,
  policyFile,
  prefix,
  push,
  schema,
} from "./support/approving.ts";
import { startFaultyWay } from "./support/faulty.ts";
import { multiPlatformLayout, writeDirectory } from "./support/images.ts";
import { describeWhere } from "./support/machine.ts";
import { hasRegistry, startRegistry, type TestRegistry } from "./support/registry.ts";
import { sidecar, smallEnvironment, workspace } from "./support/sidecar.ts";

const needs = { "docker-registry": hasRegistry };

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
  beforeAll(async () => {
    registry = await startRegistry();
    ({ reference, digest } = await push(registry));
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
        const file = policyFile([entry(registry, path.slice(1))]);
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

    it("is described without obeying what it says of itself", async () => {
      const layout = writeDirectory(
        await multiPlatformLayout([
          { layers: [{ a: "1" }], platform: { architecture: "amd64" } },
          { layers: [{ a: "2" }], platform: { architecture: "\x1b[31mred" } },
        ]),
        join(workspace(), "layout"),
      );
      const asked = `${registry.name}/pseven/red:1`;
      await sidecar(["image", "push", layout, asked]);
      const { stdout, code } = await sidecar(["image", "approve", asked], {
        environment: { ...smallEnvironment, [prefix]: registry.name },
      });
      expect(code).toBe(0);
      expect(stdout).toContain("linux/\\x1b[31mred");
      expect(stdout).not.toContain("\x1b");
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
      const verdict = await approve(asked, {
        variables: { [prefix]: where(name()) },
      });
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

    it("where the authority of the registry is none", async () => {
      const file = policyFile([entry(registry, "", { authority: "authority.pem" })], {
        "authority.pem": "nothing",
      });
      const { failure } = await approve(reference, { file });
      expect(failure!.code).toBe("approval-policy-invalid");
      expect(failure!.message).toContain("authority.pem");
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
});
