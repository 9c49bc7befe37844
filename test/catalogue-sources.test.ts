/** Files that the catalogue's commands are given: which counts, and what is no file. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { asPlatformUser, isRoot } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import {
  messageCodes,
  type Options,
  run,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";

const prefix = "DA__P7__PCLUSTER__CALC_IMAGE__";

/** Runs `sidecar features --json` beside these files. */
async function features(
  words: readonly string[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
  options: Options = {},
) {
  const directory = workspace();
  for (const [name, contents] of Object.entries(files))
    writeFileSync(join(directory, name), contents);
  const result = await sidecar(["features", "--json", ...words], {
    directory,
    ...options,
  });
  return { ...result, directory };
}

/** `A 1`, for each capability. */
const runenvs = ({ stdout }: { readonly stdout: string }) =>
  (JSON.parse(stdout) as { runenv: [string, number] }[]).map(({ runenv }) =>
    runenv.join(" "),
  );

const image = (runenv: string) => `pseven-calc-${runenv}`;

describe("the catalogue comes", () => {
  it("from the environment, if no file is named, and else from files only", async () => {
    const environment = { ...smallEnvironment, [`${prefix}X`]: image("a-1") };
    expect(runenvs(await features([], {}, { environment }))).toEqual(["A 1"]);
    const files = { "x.env": `${prefix}Y=${image("b-2")}` };
    expect(
      runenvs(await features(["--env-file=x.env"], files, { environment })),
    ).toEqual(["B 2"]);
  });

  it("from all files that are named, of which a later one counts", async () => {
    const files = {
      "one.yaml": `env: {${prefix}A: ${image("a-1")}, ${prefix}B: ${image("b-1")}}`,
      "two.yaml": `env: {${prefix}B: ${image("b-2")}, ${prefix}C: ${image("c-2")}}`,
      "three.yaml": `env: {${prefix}A: ~}`,
      "four.env": `${prefix}C=${image("c-4")}`,
      "five.env": `VERSION=5\n${prefix}D=pseven-calc-d-\${VERSION}`,
      "six.json": JSON.stringify([
        { os: "Linux", extension_node: "host", runenv: ["E", 6], features: [] },
      ]),
    };
    const words = ["--env-file=four.env", "--env-file=five.env", "--values=one.yaml"];
    words.push("--values=two.yaml", "--values=three.yaml", "--capabilities=six.json");
    const result = await features(words, files);
    expect(runenvs(result)).toEqual(["B 2", "C 4", "D 5", "E 6"]);
    expect(result.stderr).toBe("");
    expect(result.code).toBe(0);
  });

  it.each([
    ["--values", `[${prefix}A=${image("a-1")}]`],
    ["--env-file", `${prefix}A=${image("a-1")}`],
    [
      "--capabilities",
      '[{"os":"Linux","extension_node":null,"runenv":["A",1],"features":[]}]',
    ],
  ])("from standard input: %s -", async (option, input) => {
    expect(runenvs(await features([option, "-"], {}, { input }))).toEqual(["A 1"]);
  });

  it("from its own output", async () => {
    const environment = {
      ...smallEnvironment,
      [`${prefix}X`]: image("a-1-b-2"),
      DA__P7__PCLUSTER__EXTENSION_NODE__N: "os=Windows; runenv=(C,3); feature=(D,4)",
    };
    const { stdout } = await features([], {}, { environment });
    const again = await features(["--capabilities=-"], {}, { input: stdout });
    expect(again.stdout).toBe(stdout);
  });

  it("from a pipe that has a name", async () => {
    const script =
      'mkfifo pipe; echo "$1" >pipe & exec "$0" features --json --values=pipe';
    const words = ["sh", "-c", script, executable, `${prefix}A: ${image("a-1")}`];
    expect(runenvs(await run(words, { directory: workspace() }))).toEqual(["A 1"]);
  });
});

it("what is wrong is told, and hides nothing else", async () => {
  const files = {
    "values.yaml": `env: {${prefix}A: "{{ a }}", ${prefix}B: ${image("b-1")}}`,
    "x.env": `${prefix}C=${image("c-1")}\nnonsense\n${prefix}D=\${NONE}`,
    "x.json": '[{"os":"Mac"}]',
  };
  const words = ["--values=values.yaml", "--env-file=x.env", "--capabilities=x.json"];
  const result = await features(words, files);
  expect(runenvs(result)).toEqual(["B 1", "C 1"]);
  expect(messageCodes(result.stderr)).toEqual(Array(4).fill("catalogue-invalid"));
  for (const place of ["values.yaml:1:7", "x.env:2", "x.env:3", "x.json[0].os"])
    expect(result.stderr).toContain(place);
  expect(result.code).toBe(1);
});

describe("refused is", () => {
  const utf16 = Buffer.from(`\ufeff${prefix}A=${image("a-1")}`, "utf16le");

  it.each<[string, string[], string, RegExp]>([
    [
      "a file that is not there",
      ["--values=no"],
      "catalogue-file-unreadable",
      /no cannot be read: there is no such file/,
    ],
    ["a directory", ["--env-file=."], "catalogue-file-unreadable", /it is a directory/],
    [
      "what is not UTF-8",
      ["--env-file=latin.env"],
      "catalogue-file-unreadable",
      /it is not UTF-8/,
    ],
    [
      "UTF-16",
      ["--env-file=wide.env"],
      "catalogue-file-unreadable",
      /it is UTF-16, not UTF-8\n.*Out-File/,
    ],
    [
      "more than can be meant",
      ["--values=/dev/zero"],
      "catalogue-file-unreadable",
      /more than \d+ bytes/,
    ],
    [
      "no YAML",
      ["--values=wrong.yaml"],
      "catalogue-file-invalid",
      /wrong\.yaml:2:\d+: this is no YAML/,
    ],
    [
      "no JSON",
      ["--capabilities=wrong.yaml"],
      "catalogue-file-invalid",
      /wrong\.yaml:2:\d+: this is no JSON/,
    ],
    [
      "standard input, twice",
      ["--values=-", "--env-file=-"],
      "option-conflict",
      /named twice/,
    ],
  ])("%s", async (_, words, code, message) => {
    const {
      stdout,
      stderr,
      code: exit,
    } = await features(words, {
      "latin.env": Buffer.from("A=\xe9", "latin1"),
      "wide.env": utf16,
      "wrong.yaml": "a:\n  b: c: d\n",
    });
    expect(messageCodes(stderr)).toEqual([code]);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
    expect(exit).toBe(125);
  });
});

it("a file that this user may not read is refused", async () => {
  const directory = workspace();
  writeFileSync(join(directory, "x.env"), "A=1");
  chmodSync(join(directory, "x.env"), 0);
  const words = [executable, "features", "--env-file=x.env"];
  const started = isRoot ? asPlatformUser(...words) : words;
  const { stderr, code } = await run(started, { directory });
  expect(messageCodes(stderr)).toEqual(["catalogue-file-unreadable"]);
  expect(stderr).toContain("x.env cannot be read: this user may not read it");
  expect(code).toBe(125);
});

it("a byte order mark is no part of a file", async () => {
  const files = { "x.env": `\ufeff${prefix}A=${image("a-1")}\r\n` };
  expect(runenvs(await features(["--env-file=x.env"], files))).toEqual(["A 1"]);
});

it("a manifest is read from a file or from standard input", async () => {
  const environment = { ...smallEnvironment, [`${prefix}A`]: `x/${image("a-1-b-2")}` };
  const manifest = 'runenv: ("A", 1)\nrequired_feature: [("C", null), ("B", "2")]\n';
  const words = ["resolve", "--manifest=-"];
  const { stdout } = await sidecar(words, { environment, input: manifest });
  expect(stdout).toBe(`x/${image("a-1-b-2")}\n`);
  const wrong = await sidecar(words, { environment, input: "runenv: A" });
  expect(messageCodes(wrong.stderr)).toEqual(["manifest-invalid"]);
  expect(wrong.stderr).toContain("standard input: runenv: the version is missing");
});
