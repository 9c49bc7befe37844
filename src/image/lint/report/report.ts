/** A report: what all its forms are made of. */
import type { Platform } from "../../model.ts";
import type { ImageReport, Threshold } from "../lint.ts";
import { isFailure } from "../lint.ts";
import type { Rule } from "../rule.ts";

export type Report = {
  /** As the user named it. */
  readonly source: string;
  readonly images: readonly ImageReport[];
  /** Those that were looked at; less the ignored ones. */
  readonly rules: readonly Rule[];
  readonly failOn: Threshold;
  /** Of the sidecar that lints. */
  readonly version: string;
};

/** Whether the images are fit, by what was asked for. */
export function isFit({ images, failOn }: Report): boolean {
  return !images.some(({ findings }) =>
    findings.some((finding) => isFailure(finding, failOn)),
  );
}

/** `linux/amd64`, `linux/arm/v7` */
export function platformText({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant ? [variant] : [])].join("/");
}
