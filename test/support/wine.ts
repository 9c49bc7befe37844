/**
 * Wine, to start dist/sidecar.exe on Linux: a prefix of the tests' own, made once and
 * kept in .cache/wine, with the one library that Wine 8 lacks, and the probe.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { commandLine } from "../../src/system/windows/quoting.ts";
import { root } from "./paths.ts";
import { type Options, run, start, workspace } from "./sidecar.ts";
import {
  complete,
  place,
  prefix,
  server,
  stopWine,
  variables,
  wine,
} from "./wine-server.ts";

export { driveC } from "./wine-server.ts";

const compiler = "x86_64-w64-mingw32-gcc-win32";
export const product = join(root, "dist/sidecar.exe");
export const probe = join(place, "probe.exe");

/** Whether the executable is there, and made of the sources as they are now. */
export const isBuilt =
  existsSync(product) &&
  [...new Bun.Glob("src/**/*.ts").scanSync(root)]
    .filter((file) => !/^src\/(launcher|\w+\/posix)\//.test(file))
    .every((file) => statSync(join(root, file)).mtimeMs <= statSync(product).mtimeMs);
/** For describeWhere: what tests under Wine need. */
export const windowsNeeds = {
  wine64: wine !== undefined && existsSync(server),
  "gcc-mingw-w64-x86-64-win32": Bun.which(compiler) !== null,
  "dist/sidecar.exe of these sources": isBuilt,
};

/** A path of Linux as Wine shows it to programs of Windows. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}

/** The probe, as a PROGRAM. */
export const show = windowsPath(probe);

/** A directory with these files; lines end as Windows ends them. */
export function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = workspace();
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(directory, name), text.replaceAll("\n", "\r\n"));
  return directory;
}

/**
 * Makes the prefix where it is not complete yet, and what the tests start in it. Files
 * of tests that run side by side share it; setup.ts ends it when all have run.
 */
export async function prepareWine(): Promise<void> {
  mkdirSync(join(root, ".cache"), { recursive: true });
  // The lock is gone with its holder, whatever becomes of this process.
  const holder = Bun.spawn(["flock", `${place}.lock`, "sh", "-c", "echo; exec cat"], {
    stdin: "pipe",
    stdout: "pipe",
  });
  await holder.stdout.getReader().read();
  try {
    await makePrefix();
  } finally {
    holder.stdin.end();
    await holder.exited;
  }
  // Wine's server and services stay, so that they do not begin anew with each program;
  // stopWine ends them. They hold on to what they were started with: to nothing.
  const streams = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
  for (const words of [
    [server, "--persistent=60"],
    [wine!, probe, "exit", "0"],
  ])
    await Bun.spawn(words, { ...streams, env: variables }).exited;
}

async function makePrefix(): Promise<void> {
  const source = (name: string) => join(root, "test/support/windows", name);
  const made = existsSync(complete) ? readFileSync(complete, "utf8") : "";
  const recipe = ["bcryptprimitives.c", "probe.c"]
    .map((name) => Bun.hash(readFileSync(source(name))))
    .join(" ");
  if (made === recipe) return;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  await must([wine!, "wineboot", "--init"]);
  await must([wine!, "winecfg", "-v", "win10"]);
  const library = join(prefix, "drive_c/windows/system32/bcryptprimitives.dll");
  const shared = ["-shared", source("bcryptprimitives.c"), "-ladvapi32"];
  await must([compiler, "-O2", "-Wall", "-o", library, ...shared]);
  await must([compiler, "-O2", "-Wall", "-municode", "-o", probe, source("probe.c")]);
  // A wineserver writes the registry when it ends.
  await stopWine();
  writeFileSync(complete, recipe);
}

async function must(words: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(words, { environment: variables });
  if (code !== 0) throw new Error(`${words.join(" ")}: ${code}\n${stdout}${stderr}`);
}

/**
 * Once in about a thousand activations on a busy machine, Wine's cmd.exe says of
 * sidecar.exe, which is there, that it is no program. Sidecar is right to report that,
 * and nothing was run: what is asked of sidecar is asked again, once.
 */
const notStartedByWine = /Can't recognize '"?[^']*\bsidecar\.exe/;

/** Runs `sidecar.exe WORDS…`; `environment` is added to what Wine itself needs. */
export async function sidecarExe(words: readonly string[], options: Options = {}) {
  const start = () => run([wine!, product, ...words], withWine(options));
  const result = await start();
  if (!notStartedByWine.test(result.stderr)) return result;
  console.warn(`Wine did not start sidecar.exe, once more: ${result.stderr}`);
  return start();
}

/** Runs `probe.exe WORDS…`. */
export function runProbe(words: readonly string[], options: Options = {}) {
  return run([wine!, probe, ...words], withWine(options));
}

/** Starts `probe.exe WORDS…`, which hears what is written to its standard input. */
export function startProbe(words: readonly string[], directory: string) {
  return Bun.spawn([wine!, probe, ...words], {
    env: variables,
    cwd: directory,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
}

export function startSidecarExe(words: readonly string[], options: Options = {}) {
  return start([wine!, product, ...words], withWine(options));
}

/** `sidecar.exe WORDS…` as a command line of Windows, for the probe to start. */
export function commandLineOf(...words: readonly string[]): string {
  return hexadecimal(commandLine([windowsPath(product), ...words]));
}

/** As a command line of sh, with the variables in front: for a terminal. */
export function shellCommand(words: readonly string[]): string {
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    "env",
    ...Object.entries(variables).map(([name, value]) => quote(`${name}=${value}`)),
    ...[wine!, product, ...words].map(quote),
  ].join(" ");
}

function withWine(options: Options): Options {
  return { ...options, environment: { ...variables, ...options.environment } };
}

/** UTF-16 as probe.c reads it. */
export function hexadecimal(text: string): string {
  return Array.from({ length: text.length }, (_, at) =>
    text.charCodeAt(at).toString(16).padStart(4, "0"),
  ).join("");
}

export type Shown = {
  readonly directory: string;
  readonly words: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
};

/** What the probe has shown. */
export function shown(output: string): Shown {
  const texts = (kind: string) =>
    output
      .split(/\r?\n/)
      .filter((line) => line.startsWith(`${kind} `))
      .map((line) =>
        (line.slice(2).match(/.{4}/g) ?? [])
          .map((unit) => String.fromCharCode(Number.parseInt(unit, 16)))
          .join(""),
      );
  const entries = texts("v").map((entry): [string, string] => {
    const at = entry.indexOf("=", 1);
    return [entry.slice(0, at), entry.slice(at + 1)];
  });
  return {
    directory: texts("d")[0] ?? "",
    words: texts("w"),
    variables: Object.fromEntries(entries),
  };
}

/** The command lines of the processes that have this word on them. */
function commandLinesWith(mark: string): string[][] {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const lines = processes.map((process) => {
    try {
      return readFileSync(`/proc/${process}/cmdline`, "latin1").split("\0");
    } catch {
      return []; // It has ended meanwhile.
    }
  });
  return lines.filter((words) => words.includes(mark));
}

/** Whether a probe runs that was started with `wait MARK`. */
export function isWaiting(mark: string): boolean {
  return commandLinesWith(mark).some((words) => words.includes("wait"));
}

/** How many of a block's processes run that have this word on their command lines. */
export function processesWith(mark: string): number {
  return commandLinesWith(mark).filter((words) => !words.includes("--exec")).length;
}
