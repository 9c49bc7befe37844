/**
 * Images that nobody would make on purpose: lint says something of each, in every form of
 * its report, and never breaks. In this process, so that thousands can be tried.
 */
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { afterEach, describe, expect, it } from "vitest";
import { dockerfileLine, environmentLine } from "../src/image/lint/history.ts";
import { type ImageReport, lintImage } from "../src/image/lint/lint.ts";
import { readScriptLine } from "../src/image/lint/programs.ts";
import { jsonReport } from "../src/image/lint/report/json.ts";
import { junitReport } from "../src/image/lint/report/junit.ts";
import type { Report } from "../src/image/lint/report/report.ts";
import { sarifReport } from "../src/image/lint/report/sarif.ts";
import { textReport } from "../src/image/lint/report/text.ts";
import { isOlder } from "../src/image/lint/rules/sidecar.ts";
import { allRules } from "../src/image/lint/table.ts";
import type { ImageSource } from "../src/image/model.ts";
import { openLocalSource } from "../src/image/source/open.ts";
import { type LayerDescription, ociLayout, writeDirectory } from "./support/images.ts";
import { workspace } from "./support/sidecar.ts";

const rules = allRules({ version: "0.1.0", names: () => [] });

const word = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom(
    "sidecar",
    "/bin/sh",
    "-c",
    "root",
    "0:0",
    ":",
    "..",
    "\x1b[2J",
    "\n",
  ),
);
const path = fc
  .array(
    fc.constantFrom("etc", "passwd", "bin", "sh", "tmp", "opt", "a", "sidecar", ".."),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((parts) => `/${parts.join("/")}`);
const variable = fc
  .tuple(
    fc.constantFrom(
      "PATH",
      "HOME",
      "DA__P7__RUNENV__A__ACTIVATE",
      "DA__P7__RUNENV__A__EXECUTE",
      "DA__P7__RUNENV__A__VERSION",
      "DA__P7__RUNENV__A__FROZEN",
      "DA__P7__RUNENV__a__b__EXECUTE",
      "DA__P7__RUNENV____ACTIVATE",
      "DA__P7__FEATURE__N__VERSION",
      "LD_PRELOAD",
      "A_TOKEN",
    ),
    fc.oneof(
      path,
      word,
      fc.constantFrom("a.env", '"', "[", '["sh"]', "sh -c '", ":.:"),
    ),
  )
  .map(([name, value]) => `${name}=${value}`);

const content = fc.constantFrom(
  "",
  "#!",
  "#!\n",
  "#! /bin/sh -x\r\n",
  "#!/usr/bin/env -S sh -u\n",
  "root:x:0:0\n:::\nroot:x:0:0::/:/bin/sh\n\nroot:x:00:0::/:/bin/sh",
  "A=${B\n",
  "\x7fELF\x02\x01\x01",
);
const entry = fc.oneof(
  fc.record({ content, mode: fc.integer({ min: 0, max: 0o7777 }) }),
  fc.record({ type: fc.constant("symlink" as const), linkname: path }),
  // A hard link that leads out of the archive is refused before anything is linted.
  fc.record({
    type: fc.constant("link" as const),
    linkname: path.map((one) => one.replaceAll("..", "dots")),
  }),
);
const layer = fc.dictionary(
  path.map((one) => one.slice(1).replaceAll("..", "dots")),
  entry,
  { maxKeys: 8 },
);
const image = fc.record({
  layers: fc.array(layer, { minLength: 1, maxLength: 3 }),
  config: fc.record(
    {
      Env: fc.array(fc.oneof(variable, word), { maxLength: 8 }),
      User: word,
      WorkingDir: fc.oneof(word, path),
      Entrypoint: fc.array(fc.oneof(word, path), { maxLength: 3 }),
      StopSignal: word,
      Volumes: fc.dictionary(fc.oneof(word, path), fc.constant({})),
    },
    { requiredKeys: [] },
  ),
  createdBy: fc.array(word, { minLength: 3, maxLength: 3 }),
});

const opened: ImageSource[] = [];

afterEach(async () => {
  for (const source of opened.splice(0)) await source.close();
});

async function reportOf(
  described: typeof image extends fc.Arbitrary<infer T> ? T : never,
) {
  const layers = described.layers as LayerDescription[];
  const files = await ociLayout({ ...described, layers, compression: "none" });
  const source = (await openLocalSource(writeDirectory(files, workspace())))!;
  opened.push(source);
  const images: ImageReport[] = [];
  for (const one of source.images) images.push(await lintImage(source, one, rules));
  const report: Report = { source: "it", images, rules, failOn: "error", version: "1" };
  return report;
}

it("whatever is in an image, the report says so and can be read", async () => {
  const found = new Set<string>();
  await fc.assert(
    fc.asyncProperty(image, async (described) => {
      const report = await reportOf(described);
      const findings = report.images.flatMap((one) => one.findings);
      for (const { rule, message, fix, path: file } of findings) {
        found.add(rule);
        expect(message).not.toBe("");
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
        expect(message + fix, rule).not.toMatch(/[\x00-\x1f\x7f]/);
        if (file !== undefined) expect(file).toMatch(/^\//);
      }
      expect(JSON.parse(jsonReport(report)).images).toHaveLength(1);
      expect(JSON.parse(sarifReport(report)).runs[0].results).toHaveLength(
        findings.length,
      );
      const parser = new SaxesParser();
      parser.on("error", (error) => {
        throw error;
      });
      parser.write(junitReport(report)).close();
      const text = textReport(report, { coloured: false, columns: 60 });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
      expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    }),
    { numRuns: 300 },
  );
  // That many rules were really tried.
  expect(found.size).toBeGreaterThan(30);
});

describe("a line of the history is a line of a Dockerfile", () => {
  it.each([
    ["RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"],
    ["/bin/sh -c apt-get update", "RUN apt-get update"],
    ["|1 BASE=x /bin/sh -c echo $BASE", "RUN echo $BASE"],
    ["RUN |2 A=1 B=2 /bin/sh -c make # buildkit", "RUN make"],
    ["/bin/sh -c #(nop)  ENV A=1", "ENV A=1"],
    ['/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'],
    ["/bin/sh -c #(nop) COPY file:4f5e in /opt/tool ", "COPY … /opt/tool"],
    ["COPY tool /opt/tool # buildkit", "COPY tool /opt/tool"],
    ["RUN /usr/local/bin/sidecar check # buildkit", "RUN /usr/local/bin/sidecar check"],
  ])("%s", (createdBy, line) => {
    expect(dockerfileLine(createdBy)).toBe(line);
  });

  it("that sets a variable is the last one that does", () => {
    const lines = ["ENV A=1 B=2", "ENV AB=3", "ENV A 4", "RUN echo A=5", "ENV C=A=6"];
    expect(environmentLine(lines, "A")).toBe("ENV A 4");
    expect(environmentLine(lines, "B")).toBe("ENV A=1 B=2");
    expect(environmentLine(lines, "D")).toBeUndefined();
    expect(environmentLine(["ENV [PATH=/bin:/usr/bin]"], "PATH")).toBeDefined();
  });
});

it.each([
  ["/bin/sh", { interpreter: "/bin/sh" }],
  [" \t/bin/sh -e", { interpreter: "/bin/sh" }],
  ["/bin/sh\r", { interpreter: "/bin/sh", endsWithCarriageReturn: true }],
  ["/usr/bin/env python3", { interpreter: "/usr/bin/env", searched: "python3" }],
  ["/usr/bin/env -S python3 -u", { interpreter: "/usr/bin/env", searched: "python3" }],
  ["/usr/bin/env A=1 sh", { interpreter: "/usr/bin/env" }],
  ["", undefined],
])("#!%s", (line, expected) => {
  const whole = expected && { endsWithCarriageReturn: false, ...expected };
  expect(readScriptLine(line)).toEqual(whole);
});

it.each([
  ["0.1.0", "0.1.0", false],
  ["0.1.0", "0.2.0", true],
  ["0.10.0", "0.9.9", false],
  ["0.9.9", "0.10.0", true],
  ["1.0.0-rc.1", "1.0.0", false],
  ["2.0.0", "10.0.0", true],
])("%s is older than %s: %s", (one, other, expected) => {
  expect(isOlder(one, other)).toBe(expected);
});
