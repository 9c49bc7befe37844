/**
 * build-windows.ts: dist/sidecar.exe, from the same sources and of none but its own.
 */
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { copySources } from "./support/checkout.ts";
import { describeWhere } from "./support/machine.ts";
import { built, root } from "./support/paths.ts";
import { run, workspace } from "./support/sidecar.ts";
import { isBuilt, product } from "./support/wine.ts";

function build(directory: string) {
  const words = ["scripts/bun", "build-windows.ts"];
  return run(["sh", ...words.map((name) => join(directory, name))], {
    directory: workspace(),
  });
}

describeWhere(
  { "dist/sidecar.exe of these sources": isBuilt },
  "build-windows.ts",
  () => {
    it("makes the same bytes of the same sources in any directory", async () => {
      const sums: string[] = [];
      for (const name of ["one", "another-and-longer"]) {
        const directory = copySources(name);
        symlinkSync(join(root, ".cache"), join(directory, ".cache"));
        const { code, stderr } = await build(directory);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        sums.push(readFileSync(join(directory, "dist/SHA256SUMS"), "utf8"));
      }
      expect(sums[0]).toMatch(/^[0-9a-f]{64} {2}sidecar\.exe$/m);
      expect(sums[0]).toBe(sums[1]!);
    });

    it("and build.ts leave the other system's code out", () => {
      const windows = readFileSync(product);
      const linux = readFileSync(built);
      for (const text of ["/proc/self/mountinfo", "/proc/self/cgroup"]) {
        expect(linux.includes(text), text).toBe(true);
        expect(windows.includes(text), text).toBe(false);
      }
      for (const text of ["CreateJobObjectW", "SIDECAR_ACTIVATION_FILE"]) {
        expect(linux.includes(text), text).toBe(false);
        expect(windows.includes(text), text).toBe(true);
      }
    });
  },
);

it("build-windows.ts says what is missing", async () => {
  const { code, stderr } = await build(copySources());
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "build: Bun for Windows is missing: sh scripts/windows/install.sh\n",
  });
});
