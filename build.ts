/**
 * Builds dist/sidecar: `scripts/bun build.ts` (see README.md).
 *
 * Bundle and compile with Bun, link it with the launcher and libc, start the result once. Bun can print
 * an error and still leave a file, so its exit status counts, and so does what the
 * result says of itself.
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
import { compileFlags } from "./scripts/compile-flags.ts";
import { compileLauncher } from "./src/launcher/compile.ts";
import { link, recordAddress } from "./src/launcher/link.ts";
import { functionNames } from "./src/system/posix/libc.ts";

const root = import.meta.dir;
const file = resolve(root, "dist/sidecar");
// Bun and gcc get it as HOME, and work in it: files of this machine mean nothing.
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
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const commit = currentCommit();
  const gcc = compilerWithLibc();
  const compiled = compile(version, commit, gcc !== undefined);
  const program = gcc ? linkStatically(compiled, gcc) : readFileSync(compiled);

  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, program);
  chmodSync(`${file}.new`, 0o755);
  const told = run([`${file}.new`, "--version"]);
  if (!told.startsWith(`sidecar ${version} (${commit}`))
    throw new Error(`the result does not know itself; it says: ${told}`);
  renameSync(`${file}.new`, file);
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

function compile(version: string, commit: string, launcher: boolean): string {
  const compiled = join(empty, "sidecar");
  const facts = {
    SIDECAR_VERSION: version,
    SIDECAR_COMMIT: commit,
    SIDECAR_BUN: Bun.version,
    SIDECAR_LAUNCHER_RECORD: launcher ? recordAddress : 0,
  };
  const words = [
    process.execPath,
    `--config=${join(root, "scripts/bunfig.empty.toml")}`,
    "build",
    "src/main.ts",
    `--outfile=${compiled}`,
    ...compileFlags,
    ...Object.entries(facts).map(
      ([name, value]) => `--define=${name}=${JSON.stringify(value)}`,
    ),
  ];
  // The names of chunks depend on the way from the current directory to the sources: the
  // same for every checkout only from here.
  run(words, root);
  return compiled;
}

/** gcc, where it is here and has a libc to link statically; otherwise nothing. */
function compilerWithLibc(): string | undefined {
  const gcc = Bun.which("gcc");
  const libc = gcc ? run([gcc, "-print-file-name=libc.a"]).trim() : "libc.a";
  // gcc answers with the bare name for what it does not find.
  if (gcc && libc !== "libc.a") return gcc;
  console.error(
    `build: no ${gcc ? "libc.a" : "gcc"} here, so dist/sidecar is not static and has no` +
      " launcher\nbuild: (apt-get install gcc libc6-dev). It runs blocks in images with" +
      " glibc, but\nbuild: LD_… and BUN_… variables reach it, a signal in its first" +
      " milliseconds is lost,\nbuild: and blocks see the limit of open files as Bun set" +
      " it.",
  );
  return undefined;
}

function linkStatically(compiled: string, gcc: string): Uint8Array {
  const program = readFileSync(compiled);
  const launcher = compileLauncher(program, compiled, functionNames, {
    gcc,
    directory: join(empty, "launcher"),
    run: attempt,
  });
  return link(program, launcher);
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
