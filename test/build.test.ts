/** build.ts is not led astray, and what it made is what it says. */
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { copySources } from "./support/checkout.ts";
import { run, workspace } from "./support/sidecar.ts";

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
  const directory = copySources();
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

it.each([
  ["build.ts", ["--nonsense"], /Unknown option '--nonsense'/],
  ["build.ts", ["--libc", "/nowhere"], /there is no (\/nowhere\/libc\.a|gcc)/],
  ["build.ts", ["--libc", "."], /there is no (\S+\/libc\.a|gcc)/],
  ["build-windows.ts", ["--nonsense"], /Unknown option '--nonsense'/],
])("%s %j is refused in one line, and nothing is built", async (file, words, line) => {
  const directory = copySources();
  const { code, stderr } = await run(
    ["sh", join(directory, "scripts/bun"), join(directory, file), ...words],
    { environment: { PATH: process.env["PATH"] ?? "" } },
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(line);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect((await run(["ls", join(directory, "dist")])).stdout).toBe("");
});

it("a mistake in the sources fails the build, and leaves no executable", async () => {
  const directory = copySources();
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
  const directory = copySources();
  writeFileSync(join(directory, "src/main.ts"), "process.exit(3);\n");
  const { code, stderr } = await run(
    ["sh", join(directory, "scripts/bun"), join(directory, "build.ts")],
    { directory, environment: { PATH: process.env["PATH"] ?? "" } },
  );
  expect(code).toBe(1);
  expect(stderr).toContain("--version");
  expect((await run(["ls", join(directory, "dist")])).stdout).toBe("");
});

it("the same sources give the same bytes in any directory", async () => {
  const directories = [copySources("one"), copySources("another-and-longer")];
  const [one, another] = await Promise.all(
    directories.map(async (directory) => {
      const environment = { PATH: process.env["PATH"] ?? "", HOME: directory };
      const bun = join(directory, "scripts/bun");
      const words = ["sh", bun, join(directory, "build.ts")];
      expect((await run(words, { environment })).code).toBe(0);
      return readFileSync(join(directory, "dist/SHA256SUMS"), "utf8");
    }),
  );
  expect(one).toMatch(/^[0-9a-f]{64} {2}sidecar$/m);
  expect(another).toBe(one);
});

it("without a compiler it is dynamic, which is said, and runs blocks", async () => {
  const directory = copySources();
  const programs = workspace();
  for (const name of ["sh", "dirname"])
    symlinkSync(Bun.which(name)!, join(programs, name));
  const bun = join(directory, "scripts/bun");
  const built = await run(["sh", bun, join(directory, "build.ts")], {
    environment: { PATH: programs },
  });
  expect(built.stderr).toMatch(/^build: no gcc here/);
  expect(built.code).toBe(0);
  const product = join(directory, "dist/sidecar");
  expect((await run([product, "--version"])).stdout).toContain("without launcher");
  const words = ["--quiet", "--stdout=out", "--exec", "sh", "-c", "echo $1; exit 7"];
  const place = workspace();
  const { code } = await run([product, ...words, "sh", "a b"], { directory: place });
  expect(code).toBe(7);
  expect(readFileSync(join(place, "out"), "utf8")).toBe("a b\n");
  expect((await run([product, "--exec", "/nowhere"])).code).toBe(127);
});
