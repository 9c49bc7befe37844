/** `sidecar image lint SOURCE`: whether an image is fit for every user. */
import { isTerminal } from "#system/process.ts";
import { imageNames } from "../../catalogue/image-names.ts";
import { isColoured } from "../../companion/log.ts";
import { Failure } from "../../contract/failure.ts";
import {
  type ImageReport,
  lintImage,
  type Threshold,
  thresholds,
} from "../../image/lint/lint.ts";
import { jsonReport } from "../../image/lint/report/json.ts";
import { junitReport } from "../../image/lint/report/junit.ts";
import { isFit, platformText, type Report } from "../../image/lint/report/report.ts";
import { sarifReport } from "../../image/lint/report/sarif.ts";
import { textReport } from "../../image/lint/report/text.ts";
import type { Rule } from "../../image/lint/rule.ts";
import { allRules } from "../../image/lint/table.ts";
import type { Image, ImageSource } from "../../image/model.ts";
import { openSource } from "../../image/source/open.ts";
import { printable } from "../../system/text.ts";
import type { CommandSyntax, CommandWords } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { nearest } from "../suggest.ts";
import { version } from "../version.ts";
import { progress } from "./progress.ts";
import { accessFrom, registryOptions } from "./registry-options.ts";

const formats = ["table", "json", "sarif", "junit"] as const;

export const syntax = {
  name: "sidecar image lint",
  usage: `sidecar image lint SOURCE [OPTION…]

Says whether blocks of any user id 20000–29999 would work in an image, without running
it: what is wrong, which layer and line of the Dockerfile caused it, and the line that
mends it. docs/image-rules.md has every rule. Exit code: 0, or 1 where something is at
least as severe as --fail-on says.`,
  options: {
    format: {
      kind: "choice",
      value: "FORMAT",
      choices: formats,
      default: "table",
      description: "Form of the report",
    },
    json: { kind: "flag", description: "As --format=json" },
    "fail-on": {
      kind: "choice",
      value: "SEVERITY",
      choices: thresholds,
      default: "error",
      description: "The least severity at which the exit code is 1",
    },
    ignore: {
      kind: "text",
      value: "RULE",
      repeatable: true,
      description: "Leave a rule out",
    },
    platform: {
      kind: "text",
      value: "OS/ARCHITECTURE[/VARIANT]",
      description: "Look at this platform only; else at all of them",
    },
    ...registryOptions,
  },
  operands: ["SOURCE"],
  examples: [
    ["sidecar image lint image.tar", "An archive of docker save, or an OCI layout"],
    ["sidecar image lint image.tar --fail-on=warning", "Strict, as for a release"],
    ["sidecar image lint layout/ --format=sarif >lint.sarif", "For code scanning"],
  ],
} as const satisfies CommandSyntax;

export async function run(
  words: CommandWords,
  context: CommandContext,
): Promise<number> {
  const format = formatOf(words);
  const rules = chosenRules(words.values("ignore"));
  const failOn = words.value("fail-on") as Threshold;
  const source = await openSource(words.operands[0]!, await accessFrom(words, context));
  try {
    const images = await lintAll(source, chosenImages(source, words), rules);
    const report: Report = { source: source.name, images, rules, failOn, version };
    context.print(formatted(report, format, context));
    return isFit(report) ? 0 : 1;
  } finally {
    await source.close();
  }
}

/** @throws Failure `option-conflict` */
function formatOf(words: CommandWords): (typeof formats)[number] {
  if (!words.has("json")) return words.value("format") as (typeof formats)[number];
  if (!words.has("format") || words.value("format") === "json") return "json";
  throw new Failure(
    "option-conflict",
    `--json and --format=${words.value("format")} exclude each other`,
    "give one of them",
  );
}

/** @throws Failure `option-value-invalid` */
function chosenRules(ignored: readonly string[]): Rule[] {
  const rules = allRules({ version, names: namesOf });
  const codes = rules.map(({ code }) => code);
  for (const code of ignored) {
    if (codes.includes(code)) continue;
    const meant = nearest(code, codes);
    throw new Failure(
      "option-value-invalid",
      `--ignore: there is no rule ${printable(code)}`,
      meant ? `did you mean ${meant}?` : "docs/image-rules.md has every rule",
    );
  }
  return rules.filter(({ code }) => !ignored.includes(code));
}

function namesOf(lines: readonly string[]): string[] | Failure {
  try {
    return imageNames(lines).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** @throws Failure `image-platform-missing`, `option-value-invalid` */
function chosenImages(source: ImageSource, words: CommandWords): readonly Image[] {
  const wanted = words.value("platform");
  if (wanted === undefined) return source.images;
  if (!/^[^/]+\/[^/]+(\/[^/]+)?$/.test(wanted))
    throw new Failure(
      "option-value-invalid",
      `--platform: ${printable(wanted)} is no platform`,
      "write OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, as linux/amd64",
    );
  const platform = ({ configuration }: Image) => platformText(configuration.platform);
  const chosen = source.images.filter(
    (image) => platform(image) === wanted || platform(image).startsWith(`${wanted}/`),
  );
  if (chosen.length > 0) return chosen;
  const known = [...new Set(source.images.map(platform))].join(", ");
  throw new Failure(
    "image-platform-missing",
    `${printable(source.name)} has no image for ${printable(wanted)}`,
    `it has ${printable(known)}`,
  );
}

async function lintAll(
  source: ImageSource,
  images: readonly Image[],
  rules: readonly Rule[],
): Promise<ImageReport[]> {
  const reports: ImageReport[] = [];
  for (const image of images) {
    const line = progress("reading layers");
    try {
      reports.push(await lintImage(source, image, rules, line.tell));
    } finally {
      line.end();
    }
  }
  return reports;
}

function formatted(
  report: Report,
  format: (typeof formats)[number],
  { environment }: CommandContext,
): string {
  switch (format) {
    case "json":
      return jsonReport(report);
    case "sarif":
      return sarifReport(report);
    case "junit":
      return junitReport(report);
    case "table":
      return textReport(report, {
        coloured: isColoured(environment, isTerminal(1)),
        columns: isTerminal(1) ? (process.stdout.columns ?? Infinity) : Infinity,
      });
  }
}
