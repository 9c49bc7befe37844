/**
 * Builds dist/sidecar.exe: `sh scripts/bun build-windows.ts`, on Linux, offline.
 *
 * The same sources, by the condition "windows" in package.json's "imports", and the
 * Bun for Windows that scripts/windows/install.sh has put into .cache/. What comes of
 * it cannot be started here; test/windows.test.ts does that under Wine.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as materials from "./release/materials.ts";
import { writePapers } from "./release/papers.ts";
import { compile, currentCommit, deliver } from "./scripts/building.ts";

const root = import.meta.dir;
const file = resolve(root, "dist/sidecar.exe");
const bun = resolve(
  root,
  ".cache/windows/node_modules/@oven/bun-windows-x64/bin/bun.exe",
);
/**
 * What Bun obeys, mostly before sidecar's first line: options, the debugger, settings
 * of its C compiler and of single features. The engine's own, BUN_JSC_…, are not kept
 * as one text, and cannot be hidden in this way.
 */
const obeyed = [
  "BUN_BE_BUN",
  "BUN_CRASH_REPORT_URL",
  "BUN_DESTRUCT_VM_ON_EXIT",
  "BUN_ENABLE_CRASH_REPORTING",
  "BUN_FEATURE_FLAG_",
  "BUN_GC_TIMER_DISABLE",
  "BUN_INSPECT",
  "BUN_OPTIONS",
  "BUN_RUNTIME_TRANSPILER_CACHE_PATH",
  "BUN_TCC_OPTIONS",
];
const empty = mkdtempSync(join(tmpdir(), "sidecar-build-"));

try {
  parseArgs({ options: {} }); // there are none
  build();
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(empty, { recursive: true, force: true });
}

function build(): void {
  if (!existsSync(bun))
    throw new Error("Bun for Windows is missing: sh scripts/windows/install.sh");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const commit = currentCommit(root);
  const compiled = join(empty, "sidecar.exe");
  const deaf = join(empty, "bun.exe");
  writeFileSync(deaf, deafToVariables(readFileSync(bun)));
  const metafile = compile({
    root,
    home: empty,
    file: compiled,
    facts: {
      SIDECAR_VERSION: version,
      SIDECAR_COMMIT: commit,
      SIDECAR_BUN: Bun.version,
      SIDECAR_LIBC: "Windows' own",
    },
    flags: [
      "--target=bun-windows-x64",
      `--compile-executable-path=${deaf}`,
      "--conditions=windows",
    ],
  });
  const program = readFileSync(compiled);
  // It cannot be started here.
  deliver(file, program, () => requireComplete(program));
  const list = [
    materials.bun(Bun.version, "windows-x64", root),
    ...materials.npmPackages(metafile, root),
  ];
  writePapers(file, { version, commit }, list, root);
  console.log(
    `dist/sidecar.exe: sidecar ${version} (${commit}), ${program.length} bytes`,
  );
}

/**
 * Bun without an ear for variables of the environment: on Linux the launcher hides
 * them; here each name, where Bun keeps it, gets a byte that no name in UTF-8 can have.
 */
function deafToVariables(program: Buffer): Buffer {
  for (const name of obeyed) {
    let found = 0;
    for (let at = program.indexOf(name); at >= 0; at = program.indexOf(name, at + 1)) {
      program[at + "BUN".length] = 0xff;
      found += 1;
    }
    if (found === 0) throw new Error(`Bun for Windows does not know ${name} any more`);
  }
  return program;
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
