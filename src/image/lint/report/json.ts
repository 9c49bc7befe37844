/** The report for programs; docs/sidecar-image-lint-1.schema.json describes it. */
import { severities } from "../finding.ts";
import { count } from "../lint.ts";
import { isFit, type Report } from "./report.ts";

export function jsonReport(report: Report): string {
  const { source, images, failOn, version } = report;
  const value = {
    schema: "sidecar-image-lint-1",
    ok: isFit(report),
    source,
    version,
    failOn,
    counts: Object.fromEntries(
      severities.map((severity) => [severity, count(images, severity)]),
    ),
    images: images.map(({ image, id, sidecar, runenvs, findings }) => ({
      names: image.names,
      platform: image.configuration.platform,
      id,
      ...(image.manifest ? { digest: image.manifest.digest } : {}),
      ...(sidecar ? { sidecar } : {}),
      runenvs,
      findings,
    })),
  };
  // Bytes that are no UTF-8 are lone surrogates here, which JSON cannot hold.
  return JSON.stringify(value, (_, one) =>
    typeof one === "string" ? one.toWellFormed() : one,
  );
}
