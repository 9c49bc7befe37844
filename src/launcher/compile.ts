/** Makes the launcher, with libc in it, for one program: calls gcc and its linker. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { demandsOf } from "./demands.ts";
import { Elf, Unexpected } from "./elf.ts";
import { assembly } from "./symbols.ts";

/**
 * What Bun looks up by name when it runs. Found in two ways, for Bun 1.4.5: each name
 * printed in sidecar_dlsym while Bun's own functions were used; and the texts in its
 * file that are names of functions of libc, but not imported.
 */
const soughtByBun = [
  "__cxa_thread_atexit_impl",
  "__pthread_get_minstack",
  "fcntl64",
  "getrandom",
  // Bun ends by it, and does not look whether it was found.
  "quick_exit",
];

const common = "-std=gnu11 -O2 -Wall -Wextra -Werror -fno-pic -no-pie".split(" ");

/** What runs without libc, or in memory that another thread uses. */
const freestanding =
  "-fno-stack-protector -fcf-protection=none -mgeneral-regs-only".split(" ");

/** libc.a may say at link time that it loads modules of the image; closed-world.c. */
const expectedWarning = /Using '\w+' in statically linked applications requires/;

type Run = (words: string[]) => { code: number | null; output: string; text: string };

export type Compiler = {
  /** The program gcc. */
  readonly gcc: string;
  /** Of gcc, and hence of libgcc. */
  readonly version: string;
  /** What libc.a calls itself: "Debian GLIBC 2.36-9+deb12u14". */
  readonly libc: string;
  /** Where to look for libc.a first. */
  readonly directory: string | undefined;
  readonly run: Run;
};

/**
 * @param directory where libc.a is; without it, where gcc finds it
 * @returns gcc with a libc, or what of them is missing here
 * @throws Unexpected where `directory` does not have glibc's
 */
export function findCompiler(run: Run, directory?: string): Compiler | string {
  const gcc = Bun.which("gcc");
  if (!gcc && directory) throw new Unexpected("there is no gcc to link with it");
  if (!gcc) return "gcc";
  const asked = run([gcc, "-print-file-name=libc.a"]).output.trim();
  const archive = directory ? join(directory, "libc.a") : asked;
  if (directory && !existsSync(archive)) throw new Unexpected(`there is no ${archive}`);
  // gcc answers with the bare name for what it does not find.
  if (!isAbsolute(archive) || !existsSync(archive)) return "libc.a";
  // The banner of glibc's version.c, which `gnu_get_libc_version` brings in.
  const banner = /GNU C Library \(([^)]+)\) \w+ release version ([\d.]+)/;
  const found = banner.exec(readFileSync(archive, "latin1"));
  if (!found) throw new Unexpected(`${archive} is not glibc's`);
  const version = run([gcc, "-dumpfullversion"]).output.trim();
  return { gcc, version, libc: found[1]!, directory, run };
}

/**
 * @param file where `program` is
 * @param functions names by which sidecar itself calls C
 * @param directory to work in; made if it is not there
 * @returns the launcher as an ELF file, for link.ts
 * @throws Unexpected; names what libc does not have
 */
export function compileLauncher(
  program: Uint8Array,
  file: string,
  functions: readonly string[],
  { gcc, directory: archives, run }: Compiler,
  directory: string,
): Uint8Array {
  const elf = new Elf(program, "the program");
  const found = [...soughtByBun, ...functions];
  const object = (name: string) => join(directory, `${name}.o`);
  mkdirSync(directory, { recursive: true });
  const symbols = join(directory, "symbols.s");
  writeFileSync(symbols, assembly(elf, demandsOf(elf), found, file));

  const compile = (words: readonly string[]) => {
    const { code, text } = run([gcc, ...words]);
    if (code !== 0) throw new Unexpected(explain(text));
    return text;
  };
  const sources = {
    entry: [...freestanding, "-ffreestanding"],
    start: freestanding,
    relay: [],
    "relay-file": [],
    guardian: freestanding,
    descendants: freestanding,
    runtime: [],
    "closed-world": [],
  };
  for (const [name, flags] of Object.entries(sources)) {
    const source = join(import.meta.dirname, `${name}.c`);
    compile([...common, ...flags, "-c", source, "-o", object(name)]);
  }
  compile(["-c", symbols, "-o", object("symbols")]);
  const launcher = join(directory, "launcher");
  const said = compile([
    ..."-static -no-pie -Wl,-z,norelro,-z,noexecstack,--build-id=none".split(" "),
    `-Wl,-T,${join(import.meta.dirname, "runtime.ld")}`,
    ...(archives ? [`-L${archives}`] : []),
    ...["-o", launcher],
    ...[...Object.keys(sources), "symbols"].map(object),
    "-lm",
  ]);
  const surprises = said
    .split("\n")
    .filter((line) => /warning/.test(line) && !expectedWarning.test(line));
  if (surprises.length > 0) throw new Unexpected(surprises.join("\n"));
  return readFileSync(launcher);
}

/** The names that are missing, out of the many lines in which the linker says so. */
function explain(text: string): string {
  const names = [...text.matchAll(/undefined reference to `([^']+)'/g)].map(
    (m) => m[1]!,
  );
  if (names.length === 0) return text;
  const list = [...new Set(names)].sort().join(", ");
  return `the program needs what neither libc.a nor the launcher has: ${list}`;
}
