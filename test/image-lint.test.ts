/** `sidecar image lint`: its options, its exit codes, and the forms of its report. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import AjvDraft04 from "ajv-draft-04";
import addFormats from "ajv-formats";
import { SaxesParser } from "saxes";
import { beforeEach, describe, expect, it } from "vitest";
import {
  dockerArchive,
  type ImageDescription,
  multiPlatformLayout,
  newDockerArchive,
  ociLayout,
  writeArchive,
  writeDirectory,
} from "./support/images.ts";
import { describeWhere, has } from "./support/machine.ts";
import { executable, root } from "./support/paths.ts";
import {
  codesBut,
  run,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";

/** An image with an error, warnings and notes, and names that are hard to print. */
const faulty: ImageDescription = {
  layers: [
    {
      "etc/": {},
      "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
      "tmp/": { mode: 0o1777 },
    },
    {
      "opt/": {},
      'opt/to\x1b[31mol <&">/': { mode: 0o700 },
      'opt/to\x1b[31mol <&">/on.env': "A=1\n",
    },
  ],
  createdBy: ["ADD rootfs.tar / # buildkit", "RUN /bin/sh -c sh install.sh # buildkit"],
  names: ["registry.example.com/pseven-calc-cobol-13:latest"],
  config: {
    Env: [
      "DA__P7__RUNENV__COBOL__VERSION=42",
      'DA__P7__RUNENV__COBOL__ACTIVATE=/opt/to\x1b[31mol <&">/on.env',
      "LD_LIBRARY_PATH=/opt/lib",
    ],
  },
};

/** What the faulty image is found to have. */
const expected = [
  ["error", "sidecar-missing"],
  ["error", "way-closed"],
  ["error", "name-unfit"],
  ["warning", "env-library-path"],
  ["warning", "name-missing"],
  ["note", "execute-undeclared"],
  ["note", "user-unset"],
  ["note", "home-unset"],
  ["note", "passwd-users"],
];

let archive: string;

beforeEach(async () => {
  archive = await writeArchive(
    await newDockerArchive(faulty),
    join(workspace(), "image.tar"),
  );
});

const lint = (...words: string[]) => sidecar(["image", "lint", ...words]);

async function findings(...words: string[]): Promise<[string, string][]> {
  const { stdout } = await lint("--json", ...words);
  return JSON.parse(stdout).images.flatMap(
    (image: { findings: { severity: string; rule: string }[] }) =>
      image.findings.map(({ severity, rule }) => [severity, rule]),
  );
}

it("finds what is wrong, the most severe first, in every form of an image", async () => {
  const directory = workspace();
  const forms = [
    archive,
    await writeArchive(await dockerArchive(faulty), join(directory, "old.tar")),
    await writeArchive(await ociLayout(faulty), join(directory, "oci.tar")),
    writeDirectory(await ociLayout(faulty), join(directory, "layout")),
    writeDirectory(
      await ociLayout({ ...faulty, compression: "zstd" }),
      join(directory, "zstd"),
    ),
  ];
  for (const form of forms) expect(await findings(form), form).toEqual(expected);
});

describe("the exit code", () => {
  it.each([
    [[], 1],
    [["--fail-on=error"], 1],
    [["--fail-on=never"], 0],
    [["--ignore=sidecar-missing", "--ignore", "way-closed", "--ignore=name-unfit"], 0],
    [
      [
        "--ignore=sidecar-missing",
        "--ignore=way-closed",
        "--ignore=name-unfit",
        "--fail-on=warning",
      ],
      1,
    ],
  ] as [string[], number][])("with %j is %i", async (words, code) => {
    const result = await lint(archive, ...words);
    expect(result.stderr).toBe("");
    expect(result.code).toBe(code);
  });

  it("with --fail-on=note is 1 for a note alone", async () => {
    const ignored = expected
      .filter(([severity]) => severity !== "note")
      .map(([, rule]) => `--ignore=${rule}`);
    expect((await lint(archive, ...ignored, "--fail-on=note")).code).toBe(1);
    expect((await lint(archive, ...ignored, "--fail-on=warning")).code).toBe(0);
  });
});

