/** From an image to what is wrong with it. */
import type { Build } from "../../contract/mark.ts";
import { parseVersion, runenvVariable } from "../../contract/runenv-variables.ts";
import type { Image, ImageSource } from "../model.ts";
import { digestOf } from "../source/digest.ts";
import { type Progress, readImageFiles } from "../tree/read.ts";
import { type Finding, type Severity, severities } from "./finding.ts";
import { findingsOf, type Rule } from "./rule.ts";
import { gather, type Subject, wantedFiles } from "./subject.ts";

/** What one image is, and what was found in it. */
export type ImageReport = {
  readonly image: Image;
  /** Of its configuration, which Docker calls the image's ID. */
  readonly id: string;
  readonly sidecar?: { readonly path: string } & Partial<Build>;
  readonly runenvs: readonly { readonly name: string; readonly version?: number }[];
  /** The most severe first, then in the order of the rules. */
  readonly findings: readonly Finding[];
};

/** @throws Failure `image-…`: what is no image, or not the one that it says */
export async function lintImage(
  source: ImageSource,
  image: Image,
  rules: readonly Rule[],
  progress?: Progress,
): Promise<ImageReport> {
  const files = await readImageFiles(source, image, wantedFiles(image), progress);
  const subject = await gather(image, files);
  const [sidecar] = subject.sidecars;
  return {
    image,
    id: digestOf(image.configuration.bytes),
    ...(sidecar ? { sidecar: { path: sidecar.node.path, ...sidecar.build } } : {}),
    runenvs: runenvsOf(subject),
    findings: bySeverity(rules.flatMap((rule) => findingsOf(rule, subject))),
  };
}

function runenvsOf({ runenvs, variables }: Subject): ImageReport["runenvs"] {
  return runenvs.map(({ name }) => {
    const version = parseVersion(
      (variables.get(runenvVariable(name, "VERSION")) ?? "").trim(),
    );
    return { name, ...(version === undefined ? {} : { version }) };
  });
}

function bySeverity(findings: readonly Finding[]): Finding[] {
  const rank = ({ severity }: Finding) => severities.indexOf(severity);
  return findings.toSorted((one, other) => rank(one) - rank(other));
}

/** How many findings of a severity there are. */
export function count(reports: readonly ImageReport[], severity: Severity): number {
  return reports
    .flatMap(({ findings }) => findings)
    .filter((finding) => finding.severity === severity).length;
}

export const thresholds = [...severities, "never"] as const;

/** The least severity that makes lint fail. */
export type Threshold = (typeof thresholds)[number];

/** Whether a finding makes lint fail. */
export function isFailure({ severity }: Finding, failOn: Threshold): boolean {
  if (failOn === "never") return false;
  return severities.indexOf(severity) <= severities.indexOf(failOn);
}
