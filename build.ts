/**
 * Builds dist/sidecar and the papers that go with it: `scripts/bun build.ts` (README.md).
 *
 * Bundle and compile with Bun, link with the launcher and libc (docs/static.md), start
 * the result once. Bun can print an error and still leave a file, so its exit status
 * counts, and so does what the result says of itself. The same commit gives the same
 * bytes in any directory.
 *
 *     --libc DIRECTORY   link with the libc.a in it instead of the compiler's
 */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { billOfMaterials } from "./release/bill.ts";
import { checksum, writeChecksums } from "./release/checksums.ts";
import { licenceText } from "./release/licences.ts";
import * as materials from "./release/materials.ts";
import { compileFlags } from "./scripts/compile-flags.ts";
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

try {
  const { values } = parseArgs({ options: { libc: { type: "string" } } });
  build(values.libc && resolve(values.libc));
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  rmSync(`${file}.new`, { force: true });
  rmSync(empty, { recursive: true, force: true });
}

function build(libc: string | undefined): void {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const commit = currentCommit();
  const compiler = findCompiler(attempt, libc);
  if (typeof compiler === "string") console.error(withoutLauncher(compiler));
  const linked = typeof compiler === "string" ? undefined : compiler;

  const { compiled, metafile } = compile({
    SIDECAR_VERSION: version,
    SIDECAR_COMMIT: commit,
    SIDECAR_BUN: Bun.version,
    SIDECAR_LIBC: linked ? `${linked.libc}, static` : "the image's, dynamic",
    SIDECAR_LAUNCHER_RECORD: linked ? recordAddress : 0,
  });
  const list = [
    materials.bun(Bun.version, "linux-x64", root),
    ...(linked ? [materials.glibc(linked.libc), materials.libgcc(linked.version)] : []),
    ...materials.npmPackages(metafile, root),
  ];
  const program = linked ? linkStatically(compiled, linked) : readFileSync(compiled);

  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, program);
  chmodSync(`${file}.new`, 0o755);
  const told = run([`${file}.new`, "--version"]);
  if (!told.startsWith(`sidecar ${version} (${commit}`))
    throw new Error(`the result does not know itself; it says: ${told}`);
  renameSync(`${file}.new`, file);
  writePapers({ file: "sidecar", version, commit, checksum: checksum(program) }, list);
  console.log(`dist/sidecar: ${told.trim()}, ${program.length} bytes`);
}

/** The commit of this checkout, marked where files differ from it. */
function currentCommit(): string {
  const git = (...words: string[]) =>
    Bun.spawnSync(["git", "-C", root, ...words], { stderr: "ignore" });
  if (!Bun.which("git")) return "unknown";
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head.exitCode !== 0) return "unknown";
  const changed = git("status", "--porcelain").stdout.length > 0;
  return head.stdout.toString().trim() + (changed ? "-changed" : "");
}

/** @param facts constants that the sources find under these names */
function compile(facts: Readonly<Record<string, string | number>>) {
  const compiled = join(empty, "sidecar");
  const list = join(empty, "metafile.json");
  const words = [
    process.execPath,
    `--config=${join(root, "scripts/bunfig.empty.toml")}`,
    "build",
    "src/main.ts",
    `--outfile=${compiled}`,
    `--metafile=${list}`,
    ...compileFlags,
    ...Object.entries(facts).map(
      ([name, value]) => `--define=${name}=${JSON.stringify(value)}`,
    ),
  ];
  // The names of chunks depend on the way from the current directory to the sources: it
  // is the same for every checkout only from here.
  run(words, root);
  const metafile: materials.Metafile = JSON.parse(readFileSync(list, "utf8"));
  return { compiled, metafile };
}

function linkStatically(compiled: string, compiler: Compiler): Uint8Array {
  const program = readFileSync(compiled);
  const directory = join(empty, "launcher");
  return link(
    program,
    compileLauncher(program, compiled, functionNames, compiler, directory),
  );
}

function withoutLauncher(missing: string): string {
  return `build: no ${missing} here, so dist/sidecar is not static and has no launcher
build: (apt-get install gcc libc6-dev). It runs blocks in images with glibc, but LD_…
build: and BUN_… variables reach it, a signal in its first milliseconds is lost, and
build: blocks see the limit of open files as Bun set it.`;
}

/** What an owner of the executable is owed: its contents, their licences, checksums. */
function writePapers(
  product: Parameters<typeof billOfMaterials>[0],
  list: readonly materials.Material[],
): void {
  const directory = dirname(file);
  const own = readFileSync(join(root, "LICENSE"), "utf8");
  writeFileSync(`${file}.cdx.json`, billOfMaterials(product, list));
  writeFileSync(`${file}.licences.txt`, licenceText(own, list));
  writeChecksums(directory);
}

/** Runs a command to its end. @returns its standard output */
function run(words: string[], directory = empty): string {
  const { code, output, text } = attempt(words, directory);
  if (code !== 0)
    throw new Error(`${words.slice(0, 2).join(" ")} ended with ${code}:\n${text}`);
  return output;
}

function attempt(words: string[], directory = empty) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(words, {
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: empty, LC_ALL: "C" },
  });
  const output = stdout.toString();
  return { code: exitCode, output, text: `${output}${stderr}` };
}
