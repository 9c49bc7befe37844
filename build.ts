/**
 * Builds dist/sidecar: `scripts/bun build.ts` (see README.md).
 *
 * Bundle and compile with Bun, add the launcher, start the result once. Bun can print
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
import { link, recordAddress } from "./src/launcher/link.ts";

const root = import.meta.dir;
const file = resolve(root, "dist/sidecar");
// Bun obeys a bunfig.toml of the directory it works in and of HOME: it gets an empty
// one for both.
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
  const launcher = compileLauncher();
  const compiled = compile(version, commit, launcher !== undefined);
  const program = launcher ? link(compiled, launcher) : compiled;

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

function compile(version: string, commit: string, launcher: boolean): Uint8Array {
  const compiled = join(empty, "sidecar");
  const facts = {
    SIDECAR_VERSION: version,
    SIDECAR_COMMIT: commit,
    SIDECAR_BUN: Bun.version,
    SIDECAR_LAUNCHER_RECORD: launcher ? recordAddress : 0,
  };
  run([
    process.execPath,
    "build",
    join(root, "src/main.ts"),
    `--outfile=${compiled}`,
    ...compileFlags,
    ...Object.entries(facts).map(
      ([name, value]) => `--define=${name}=${JSON.stringify(value)}`,
    ),
  ]);
  return readFileSync(compiled);
}

/** The launcher as an ELF file; nothing where there is no C compiler. */
function compileLauncher(): Uint8Array | undefined {
  const gcc = Bun.which("gcc");
  if (!gcc) {
    console.error(
      "build: no gcc here, so dist/sidecar gets no launcher (apt-get install gcc).\n" +
        "build: it runs blocks, but BUN_… variables reach it, a signal in its first\n" +
        "build: milliseconds is lost, and blocks see the limit of open files as Bun" +
        " set it.",
    );
    return undefined;
  }
  const compiled = join(empty, "launcher");
  const folder = join(root, "src/launcher");
  run([
    gcc,
    ..."-std=c11 -O2 -Wall -Wextra -Werror -ffreestanding -nostdlib -static".split(" "),
    ..."-fno-pic -no-pie -fno-stack-protector -fcf-protection=none".split(" "),
    ..."-fno-asynchronous-unwind-tables -mgeneral-regs-only".split(" "),
    "-Wl,--build-id=none,-z,noexecstack",
    `-Wl,-T,${join(folder, "entry.ld")}`,
    ...["-o", compiled, join(folder, "entry.c")],
  ]);
  return readFileSync(compiled);
}

/** Runs a command to its end in the empty directory. @returns its standard output */
function run(words: string[]): string {
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync(words, {
    cwd: empty,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: empty, LC_ALL: "C" },
  });
  if (exitCode !== 0)
    throw new Error(
      `${words.slice(0, 2).join(" ")} ended with ${exitCode ?? signalCode}:\n${stdout}${stderr}`,
    );
  return stdout.toString();
}