it.each([
  [
    ["--ignore=sidecar-mising"],
    "option-value-invalid",
    "did you mean sidecar-missing?",
  ],
  [["--format=xml"], "option-value-invalid", "table, json, sarif, junit"],
  [["--fail-on=fatal"], "option-value-invalid", "error, warning, note, never"],
  [["--json", "--format=sarif"], "option-conflict", "exclude each other"],
  [["--platform=linux"], "option-value-invalid", "linux/amd64"],
  [["--platform=linux/s390x"], "image-platform-missing", "it has linux/amd64"],
])("%j is refused with %s", async (words, code, said) => {
  const { stdout, stderr, code: exit } = await lint(archive, ...words);
  expect(codesBut(stderr)).toEqual([code]);
  expect(stderr).toContain(said);
  expect({ stdout, exit }).toEqual({ stdout: "", exit: 125 });
});

it("a layer that is not what it says it is is refused, and is no finding", async () => {
  const files = await ociLayout(faulty);
  const manifest = JSON.parse(Buffer.from(files.get("index.json")!).toString());
  const blob = (digest: string) => `blobs/${digest.replace(":", "/")}`;
  const document = files.get(blob(manifest.manifests[0].digest))!;
  const [layer] = JSON.parse(Buffer.from(document).toString()).layers;
  const bytes = Buffer.from(files.get(blob(layer.digest))!);
  bytes[bytes.length - 9]! ^= 1;
  files.set(blob(layer.digest), bytes);
  const { stdout, stderr, code } = await lint(writeDirectory(files, workspace()));
  expect(stderr).toMatch(/error\[image-(layer|digest|tar)/);
  expect({ stdout, code }).toEqual({ stdout: "", code: 125 });
});

describe("--platform", () => {
  const other = { ...faulty, config: {}, names: [] };
  const layout = async () =>
    writeDirectory(
      await multiPlatformLayout([
        { ...faulty, platform: { architecture: "amd64" } },
        { ...other, platform: { architecture: "arm", variant: "v7" } },
      ]),
      workspace(),
    );

  it("chooses, and without it all are looked at", async () => {
    const platforms = async (...words: string[]) => {
      const { stdout } = await lint(await layout(), "--json", ...words);
      return JSON.parse(stdout).images.map(
        ({ platform }: { platform: object }) => platform,
      );
    };
    const amd = { os: "linux", architecture: "amd64" };
    const arm = { os: "linux", architecture: "arm", variant: "v7" };
    expect(await platforms()).toEqual([amd, arm]);
    expect(await platforms("--platform=linux/amd64")).toEqual([amd]);
    expect(await platforms("--platform=linux/arm")).toEqual([arm]);
    expect(await platforms("--platform", "linux/arm/v7")).toEqual([arm]);
  });
});

describe("the table", () => {
  it("has a line for what is wrong, one for its cause, one that mends it", async () => {
    const { stdout } = await lint(archive, "--ignore=sidecar-missing");
    const lines = stdout.split("\n");
    const at = lines.findIndex((line) => line.startsWith("ERROR    way-closed"));
    expect(lines[at]).toContain(
      "(mode 0700, user id 0) may not be entered by everybody",
    );
    expect(lines[at + 1]).toBe("         by layer 1: RUN sh install.sh");
    expect(lines[at + 2]).toMatch(/^ {9}-> RUN chmod a\+x '\/opt\/to\\x1b/);
    expect(lines.at(-2)).toBe(
      "2 errors, 2 warnings, 4 notes (65 rules, 1 image): not fit for users 20000–29999",
    );
  });

  it("has its columns under each other, and nothing that moves a cursor", async () => {
    const { stdout } = await lint(archive);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    const starts = stdout
      .split("\n")
      .map((line) => /^((?:ERROR|warning|note) +)(\S+ +)/.exec(line))
      .filter((match) => match !== null)
      .map(([, word, rule]) => [word!.length, rule!.length]);
    expect(starts.length).toBe(expected.length);
    expect(new Set(starts.map(String)).size).toBe(1);
  });
});

describeWhere({ script: has("script") }, "on a terminal", () => {
  it("the table has colours, and no line is too long for it", async () => {
    const command = `stty cols 100; ${executable} image lint ${archive}`;
    const { stdout } = await run(["script", "-qec", command, "/dev/null"], {
      environment: { ...smallEnvironment, TERM: "xterm" },
    });
    expect(stdout).toContain("\x1b[1;31mERROR");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
    const plain = stdout.replace(/\x1b\[[0-9;]*[mK]/g, "").split(/[\r\n]+/);
    const long = plain.filter(
      (line) => line.length > 100 && !/^ {9}(?:->|by)|^\/tmp/.test(line),
    );
    expect(long).toEqual([]);
    const without = await run(["script", "-qec", command, "/dev/null"], {
      environment: { ...smallEnvironment, TERM: "xterm", NO_COLOR: "1" },
    });
    expect(without.stdout).not.toContain("\x1b[1;31m");
  });
});

describe("the report for programs", () => {
  const schema = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));

  it("as JSON is as its schema says, with --json and --format=json", async () => {
    const validate = new Ajv2020({ allErrors: true }).compile(
      schema("docs/sidecar-image-lint-1.schema.json"),
    );
    const { stdout } = await lint(archive, "--json");
    const report = JSON.parse(stdout);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect((await lint(archive, "--format=json")).stdout).toBe(stdout);
    expect(report.counts).toEqual({ error: 3, warning: 2, note: 4 });
    const closed = report.images[0].findings.find(
      ({ rule }: { rule: string }) => rule === "way-closed",
    );
    expect(closed).toMatchObject({
      path: '/opt/to\x1b[31mol <&">',
      layer: { index: 1, createdBy: "RUN /bin/sh -c sh install.sh # buildkit" },
      line: "RUN sh install.sh",
    });
    for (const wrong of [
      { ...report, schema: "sidecar-image-lint-2" },
      { ...report, images: [] },
      { ...report, images: [{ ...report.images[0], findings: [{ rule: "x" }] }] },
    ])
      expect(validate(wrong)).toBe(false);
  });

  it("as SARIF is as OASIS' schema says, with each finding and rule", async () => {
    const { stdout } = await lint(archive, "--format=sarif");
    const log = JSON.parse(stdout);
    const ajv = new AjvDraft04({
      allErrors: true,
      strict: false,
      unicodeRegExp: false,
    });
    addFormats(ajv as never);
    const validate = ajv.compile(
      schema("node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"),
    );
    expect(validate(log), JSON.stringify(validate.errors, undefined, 1)).toBe(true);
    expect(validate({ ...log, version: "2.0.0" })).toBe(false);
    const [{ results, tool }] = log.runs;
    const told = results.map(({ level, ruleId }: { level: string; ruleId: string }) => [
      level,
      ruleId,
    ]);
    expect(told).toEqual(expected);
    for (const { ruleIndex, ruleId } of results)
      expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
    const closed = results.find(
      ({ ruleId }: { ruleId: string }) => ruleId === "way-closed",
    );
    expect(closed.locations[0].physicalLocation.artifactLocation).toEqual({
      uri: "opt/to%1B%5B31mol%20%3C%26%22%3E",
      uriBaseId: "IMAGE",
    });
    const prints = results.map(
      ({ partialFingerprints }: { partialFingerprints: object }) =>
        JSON.stringify(partialFingerprints),
    );
    expect(new Set(prints).size).toBe(expected.length);
  });

  it("as JUnit is well-formed XML, with a failure for each rule that fails", async () => {
    const { stdout } = await lint(archive, "--format=junit", "--fail-on=warning");
    const cases: { name: string; failure?: string }[] = [];
    let suite: Record<string, unknown> = {};
    const parser = new SaxesParser();
    parser.on("error", (error) => {
      throw error;
    });
    parser.on("opentag", ({ name, attributes }) => {
      const values = attributes as Record<string, string>;
      if (name === "testsuite") suite = values;
      if (name === "testcase") cases.push({ name: values["name"]! });
      if (name === "failure") cases.at(-1)!.failure = values["message"]!;
    });
    parser.write(stdout).close();
    const failed = cases.filter(({ failure }) => failure !== undefined);
    expect(failed.map(({ name }) => name).toSorted()).toEqual(
      expected
        .filter(([severity]) => severity !== "note")
        .map(([, rule]) => rule)
        .toSorted(),
    );
    const closed = failed.find(({ name }) => name === "way-closed");
    expect(closed!.failure).toContain('/opt/to\\x1b[31mol <&">');
    expect(suite).toMatchObject({ tests: String(cases.length), failures: "5" });
  });
});

it("--help names every option, in lines that fit", async () => {
  const { stdout, code } = await lint("--help");
  for (const option of ["format", "json", "fail-on", "ignore", "platform"])
    expect(stdout).toContain(`--${option} `);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThan(89);
  expect(code).toBe(0);
});
