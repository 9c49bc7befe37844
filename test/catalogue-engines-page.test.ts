/** What docs/catalogue-engines.md shows is what sidecar prints. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  type EngineName,
  engineNames,
  engines,
  type Needs,
  requirementText,
} from "../src/catalogue/engines/engines.ts";
import { root } from "./support/paths.ts";
import { sidecar, smallEnvironment } from "./support/sidecar.ts";

const node = "--extension-node=mylinuxhost";
const page = readFileSync(join(root, "docs/catalogue-engines.md"), "utf8");

/** The block of that name; a line that ends with \ goes on in the next. */
function shown(name: string): string {
  const block = page.split(`\n\`\`\`text ${name}\n`)[1]!.split("\n```")[0]!;
  return block.replaceAll("\\\n", "");
}

const environment = {
  ...smallEnvironment,
  ...Object.fromEntries(
    shown("host.env")
      .split("\n")
      .map((line) => line.split("=")),
  ),
};

it.each([
  ...engineNames.map((name) => [name, `--format=${name}`, node]),
  ["env", "--format=env", node],
  ["image", "--format=env", "--image=registry.example.com/calc:7", "--key=CALC"],
])("%s is what %s %s prints", async (name, ...words) => {
  const { stdout, code } = await sidecar(["advertise", ...words], { environment });
  expect(stdout.replaceAll("\\\n", "")).toBe(`${shown(name!)}\n`);
  expect(code).toBe(0);
});

const needs: Needs = {
  os: "Linux",
  extensionNode: null,
  runenv: { name: "PYTHON3", version: 42 },
  feature: { name: "ABAQUS", version: null },
  known: { runenvVersions: [42, 43], featureVersions: ["v2020", "v2021.05"] },
};

it.each(engineNames)("what a job asks of %s is so", (name: EngineName) => {
  const text = requirementText(engines[name].requirement(needs));
  if (!/^[[{]/.test(text)) expect(text).toBe(shown(`${name} job`));
  else expect(JSON.parse(text)).toEqual(JSON.parse(shown(`${name} job`)));
});
