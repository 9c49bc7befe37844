/** build.ts is not led astray, and what it made is what it says. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "./support/paths.ts";
import { run, workspace } from "./support/sidecar.ts";

/** A copy of what the build reads. */
function copy(): string {
  const directory = join(workspace(), "copy");
  mkdirSync(directory);
  for (const name of ["build.ts", "package.json", "tsconfig.json", "src", "docs"])
    cpSync(join(root, name), join(directory, name), { recursive: true });
  mkdirSync(join(directory, "scripts"));
  for (const name of ["bun", "bunfig.empty.toml", "compile-flags.ts"])
    cpSync(join(root, "scripts", name), join(directory, "scripts", name));
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  return directory;
}

/** Everything that could change what Bun does, in one directory. */
function hostile(directory: string): void {
  const put = (name: string, text: string) =>
    writeFileSync(join(directory, name), text);
  put(
    "bunfig.toml",
    'preload = ["./intruder.ts"]\n[define]\nSIDECAR_VERSION = "\'intruder\'"\n',
  );
  put("intruder.ts", 'console.log("intruder"); process.exit(9);\n');
  put(".env", "BUN_OPTIONS=--version\nPATH=/nowhere\n");
}

it("a bunfig.toml of the current directory or of HOME changes nothing", async () => {
  const directory = copy();
  const here = workspace();
  hostile(here);
  writeFileSync(
    join(here, ".bunfig.toml"),
    readFileSync(join(here, "bunfig.toml"), "utf8"),
  );
  const build = join(directory, "build.ts");
  const bun = join(directory, "scripts/bun");
  const environment = { PATH: process.env["PATH"] ?? "", HOME: here };
  const { stdout, code, stderr } = await run(["sh", bun, build], {
    directory: here,
    environment,
  });
  expect({ code, stderr: stderr.replace(/^build: .*\n/gm, "") }).toEqual({
    code: 0,
    stderr: "",
  });
  expect(stdout).toMatch(/^dist\/sidecar: sidecar 0/);

  const product = join(directory, "dist/sidecar");
  const one = readFileSync(product);
  await run(["sh", bun, build], {
    directory,
    environment: { ...environment, HOME: workspace() },
  });
  expect(Buffer.compare(one, readFileSync(product))).toBe(0);
});

it("a mistake in the sources fails the build, and leaves no executable", async () => {
  const directory = copy();
  writeFileSync(join(directory, "src/main.ts"), 'import "./no-such-file.ts";\n');
  const { code, stderr } = await run(
    ["sh", join(directory, "scripts/bun"), join(directory, "build.ts")],
    { directory, environment: { PATH: process.env["PATH"] ?? "" } },
  );
  expect(code).toBe(1);
  expect(stderr).toContain("no-such-file");
  expect((await run(["ls", join(directory, "dist")])).code).not.toBe(0);
});

it("a result that does not run fails the build", async () => {
  const directory = copy();
  writeFileSync(join(directory, "src/main.ts"), "process.exit(3);\n");
  const { code, stderr } = await run(
    ["sh", join(directory, "scripts/bun"), join(directory, "build.ts")],
    { directory, environment: { PATH: process.env["PATH"] ?? "" } },
  );
  expect(code).toBe(1);
  expect(stderr).toContain("--version");
  expect((await run(["ls", join(directory, "dist")])).stdout).toBe("");
});
