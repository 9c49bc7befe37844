/** `sidecar image approve REFERENCE`: is this image one of those that may run? */
import { Failure } from "../../contract/failure.ts";
import { approve, findPolicy, unchecked } from "../../image/approval/approve.ts";
import type { Policy } from "../../image/approval/policy.ts";
import {
  describeVerdict,
  exitCodeOf,
  type Verdict,
} from "../../image/approval/verdict.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { patienceFrom, patienceOption } from "./registry-options.ts";

export const syntax: CommandSyntax = {
  name: "sidecar image approve",
  usage: `sidecar image approve REFERENCE [--policy FILE] [--json]

Says whether an image comes from an approved registry and, where the policy asks for
it, whether somebody who may has signed it. What no entry of the policy covers is
denied. What was approved is printed as REPOSITORY@DIGEST: run that, not the tag.

Exit code: 0 approved, 1 denied, 125 could not be checked.`,
  options: {
    json: { kind: "flag", description: "Print one JSON object (docs/approval.md)" },
    policy: {
      kind: "file",
      value: "FILE",
      description: "The policy; else it is in DA__P7__PCLUSTER__REGISTRY…",
    },
    ...patienceOption,
  },
  operands: ["REFERENCE"],
  examples: [
    [
      "sidecar image approve registry.example.com/pseven/cobol:42 --policy policy.json",
      "By a file",
    ],
  ],
};

/** @returns 0 or 1 @throws Failure where it could not be checked */
export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const asked = words.operands[0]!;
  const patience = patienceFrom(words);
  const { environment } = context;
  const show = (verdict: Verdict) =>
    context.print(
      words.has("json") ? JSON.stringify(verdict, null, 2) : describeVerdict(verdict),
    );
  let policy: Policy | undefined;
  try {
    policy = await findPolicy(words.value("policy"), environment);
    const verdict = await approve(asked, policy, { environment, patience });
    show(verdict);
    return exitCodeOf[verdict.verdict];
  } catch (error) {
    if (error instanceof Failure) show(unchecked(asked, error, policy));
    throw error;
  }
}
