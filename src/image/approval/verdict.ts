/** What is said of an image that somebody wants to run; see docs/approval.md. */
import * as z from "zod";
import { printable } from "../../system/text.ts";
import type { Signer } from "./policy.ts";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
});

export const verdictDocument = z
  .strictObject({
    schema: z.literal("sidecar-approval-1"),
    verdict: z
      .enum(["approved", "denied", "could-not-check"])
      .describe("Sidecar then exits with 0, 1 or 125; only the first is a yes"),
    asked: z.string().describe("The reference as it was given"),
    policy: z
      .string()
      .optional()
      .describe("The file of the policy, or the environment"),
    image: z
      .string()
      .optional()
      .describe("REPOSITORY@DIGEST: what was approved, and what to run"),
    digest: digest.optional().describe("What the reference stood for"),
    index: digest
      .optional()
      .describe("The same, if it is an index of several platforms"),
    manifests: z
      .array(
        z.strictObject({
          digest,
          platform: z.string().optional().describe("As in linux/amd64"),
        }),
      )
      .optional()
      .describe("The image's manifest, or those that its index lists"),
    entry: z.string().optional().describe("The entry of the policy that covers it"),
    signer: z
      .union([
        z.strictObject({ key: z.string() }),
        z.strictObject({ issuer: z.string(), subject: z.string() }),
      ])
      .optional()
      .describe("Who signed it, where the policy asks for that"),
    reasons: z.array(z.string()).optional().describe("Why it is denied"),
    failure: failure.optional().describe("Why it could not be checked"),
  })
  .meta({ title: "What `sidecar image approve --json` prints" });

export type Verdict = z.infer<typeof verdictDocument>;

export const exitCodeOf = {
  approved: 0,
  denied: 1,
  "could-not-check": 125,
} as const satisfies Record<Verdict["verdict"], number>;

export function signerOf(signer: Signer): NonNullable<Verdict["signer"]> {
  if (signer.kind === "key") return { key: signer.key };
  return { issuer: signer.issuer, subject: signer.subject };
}

/** For people: the verdict, then what it rests on. */
export function describeVerdict(verdict: Verdict): string {
  const { signer } = verdict;
  const rows: [string, string | undefined][] = [
    ["image", verdict.image],
    ["digest", verdict.image === undefined ? verdict.digest : undefined],
    ...(verdict.manifests ?? [])
      .filter(({ platform }) => platform !== undefined)
      .map(({ platform, digest }): [string, string] => [platform!, digest]),
    ["entry", verdict.entry],
    [
      "signed by",
      signer && ("key" in signer ? signer.key : `${signer.subject}, ${signer.issuer}`),
    ],
    ["policy", verdict.policy],
    ...(verdict.reasons ?? []).map((reason): [string, string] => ["because", reason]),
  ];
  const shown = rows
    .filter((row): row is [string, string] => row[1] !== undefined)
    .map((row) => row.map(printable) as [string, string]);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return [
    `${verdict.verdict} ${printable(verdict.asked)}`,
    ...shown.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
  ].join("\n");
}
