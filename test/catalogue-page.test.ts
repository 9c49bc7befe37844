/** What docs/catalogue.md tells people to type is typed here, and prints what it says. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { executable, root } from "./support/paths.ts";
import { run, smallEnvironment, workspace } from "./support/sidecar.ts";

const page = readFileSync(join(root, "docs/catalogue.md"), "utf8");

const files = [...page.matchAll(/^```\w+ (\w+\.\w+)\n([\s\S]*?)^```/gm)];
const commands = [
  ...page.matchAll(
    /^```sh catalogue\n([\s\S]*?)^```\n\n```\w+ output\n([\s\S]*?)^```/gm,
  ),
];

it("each command of the page stands in a block that is typed, with its output", () => {
  expect(files.map(([, name]) => name)).toEqual([
    "values.yaml",
    "abaqus.yaml",
    "block.yaml",
    "excel.json",
  ]);
  const blocks = page.match(/^```sh/gm)!;
  expect(commands).toHaveLength(blocks.length);
});

it.each(commands.map(([, script, output]) => [script!, output!]))(
  "%s",
  async (script, output) => {
    const directory = workspace();
    const programs = join(directory, "bin");
    mkdirSync(programs);
    symlinkSync(executable, join(programs, "sidecar"));
    for (const [, name, content] of files)
      writeFileSync(join(directory, name!), content!);
    const { stdout, stderr, code } = await run(["sh", "-e", "-c", script], {
      directory,
      environment: { PATH: `${programs}:${smallEnvironment.PATH}` },
    });
    expect(stderr).toBe("");
    expect(stdout).toBe(output);
    expect(code).toBe(0);
  },
);
