/** Root directories, each an image that some program would fail in. */
import { chmodSync, copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { executable, root } from "./paths.ts";

/** Files by their path in the root. A function writes it; a text is its contents. */
type Contents = Readonly<Record<string, string | ((file: string) => void)>>;

function put(directory: string, contents: Contents): void {
  for (const [path, content] of Object.entries(contents)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof content === "string") writeFileSync(file, content);
    else content(file);
    chmodSync(file, 0o755);
  }
}

/** Compiles test/programs/NAME.c so that it needs no other file. */
export function program(name: string, file: string): void {
  compile("gcc", name, file, "-static");
}

function compile(compiler: string, name: string, file: string, ...flags: string[]) {
  const source = join(root, "test/programs", `${name}.c`);
  must([compiler, "-O1", ...flags, "-o", file, source]);
}

function must(words: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(words, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
}

const copyOf = (path: string) => (file: string) => copyFileSync(path, file);

/** Nothing but sidecar and a block: `FROM scratch`. */
export function scratch(directory: string): void {
  put(directory, {
    sidecar: copyOf(executable),
    block: (file) => program("block", file),
  });
}

const garbage = "this is no library\n";

/** Its glibc is broken, and what is configured for names is not there. */
export function brokenGlibc(directory: string): void {
  scratch(directory);
  put(directory, {
    "lib64/ld-linux-x86-64.so.2": garbage,
    "lib/x86_64-linux-gnu/libc.so.6": garbage,
    "lib/x86_64-linux-gnu/libpthread.so.0": garbage,
    "lib/x86_64-linux-gnu/libnss_hostile.so.2": garbage,
    "etc/nsswitch.conf": "passwd: hostile\nhosts: hostile\n",
    "etc/ld.so.preload": "/lib/x86_64-linux-gnu/libnss_hostile.so.2\n",
    ".env": "BUN_OPTIONS=--version\nINTRUDER=1\n",
    "bunfig.toml": 'preload = ["./intruder.ts"]\n',
    "intruder.ts": "process.exit(9);\n",
  });
}

const loader = "/lib/ld-musl-x86_64.so.1";

/** musl and busybox, as Alpine has them; the block is linked with musl. */
export function musl(directory: string): void {
  put(directory, {
    sidecar: copyOf(executable),
    block: (file) => compile("musl-gcc", "block", file),
    "lib/ld-musl-x86_64.so.1": copyOf(loader),
    "bin/busybox": copyOf("/bin/busybox"),
    "tmp/.keep": "",
  });
  must(["chroot", directory, "/bin/busybox", "--install", "-s", "/bin"]);
  chmodSync(join(directory, "tmp"), 0o1777);
}

/**
 * A Python that brings its own libraries, in the image of musl and busybox: where an
 * image's programs come from is not sidecar's business.
 */
export function muslWithPython(directory: string): void {
  musl(directory);
  const ask = "import sys, os; print(os.path.realpath(sys.executable), os.__file__)";
  const answer = Bun.spawnSync(["/usr/bin/python3", "-c", ask]).stdout.toString();
  const [binary, module] = answer.trim().split(" ") as [string, string];
  const library = dirname(module);
  const place = join(directory, "opt/python");
  mkdirSync(join(place, "lib"), { recursive: true });
  must(["cp", "-rL", library, join(place, "lib")]);
  const modules = join(library, "lib-dynload/*.so");
  const needed = Bun.spawnSync(["sh", "-c", `ldd ${binary} ${modules}`]);
  const files = needed.stdout.toString().matchAll(/(\/\S+\.so\S*) \(0x/g);
  for (const path of new Set([...files].map((match) => match[1]!)))
    copyFileSync(path, join(place, "lib", basename(path)));
  for (const name of ["blocks", "package"])
    cpSync(join(root, "images/python3", name), join(place, name), { recursive: true });
  put(directory, {
    "opt/python/python": copyOf(binary),
    "opt/python/activate.env":
      "PYTHONHOME=/opt/python\nPYTHONPATH=/opt/python/package\n",
  });
}

/** What starts that Python: its own loader, told where its libraries are. */
export const privatePython =
  "/opt/python/lib/ld-linux-x86-64.so.2 --library-path /opt/python/lib" +
  " /opt/python/python";
