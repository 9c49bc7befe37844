/**
 * Builds dist/sidecar and the papers that go with it: `scripts/bun build.ts`
 * (README.md).
 *
 * Bundle and compile with Bun, link with the launcher and libc (docs/static.md), start
 * the result once. Bun can print an error and still leave a file, so its exit status
 * counts, and so does what the result says of itself. The same commit gives the same
 * bytes in any directory.
 *
 *     --libc DIRECTORY   link with the libc.a in it instead of the compiler's
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as materials from "./release/materials.ts";
import { writePapers } from "./release/papers.ts";
import { attempt, compile, currentCommit, deliver, run } from "./scripts/building.ts";
import { writeMark } from "./src/contract/mark.ts";
import {
  type Compiler,
  compileLauncher,
  findCompiler,
} from "./src/launcher/compile.ts";
import { link, recordAddress } from "./src/launcher/link.ts";
import { functionNames } from "./src/system/posix/libc.ts";

const root = import.meta.dir;
const file = resolve(root, "dist/sidecar");
// Bun and gcc get it as HOME, and gcc works in it: files of this machine mean nothing.
const empty = mkdtempSync(join(tmpdir(), "sidecar-build-"));
const place = { directory: empty, home: empty };

try {
  const { values } = parseArgs({ options: { libc: { type: "string" } } });
  build(values.libc && resolve(values.libc));
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(empty, { recursive: true, force: true });
}

function build(libc: string | undefined): void {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const commit = currentCommit(root);
  const found = findCompiler((words) => attempt(words, place), libc);
  if (typeof found === "string") console.error(withoutLauncher(found));
  const compiler = typeof found === "string" ? undefined : found;

  const compiled = join(empty, "sidecar");
  const metafile = compile({
    root,
    home: empty,
    file: compiled,
    facts: {
      SIDECAR_VERSION: version,
      SIDECAR_COMMIT: commit,
      SIDECAR_BUN: Bun.version,
      SIDECAR_LIBC: compiler ? `${compiler.libc}, static` : "the image's, dynamic",
      SIDECAR_LAUNCHER_RECORD: compiler ? recordAddress : 0,
    },
  });
  const list = [
    materials.bun(Bun.version, "linux-x64", root),
    ...(compiler
      ? [materials.glibc(compiler.libc), materials.libgcc(compiler.version)]
      : []),
    ...materials.npmPackages(metafile, root),
  ];
  const program = compiler
    ? linkStatically(compiled, compiler, writeMark({ version, commit }))
    : readFileSync(compiled);

  let told = "";
  deliver(file, program, (candidate) => {
    told = run([candidate, "--version"], place);
    if (!told.startsWith(`sidecar ${version} (${commit}`))
      throw new Error(`the result does not know itself; it says: ${told}`);
  });
  writePapers(file, { version, commit }, list, root);
  console.log(`dist/sidecar: ${told.trim()}, ${program.length} bytes`);
}

function linkStatically(
  compiled: string,
  compiler: Compiler,
  mark: Uint8Array,
): Uint8Array {
  const program = readFileSync(compiled);
  const directory = join(empty, "launcher");
  return link(
    program,
    compileLauncher(program, compiled, functionNames, compiler, directory),
    mark,
  );
}

function withoutLauncher(missing: string): string {
  return `build: no ${missing} here, so dist/sidecar is not static and has no launcher
build: (apt-get install gcc libc6-dev). It runs blocks in images with glibc, but LD_…
build: and BUN_… variables reach it, a signal in its first milliseconds is lost, and
build: blocks see the limit of open files as Bun set it.`;
}
