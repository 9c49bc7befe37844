/** What README and docs/ tell people to type is typed here. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "./support/paths.ts";
import { run, smallEnvironment } from "./support/sidecar.ts";

const pages = [
  "README.md",
  "CHANGELOG.md",
  "bench/RESULTS.md",
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
  "images/README.md",
  ...readdirSync(join(root, "images")).map((name) => `images/${name}/README.md`),
].filter((page) => page.endsWith(".md") && !page.includes(".md/"));

const text = (page: string) => readFileSync(join(root, page), "utf8");

describe.each(pages)("%s", (page) => {
  it("links to files that exist", () => {
    for (const [, link] of text(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
      expect(existsSync(join(root, dirname(page), link!)), link).toBe(true);
  });

  it("has no line longer than 88 characters but in tables and what is printed", () => {
    const long = text(page)
      .replace(/^```\w+ output\n[\s\S]*?^```/gm, "")
      .split("\n")
      .filter((line) => line.length > 88 && !line.startsWith("|"));
    expect(long).toEqual([]);
  });

  it("has commands for a shell that work", async () => {
    for (const [, script] of text(page).matchAll(/^```sh\n([\s\S]*?)^```/gm)) {
      const { code, stderr } = await run(["sh", "-e", "-c", script!], {
        directory: root,
        environment: smallEnvironment,
      });
      expect(code, `${script}\n${stderr}`).toBe(0);
    }
  });

  it("names scripts that exist", () => {
    for (const [script] of text(page).matchAll(/\bscripts\/[a-z.-]+|\bbench\/\w+\.ts/g))
      expect(existsSync(join(root, script.replace(/\.$/, ""))), script).toBe(true);
  });
});

it("a Dockerfile copies the sidecar of this version", () => {
  const { version } = JSON.parse(text("package.json"));
  expect(text("images/sidecar/README.md")).toContain(`/sidecar:${version} /sidecar`);
});

it("the example of a record has the form of a real one", () => {
  const example = /```json\n([\s\S]*?)```/.exec(text("docs/result-record.md"))![1]!;
  expect(Object.keys(JSON.parse(example))).toEqual([
    "schema",
    "state",
    "runenv",
    "words",
    "directory",
    "started",
    "activated",
    "finished",
    "usage",
    "streams",
    "exit",
  ]);
});
