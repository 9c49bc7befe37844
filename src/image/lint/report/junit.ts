/** JUnit's XML, as continuous integration reads it: a test for each rule and image. */
import type { Finding } from "../finding.ts";
import { type ImageReport, isFailure } from "../lint.ts";
import type { Rule } from "../rule.ts";
import { platformText, type Report } from "./report.ts";

export function junitReport(report: Report): string {
  const suites = report.images.map((image) => suite(image, report));
  return ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", ...suites.flat()]
    .concat("</testsuites>")
    .join("\n");
}

function suite(image: ImageReport, { rules, failOn, source }: Report): string[] {
  const { names, configuration } = image.image;
  const name = [
    source,
    ...(names[0] === undefined ? [] : [names[0]]),
    platformText(configuration.platform),
  ].join(" ");
  const tests = rules.map((rule) => {
    const findings = image.findings.filter((finding) => finding.rule === rule.code);
    return {
      rule,
      failures: findings.filter((finding) => isFailure(finding, failOn)),
      others: findings.filter((finding) => !isFailure(finding, failOn)),
    };
  });
  const failed = tests.filter(({ failures }) => failures.length > 0).length;
  return [
    `<testsuite ${attributes({ name, tests: rules.length, failures: failed, errors: 0 })}>`,
    ...tests.flatMap(({ rule, failures, others }) => testCase(rule, failures, others)),
    "</testsuite>",
  ];
}

function testCase(
  { code, title }: Rule,
  failures: readonly Finding[],
  others: readonly Finding[],
): string[] {
  const opening = `<testcase ${attributes({ name: code, classname: "sidecar.image.lint" })}`;
  if (failures.length + others.length === 0) return [`${opening}/>`];
  // Readers take one failure of a test, so that all are in it.
  const [first] = failures;
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : "";
  const failure = first && [
    `<failure ${attributes({ message: first.message + more, type: title })}>`,
    `${escaped(failures.map(told).join("\n"))}</failure>`,
  ];
  const output = `<system-out>${escaped(others.map(told).join("\n"))}</system-out>`;
  return [
    `${opening}>`,
    ...(failure ?? []),
    ...(others.length > 0 ? [output] : []),
    "</testcase>",
  ];
}

function told({ severity, message, layer, line, fix }: Finding): string {
  const cause = [
    ...(layer ? [`layer ${layer.index}`] : []),
    ...(line === undefined ? [] : [line]),
  ].join(": ");
  return [
    `${severity}: ${message}`,
    ...(cause ? [`by ${cause}`] : []),
    `-> ${fix}`,
  ].join("\n");
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(" ");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** XML 1.0 has no way to write most control characters, nor halves of characters. */
function escaped(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replace(/[&<>"]/g, (character) => entities[character]!)
  );
}
