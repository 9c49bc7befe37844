/** The programs of images/ that are our own compute what textbooks say. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeWhere, has } from "./support/machine.ts";
import { root } from "./support/paths.ts";
import { run, workspace } from "./support/sidecar.ts";

async function compiled(source: string): Promise<string> {
  const program = join(workspace(), "program");
  const words = ["gcc", "-std=c11", "-O2", "-o", program, join(root, "images", source)];
  const { code, stderr } = await run([...words, "-lm"]);
  expect(code, stderr).toBe(0);
  return program;
}

describeWhere({ gcc: has("gcc") }, "beam", () => {
  const steel = ["length 6", "modulus 210e9", "inertia 1e-4", "station 0.75"];

  async function bend(...lines: string[]) {
    const program = await compiled("scratch-static/beam.c");
    const directory = workspace();
    writeFileSync(join(directory, "girder"), [...steel, ...lines, ""].join("\n"));
    return run([program, "girder"], { directory });
  }

  const stiffness = 210e9 * 1e-4;

  it.each([
    [
      "on two supports, under its weight",
      ["support 0 pinned", "support 6 pinned", "load 0 6 1000"],
      (5 * 1000 * 6 ** 4) / (384 * stiffness),
      (1000 * 6 ** 2) / 8,
    ],
    [
      "on two supports, with a force in the middle",
      ["support 0 pinned", "support 6 pinned", "force 3 5000"],
      (5000 * 6 ** 3) / (48 * stiffness),
      (5000 * 6) / 4,
    ],
    [
      "clamped at one end, with a force at the other",
      ["support 0 clamped", "force 6 1000"],
      (1000 * 6 ** 3) / (3 * stiffness),
      -1000 * 6,
    ],
    [
      "clamped at both ends, under its weight",
      ["support 0 clamped", "support 6 clamped", "load 0 6 1000"],
      (1000 * 6 ** 4) / (384 * stiffness),
      (-1000 * 6 ** 2) / 12,
    ],
  ])("bends a girder %s", async (_, lines, deflection, moment) => {
    const { stdout, code } = await bend(...lines);
    expect(stdout).toContain(`largest deflection ${(1e3 * deflection).toFixed(3)} mm`);
    expect(stdout).toContain(`largest moment ${(moment / 1e3).toFixed(3)} kNm`);
    expect(code).toBe(0);
  });

  it.each([
    ["support 0 pinned", 3, "the girder would fall: it needs more supports"],
    ["support 7 clamped", 2, "7 m is not on the girder, which is 6 m long"],
    ["support 0 glued", 2, "girder, line 5: glued is no kind of support"],
    ["force 1 heavy", 2, "girder, line 5: heavy is no number"],
    ["colour 1", 2, "girder, line 5: colour is not known, or one too many"],
  ])("refuses %s", async (line, code, message) => {
    const result = await bend(line);
    expect(result).toMatchObject({ code, stdout: "", stderr: `beam: ${message}\n` });
  });
});

describeWhere({ gcc: has("gcc") }, "rainflow", () => {
  it("counts the example of ASTM E1049", async () => {
    const input = "-2\n1\n-3\n5\n-1\n3\n-4\n4\n-2\n";
    const program = await compiled("alpine-like/rainflow.c");
    const { stdout, code } = await run([program], { input });
    const counts: Record<string, number> = {};
    for (const line of stdout.trim().split("\n")) {
      const [range, , count] = line.split(" ");
      counts[range!] = (counts[range!] ?? 0) + Number(count);
    }
    expect(counts).toEqual({ 3: 0.5, 4: 1.5, 6: 0.5, 8: 1, 9: 0.5 });
    expect(code).toBe(0);
  });

  it("refuses what is no number, with its line", async () => {
    const program = await compiled("alpine-like/rainflow.c");
    const result = await run([program], { input: "1\n# a comment\nnan\n" });
    expect(result.stderr).toBe("rainflow: line 3: this is no number\n");
    expect(result.code).toBe(1);
  });
});
