/**
 * docs/image-rules.md: every rule, and examples that are built and linted. What is wrong
 * in an example is found by its rule, in the right layer and line; the line that is to
 * mend it mends it; and the last examples have nothing wrong.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../src/image/lint/finding.ts";
import { allRules } from "../src/image/lint/table.ts";
import { type BuiltImage, ImageBuilder } from "./support/dockerfile.ts";
import type { LayerDescription } from "./support/images.ts";
import { describeWhere, has, hasLauncher, hasNamespaces } from "./support/machine.ts";
import { root } from "./support/paths.ts";
import { sidecar } from "./support/sidecar.ts";

const page = readFileSync(join(root, "docs/image-rules.md"), "utf8");
const rules = allRules({ version: "0.1.0", names: () => [] });

type Example = { readonly kind: string; readonly is: string; readonly text: string };

function sectionOf(code: string): string {
  return page.split(`\n### ${code}\n`)[1]?.split(/\n##/)[0] ?? "";
}

function examplesOf(section: string): Example[] {
  return [...section.matchAll(/^```(\w+) (\w+)\n([\s\S]*?)^```$/gm)].map(
    ([, kind, is, text]) => ({ kind: kind!, is: is!, text: text! }),
  );
}

describe("docs/image-rules.md", () => {
  it("has a section for every rule, in the order of the table, and no other", () => {
    const headings = [...page.matchAll(/^### (\S+)$/gm)].map(([, code]) => code);
    expect(headings).toEqual(rules.map(({ code }) => code));
  });

  it.each(rules)("says how severe $code is, and has examples", (rule) => {
    const section = sectionOf(rule.code);
    expect(section).toContain(`\n_${rule.title}._ If not: **${rule.severity}**.\n`);
    const kinds = examplesOf(section).map(({ is }) => is);
    expect(kinds.at(-1)).toBe("good");
    expect(kinds.slice(0, -1)).toContain("bad");
  });
});

/** Rules that cannot say in a line what mends it: somebody has to think. */
const forPeople = [
  "sidecar-unknown",
  "runenv-none",
  "runenv-name",
  "runenv-variable",
  "runenv-incomplete",
  "activate-missing",
  "activate-relative",
  "activate-variables",
  "execute-words",
  "execute-undeclared",
  "execute-relative",
  "execute-missing",
  "execute-after-activation",
  "shell-missing",
  "interpreter-missing",
  "loader-missing",
  "program-format",
  "program-architecture",
  "passwd-malformed",
  "passwd-duplicate",
  "passwd-users",
  "env-secret",
  "env-platform",
  "feature-variable",
  "name-unfit",
  "name-missing",
  "volume-shared",
  "shared-files",
];

const needs = {
  namespaces: hasNamespaces,
  gcc: has("gcc"),
  busybox: has("busybox"),
  launcher: hasLauncher,
};

describeWhere(needs, "an image with a fault", () => {
  const place = mkdtempSync(join(tmpdir(), "sidecar-rules-"));
  const builder = new ImageBuilder(place);
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  beforeAll(async () => {
    await builder.begin();
    const tool = examplesOf(page).find(({ is }) => is === "tool")!;
    await builder.build(tool.text, "tool");
  });

  const images = rules.flatMap(({ code }) =>
    examplesOf(sectionOf(code))
      .filter(({ is }) => is === "bad")
      .map((example, index) => ({ code, number: index + 1, example })),
  );

  it("is there for every rule, thirty at least", () => {
    expect(images.length).toBeGreaterThanOrEqual(rules.length);
    expect(images.length).toBeGreaterThanOrEqual(30);
  });

  it.each(images)("$code, example $number: found, with its cause", async (one) => {
    const { code, example } = one;
    const image = await made(example, builder);
    const { findings, exitCode } = await lint(image);
    const found = findings.filter(({ rule }) => rule === code);
    expect(found, JSON.stringify(findings, undefined, 1)).not.toEqual([]);
    const isError = findings.some(({ severity }) => severity === "error");
    expect(exitCode).toBe(isError ? 1 : 0);

    const wrong = wrongLine(example, image);
    if (wrong) {
      expect(found.map(({ line }) => line)).toContain(wrong.line);
      const layers = found.map(({ layer }) => layer?.diffId);
      if (wrong.diffId !== undefined) expect(layers).toContain(wrong.diffId);
    }
    if (example.kind !== "dockerfile") return;
    const mended = await mendedBy(found, example, builder);
    expect(mended === undefined).toBe(forPeople.includes(code));
    if (mended === undefined) return;
    const after = await lint(mended);
    expect(after.findings.filter(({ rule }) => rule === code)).toEqual([]);
  });

  const good = rules.flatMap(({ code }) =>
    examplesOf(sectionOf(code))
      .filter(({ is }) => is === "good")
      .map((example) => ({ code, example })),
  );

  it.each(good)("$code: what is right has no fault", async ({ code, example }) => {
    const { findings, exitCode } = await lint(await made(example, builder));
    // A configuration of its own may lack what an image for blocks has.
    const about = example.kind === "json" ? [code] : undefined;
    const wrong = findings.filter(
      ({ rule, severity }) =>
        rule === code || (severity !== "note" && (!about || about.includes(rule))),
    );
    expect(wrong).toEqual([]);
    expect(exitCode).toBe(0);
  });
});

async function made(example: Example, builder: ImageBuilder): Promise<BuiltImage> {
  const { kind, text } = example;
  if (kind === "json") return builder.configured("tool", JSON.parse(text));
  return kind === "tar" ? builder.layered("tool", layerOf(text)) : builder.build(text);
}

/** Lines `PATH` or `PATH link to PATH`, as a layer. */
function layerOf(text: string): LayerDescription {
  const lines = text.trim().split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const [name, linkname] = line.split(" link to ");
      return [name, linkname ? { type: "link", linkname } : line];
    }),
  );
}

async function lint({ directory }: BuiltImage) {
  const words = ["image", "lint", directory, "--json"];
  const { stdout, stderr, code } = await sidecar(words);
  if (stderr !== "") throw new Error(stderr);
  const report = JSON.parse(stdout);
  expect(report.ok).toBe(code === 0);
  return { findings: report.images[0].findings as Finding[], exitCode: code };
}

/** What the example says is wrong: the line behind the comment, or the layer. */
function wrongLine({ kind, text }: Example, { done }: BuiltImage) {
  if (kind === "tar") return done.at(-1);
  const next = /^# Wrong:\n(.*)$/m.exec(text)?.[1];
  if (next === undefined) return undefined;
  const found = done.find(({ line }) => plain(line) === next);
  if (!found) throw new Error(`no line of the image is ${next}`);
  return { ...found, line: next };
}

/** As the line stands in a Dockerfile. */
const plain = (line: string) =>
  line.replace(/ # buildkit$/, "").replace(/^RUN \/bin\/sh -c /, "RUN ");

/** The example with the lines that the findings name, if they are lines. */
async function mendedBy(
  found: readonly Finding[],
  { text }: Example,
  builder: ImageBuilder,
): Promise<BuiltImage | undefined> {
  const fixes = found.map(({ fix }) => fix);
  const isLine = (fix: string) =>
    /^(?:RUN|ENV|USER|COPY|ENTRYPOINT|WORKDIR|STOPSIGNAL) /.test(fix);
  if (!fixes.every(isLine) || fixes.some((fix) => fix.includes("…"))) return undefined;
  return builder.build(`${text.trimEnd()}\n${fixes.join("\n")}\n`);
}
