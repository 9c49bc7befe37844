/** What both builds need: the commit, commands, Bun's compiler. */
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Metafile } from "../release/materials.ts";
import { compileFlags } from "./compile-flags.ts";

/** The commit of a checkout, marked where files differ from it. */
export function currentCommit(root: string): string {
  const git = (...words: string[]) =>
    Bun.spawnSync(["git", "-C", root, ...words], { stderr: "ignore" });
  if (!Bun.which("git")) return "unknown";
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head.exitCode !== 0) return "unknown";
  const changed = git("status", "--porcelain").stdout.length > 0;
  return head.stdout.toString().trim() + (changed ? "-changed" : "");
}

/** Where commands of a build run, and what they take for this user's home. */
export type Place = {
  readonly directory: string;
  /** An empty directory: files of this machine's user mean nothing to a build. */
  readonly home: string;
};

/** Runs a command to its end. */
export function attempt(words: string[], { directory, home }: Place) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(words, {
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: home, LC_ALL: "C" },
  });
  const output = stdout.toString();
  return { code: exitCode, output, text: `${output}${stderr}` };
}

/** Runs a command to its good end. @returns its standard output */
export function run(words: string[], place: Place): string {
  const { code, output, text } = attempt(words, place);
  if (code !== 0)
    throw new Error(`${words.slice(0, 2).join(" ")} ended with ${code}:\n${text}`);
  return output;
}

export type Program = {
  readonly root: string;
  readonly home: string;
  /** Where the executable is to be. */
  readonly file: string;
  /** Constants that the sources find under these names. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** Beside those of compile-flags.ts. */
  readonly flags?: readonly string[];
};

/** Compiles sidecar with Bun. @returns what went in */
export function compile({ root, home, file, facts, flags = [] }: Program): Metafile {
  const list = join(home, "metafile.json");
  const words = [
    process.execPath,
    `--config=${join(root, "scripts/bunfig.empty.toml")}`,
    "build",
    "src/main.ts",
    `--outfile=${file}`,
    `--metafile=${list}`,
    ...compileFlags,
    ...flags,
    ...Object.entries(facts).map(
      ([name, value]) => `--define=${name}=${JSON.stringify(value)}`,
    ),
  ];
  // The names of chunks depend on the way from the current directory to the sources: it
  // is the same for every checkout only from here.
  run(words, { directory: root, home });
  return JSON.parse(readFileSync(list, "utf8"));
}

/**
 * Puts an executable in its place, if `check` is content with it; else nothing changes.
 * @param check gets the path of a file that can be started; throws
 */
export function deliver(
  file: string,
  program: Uint8Array,
  check: (file: string) => void,
): void {
  const candidate = `${file}.new`;
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(candidate, program);
    chmodSync(candidate, 0o755);
    check(candidate);
    renameSync(candidate, file);
  } finally {
    rmSync(candidate, { force: true });
  }
}
