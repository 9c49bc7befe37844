/** The report for people: a table for each image, and one line that sums up. */
import { printable } from "../../../system/text.ts";
import { type Finding, type Severity, severities } from "../finding.ts";
import { count, type ImageReport } from "../lint.ts";
import { isFit, platformText, type Report } from "./report.ts";

/** Only errors are in capitals: they are to be found without any colour. */
const words: Readonly<Record<Severity, string>> = {
  error: "ERROR",
  warning: "warning",
  note: "note",
};
const colours: Readonly<Record<Severity, string>> = {
  error: "1;31",
  warning: "1;33",
  note: "36",
};
type Paint = (colour: string, text: string) => string;

const wordWidth = 9;
const mostOfLine = 100;

export type Look = {
  readonly coloured: boolean;
  /** Characters of a line; Infinity where nobody looks at lines. */
  readonly columns: number;
};

export function textReport(report: Report, { coloured, columns }: Look): string {
  const width = Math.max(...report.rules.map(({ code }) => code.length)) + 2;
  const paint: Paint = (colour: string, text: string) =>
    coloured ? `\x1b[${colour}m${text}\x1b[0m` : text;
  const tables = report.images.map((image) => [
    paint("1", heading(image, report.source)),
    ...facts(image),
    "",
    ...image.findings.flatMap((finding) => rows(finding, { width, columns, paint })),
    ...(image.findings.length > 0 ? [""] : []),
  ]);
  return [...tables.flat(), summary(report, paint)].join("\n");
}

function heading({ image, id }: ImageReport, source: string): string {
  const name = image.names.length > 0 ? image.names.join(", ") : id.slice(0, 19);
  const { length } = image.layers;
  const layers = `${length} layer${length === 1 ? "" : "s"}`;
  const platform = platformText(image.configuration.platform);
  return printable(`${source}: ${name} (${platform}, ${layers})`);
}

function facts({ sidecar, runenvs }: ImageReport): string[] {
  const build = sidecar?.version
    ? `${sidecar.version} (${sidecar.commit})`
    : "of an unknown version";
  const declared = runenvs.map(({ name, version }) =>
    `${name} ${version ?? ""}`.trim(),
  );
  return [
    ...(sidecar ? [`  sidecar  ${printable(sidecar.path)}, ${printable(build)}`] : []),
    ...(declared.length > 0 ? [`  runenvs  ${declared.join(", ")}`] : []),
  ];
}

function rows(
  { severity, rule, message, layer, line, fix }: Finding,
  { width, columns, paint }: Pick<Look, "columns"> & { width: number; paint: Paint },
): string[] {
  const word = paint(colours[severity], words[severity].padEnd(wordWidth));
  const indent = " ".repeat(wordWidth);
  const cause = [
    ...(layer ? [`layer ${layer.index}`] : []),
    ...(line === undefined ? [] : [shortened(printable(line))]),
  ].join(": ");
  const [first, ...more] = wrapped(message, columns - wordWidth - width);
  return [
    `${word}${rule.padEnd(width)}${first}`,
    ...more.map((text) => `${" ".repeat(wordWidth + width)}${text}`),
    ...(cause === "" ? [] : [`${indent}${paint("2", `by ${cause}`)}`]),
    `${indent}-> ${fix}`,
  ];
}

function shortened(line: string): string {
  const text = line.replace(/(?:\s|\\n|\\t)+/g, " ");
  return text.length > mostOfLine ? `${text.slice(0, mostOfLine - 1)}…` : text;
}

/** Words in lines of so many characters; a longer word stands alone in one. */
function wrapped(text: string, characters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= characters)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function summary(report: Report, paint: Paint): string {
  const counts = severities
    .map((severity) => ({ severity, number: count(report.images, severity) }))
    .filter(({ number }) => number > 0)
    .map(({ severity, number }) => `${number} ${severity}${number === 1 ? "" : "s"}`);
  const found = counts.length > 0 ? counts.join(", ") : "nothing found";
  const { rules, images, failOn } = report;
  const looked = `${rules.length} rules, ${images.length} image${images.length === 1 ? "" : "s"}`;
  const verdict = isFit(report)
    ? "fit for users 20000–29999"
    : failOn === "error"
      ? "not fit for users 20000–29999"
      : `not fit, by --fail-on=${failOn}`;
  return `${found} (${looked}): ${paint(isFit(report) ? "32" : "1;31", verdict)}`;
}
