/** Approves images by policies, as the platform would, and holds verdicts to their form. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import type { Verdict } from "../../src/image/approval/verdict.ts";
import { ociLayout, writeDirectory } from "./images.ts";
import { root } from "./paths.ts";
import type { TestRegistry } from "./registry.ts";
import { messageCodes, sidecar, smallEnvironment, workspace } from "./sidecar.ts";

export const prefix = "DA__P7__PCLUSTER__REGISTRY";

export const schema = (name: string) =>
  JSON.parse(readFileSync(join(root, `docs/schema/${name}.schema.json`), "utf8"));

const isVerdict = new Ajv2020({ strict: false }).compile(schema("sidecar-approval-1"));

/** A policy in a file, with other files beside it. */
export function policyFile(
  registries: unknown,
  files: Record<string, string> = {},
): string {
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

/** What `sidecar image approve --json` says, which must fit its exit code. */
export async function approve(
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
  const verdict = JSON.parse(result.stdout) as Verdict;
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

let number = 0;

/** Another image, in a repository of its own: nobody has signed it yet. */
export async function push(registry: TestRegistry) {
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

/** An entry of a policy for a registry of the tests. */
export const entry = (
  registry: TestRegistry,
  repository?: string,
  more: object = {},
) => ({
  host: "127.0.0.1",
  port: registry.port,
  ...(repository ? { repository } : {}),
  ...more,
});
