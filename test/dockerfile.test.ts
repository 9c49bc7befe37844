/** How scripts/images.sh reads a Dockerfile, and what it makes of a line, without Docker. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDockerfile } from "../scripts/images/dockerfile.ts";
import { family } from "../scripts/images/family.ts";
import { archive, within } from "../scripts/images/root.ts";
import { describeWhere, hasNamespaces, isRoot } from "./support/machine.ts";
import { root } from "./support/paths.ts";
import { run, workspace } from "./support/sidecar.ts";

const read = (...lines: string[]) => readDockerfile(lines.join("\n"), {});

describe("a Dockerfile", () => {
  it("is read line by line, with what continues each", () => {
    const [stage] = read(
      "# a comment",
      "FROM scratch",
      "ENV A=1 \\",
      "    # a comment within",
      '    B="two words" C=',
      "RUN one && \\",
      "    two",
    );
    expect(stage!.instructions).toEqual([
      {
        line: 'ENV A=1 B="two words" C=',
        kind: "environment",
        variables: [
          ["A", "1"],
          ["B", "two words"],
          ["C", ""],
        ],
      },
      {
        line: "RUN one && two",
        kind: "run",
        words: ["/bin/sh", "-c", "one && two"],
      },
    ]);
  });

  it("has stages, whose images may be given", () => {
    const lines = ["ARG BASE=debian", "FROM ${BASE} AS first", "FROM first"];
    const names = (values: Record<string, string>) =>
      readDockerfile(lines.join("\n"), values).map(({ name, from }) => [name, from]);
    expect(names({})).toEqual([
      ["first", "debian"],
      [undefined, "first"],
    ]);
    expect(names({ BASE: "other" })[0]).toEqual(["first", "other"]);
  });

  it.each([
    "VOLUME /data",
    "COPY *.txt /opt/",
    "COPY --chown=1:1 a /b",
    "COPY alone",
    "ENV A=$HOME",
    "ENV A 1",
    "ENTRYPOINT sidecar",
    "run lower case",
  ])("is refused with the line that would be misread: %s", (line) => {
    expect(() => read("FROM scratch", line)).toThrow(
      `cannot be read without Docker: ${line}`,
    );
  });

  it("of each image is one that can be read", () => {
    const folders = readdirSync(join(root, "images"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(family.map(({ folder }) => folder).toSorted()).toEqual(folders.toSorted());
    for (const folder of folders) {
      const file = join(root, "images", folder, "Dockerfile");
      expect(readDockerfile(readFileSync(file, "utf8"), {})).not.toEqual([]);
    }
  });
});

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "a layer", () => {
  it("tells what was removed as images do", async () => {
    const place = workspace();
    const lower = join(place, "lower");
    for (const name of ["kept", "emptied", "remade"]) {
      mkdirSync(join(lower, name), { recursive: true });
      writeFileSync(join(lower, name, "file"), "before\n");
    }
    const upper = join(place, "upper");
    const script = `
      rm "$1/emptied/file"
      rm -r "$1/remade"; mkdir "$1/remade"; echo after > "$1/remade/other"`;
    within([lower], { upper, work: join(place, "work") }, script, []);
    const tar = join(place, "layer.tar");
    expect(archive(upper, join(place, "marks"), tar)).toBe(true);
    const { stdout } = await run(["tar", "--list", `--file=${tar}`]);
    expect(stdout.trim().split("\n").toSorted()).toEqual([
      "./",
      "./emptied/",
      "./remade/",
      "./remade/other",
      "emptied/.wh.file",
      "remade/.wh..wh..opq",
    ]);
  });

  it("of a line that changes nothing is none, and one that fails says how", () => {
    const place = workspace();
    const lower = join(place, "lower");
    mkdirSync(lower);
    const make = (name: string, script: string) => {
      const upper = join(place, name, "upper");
      within([lower], { upper, work: join(place, name) }, script, []);
      return archive(upper, join(place, name, "marks"), join(place, `${name}.tar`));
    };
    expect(make("nothing", "true")).toBe(false);
    expect(() => make("failing", "echo why >&2; exit 3")).toThrow("exit code 3\nwhy");
  });
});
