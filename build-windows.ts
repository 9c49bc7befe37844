/**
 * Builds dist/sidecar.exe: `sh scripts/bun build-windows.ts`, on Linux, offline.
 *
 * The same sources, by the condition "windows" in package.json's "imports", and the
 * Bun for Windows that scripts/windows/install.sh has put into .cache/. What comes of
 * it cannot be started here; test/windows.test.ts does that under Wine.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { currentCommit, runIn } from "./scripts/building.ts";
import { compileFlags } from "./scripts/compile-flags.ts";

const root = import.meta.dir;
const file = resolve(root, "dist/sidecar.exe");
const bun = resolve(
  root,
  ".cache/windows/node_modules/@oven/bun-windows-x64/bin/bun.exe",
);
const empty = mkdtempSync(join(tmpdir(), "sidecar-build-"));

try {
  build();
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(`${file}.new`, { force: true });
  rmSync(empty, { recursive: true, force: true });
}

function build(): void {
  if (!existsSync(bun))
    throw new Error("Bun for Windows is missing: sh scripts/windows/install.sh");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const facts = {
    SIDECAR_VERSION: version,
    SIDECAR_COMMIT: currentCommit(root),
    SIDECAR_BUN: Bun.version,
  };
  const compiled = join(empty, "sidecar.exe");
  runIn(empty, [
    process.execPath,
    "build",
    join(root, "src/main.ts"),
    `--outfile=${compiled}`,
    "--target=bun-windows-x64",
    `--compile-executable-path=${bun}`,
    "--conditions=windows",
    ...compileFlags,
    ...Object.entries(facts).map(
      ([name, value]) => `--define=${name}=${JSON.stringify(value)}`,
    ),
  ]);
  const program = readFileSync(compiled);
  requireComplete(program);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, program);
  renameSync(`${file}.new`, file);
  console.log(
    `dist/sidecar.exe: sidecar ${version} (${facts.SIDECAR_COMMIT}), ` +
      `${program.length} bytes`,
  );
}

/** A program of Windows that has our own code in it, and none of another system's. */
function requireComplete(program: Buffer): void {
  if (program.toString("latin1", 0, 2) !== "MZ")
    throw new Error("the result is no program of Windows");
  if (!program.includes("CreateJobObjectW"))
    throw new Error("the result lacks the code for Windows");
  if (program.includes("/proc/self/mountinfo"))
    throw new Error("the result holds code for Linux");
}
