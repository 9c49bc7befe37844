/** SARIF 2.1.0 (OASIS), for whatever shows findings beside the code. */
import type { Finding, Severity } from "../finding.ts";
import type { ImageReport } from "../lint.ts";
import type { Rule } from "../rule.ts";
import { platformText, type Report } from "./report.ts";

const schema =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** Paths in the image are relative to it. */
const base = "IMAGE";

const levels: Readonly<Record<Severity, string>> = {
  error: "error",
  warning: "warning",
  note: "note",
};

export function sarifReport({ source, images, rules, version }: Report): string {
  const log = {
    $schema: schema,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "sidecar", version, rules: rules.map(descriptor) } },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: {
          [base]: { description: { text: `The root of the image in ${source}` } },
        },
        results: images.flatMap((image) =>
          image.findings.map((finding) => result(finding, image, rules, source)),
        ),
      },
    ],
  };
  return JSON.stringify(log, (_, one) =>
    typeof one === "string" ? one.toWellFormed() : one,
  );
}

function descriptor({ code, title, severity }: Rule) {
  return {
    id: code,
    shortDescription: { text: title },
    help: { text: `See ${code} in docs/image-rules.md of sidecar.` },
    defaultConfiguration: { level: levels[severity] },
  };
}

function result(
  { rule, severity, message, path, layer, line, fix }: Finding,
  { image, id }: ImageReport,
  rules: readonly Rule[],
  source: string,
) {
  const file =
    path === undefined
      ? { uri: uri(source) }
      : { uri: uri(path.slice(1) || "."), uriBaseId: base };
  const identity = `${rule} ${path ?? ""} ${message}`.toWellFormed();
  return {
    ruleId: rule,
    ruleIndex: rules.findIndex(({ code }) => code === rule),
    level: levels[severity],
    message: { text: `${message}\nTo mend it: ${fix}` },
    locations: [
      {
        physicalLocation: { artifactLocation: file },
        ...(layer
          ? {
              logicalLocations: [
                { name: `layer ${layer.index}`, fullyQualifiedName: layer.diffId },
              ],
            }
          : {}),
      },
    ],
    partialFingerprints: {
      "sidecarFinding/v1": new Bun.CryptoHasher("sha256")
        .update(identity)
        .digest("hex"),
    },
    properties: {
      fix,
      ...(line === undefined ? {} : { line }),
      ...(layer ? { layer } : {}),
      image: { id, names: image.names },
      platform: platformText(image.configuration.platform),
    },
  };
}

/** A path as a relative reference (RFC 3986); the first part is to be no scheme. */
function uri(path: string): string {
  const encoded = path
    .toWellFormed()
    .split("/")
    .map((part) => encodeURIComponent(part))
    .join("/");
  return encoded;
}
