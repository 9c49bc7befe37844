/**
 * The linker step (src/launcher), on small programs in C: what a loader would have done
 * for them is done, and what is not understood is refused by name.
 */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compileLauncher, findCompiler } from "../src/launcher/compile.ts";
import { Elf, segmentType } from "../src/launcher/elf.ts";
import { link } from "../src/launcher/link.ts";
import { describeWhere, hasLauncher } from "./support/machine.ts";
import { run, workspace } from "./support/sidecar.ts";

/** These programs need not be known by a mark. */
const none = new Uint8Array(0);

/** Compiles a program in C as Bun is: dynamic, with thread-local variables, no PIE. */
async function compile(source: string, ...flags: string[]): Promise<string> {
  const directory = workspace();
  const file = join(directory, "program");
  const text = `__thread int of_every_program = 1;\n${source}`;
  writeFileSync(join(directory, "program.c"), text);
  const words = ["gcc", "-O1", "-no-pie", "-fno-pic", "-o", file, "program.c"];
  const { stderr, code } = await run([...words, ...flags], { directory });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return file;
}

/** A shared library under a name that the linker step knows or does not know. */
async function library(source: string, name: string): Promise<string> {
  const directory = workspace();
  writeFileSync(join(directory, "library.c"), source);
  const file = join(directory, name);
  const words = ["gcc", "-shared", "-fPIC", `-Wl,-soname,${name}`, "-o", file];
  await run([...words, "library.c"], { directory });
  return file;
}

function linked(file: string, program: Uint8Array = readFileSync(file)): string {
  const directory = workspace();
  const compiler = findCompiler((words) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(words);
    const output = stdout.toString();
    return { code: exitCode, output, text: `${output}${stderr}` };
  });
  if (typeof compiler === "string") throw new Error(`no ${compiler} here`);
  const launcher = compileLauncher(program, file, [], compiler, join(directory, "c"));
  const result = join(directory, "static");
  writeFileSync(result, link(program, launcher, none));
  chmodSync(result, 0o755);
  return result;
}

const initialise = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <dlfcn.h>
#include <pthread.h>
extern char **environ;
__attribute__((weak)) void ZSTD_trace_compress_end(void);
static __thread int counter = 41;
static __thread char zeros[300];
static __thread struct { char c; } __attribute__((aligned(16))) aligned = {'a'};
static int order;
__attribute__((constructor(101))) static void first(void) { order = order * 10 + 1; }
__attribute__((constructor(102))) static void second(void) { order = order * 10 + 2; }
__attribute__((destructor)) static void last(void) { puts("destructor"); }
static void *thread(void *unused) {
  (void)unused;
  counter++;
  return (void *)(long)(counter + zeros[299] + (((long)&aligned & 15) != 0) * 1000);
}
`;

describeWhere({ "gcc and libc.a": hasLauncher }, "a program in C", () => {
  it("finds functions, variables, thread-local ones and its tables", async () => {
    const file = await compile(
      `${initialise}
      int main(int count, char **words) {
        pthread_t other;
        void *result;
        counter += 100;
        pthread_create(&other, 0, thread, 0);
        pthread_join(other, &result);
        printf("%d %d %ld %c\\n", order, counter, (long)result, aligned.c);
        printf("%d %s %.3f\\n", count, words[1], sin(1.0));
        fprintf(stderr, "error\\n");
        setenv("ADDED", "by setenv", 1);
        int variables = 0;
        while (environ[variables]) variables++;
        printf("%s %s\\n", environ[variables - 1], getenv("ADDED"));
        printf("%d\\n", ZSTD_trace_compress_end == 0);
        qsort(words, 0, 8, (int (*)(const void *, const void *))strcmp);
        return 7;
      }`,
      "-lm",
    );
    const result = await run([linked(file), "word"], { environment: { A: "1" } });
    expect(result).toMatchObject({ code: 7, stderr: "error\n" });
    // The environment is hidden but for what the program itself adds.
    expect(result.stdout).toBe(
      "12 141 42 a\n2 word 0.841\nADDED=by setenv by setenv\n1\ndestructor\n",
    );
  });

  it("has its own first and last function called, around all others", async () => {
    const file = await compile(
      `${initialise}
      void begin(void) { puts("begin"); }
      void end(void) { puts("end"); }
      __attribute__((constructor)) static void constructor(void) {
        puts("constructor");
      }
      int main(void) { puts("main"); return 0; }`,
      "-Wl,-init,begin,-fini,end",
      "-lm",
    );
    const { stdout } = await run([linked(file)]);
    expect(stdout.trim().split("\n")).toEqual(
      (await run([file])).stdout.trim().split("\n"),
    );
    expect(stdout).toBe("begin\nconstructor\nmain\ndestructor\nend\n");
  });

  it("loads no library, whatever its name, and finds libc's functions", async () => {
    const file = await compile(`
      #include <dlfcn.h>
      #include <stdio.h>
      int main(void) {
        void *libc = dlopen("libc.so.6", RTLD_NOW);
        int (*put)(const char *) = dlsym(libc, "puts");
        put("found");
        printf("%d\\n", dlsym(libc, "no_such_function") == 0);
        printf("%s\\n", dlerror());
        printf("%d\\n", dlopen("/usr/lib/libz.so.1", RTLD_NOW) == 0);
        printf("%s\\n", dlerror());
        puts("end");
      }`);
    const { stdout } = await run([linked(file)]);
    expect(stdout.split("\n")).toEqual([
      "found",
      "1",
      "undefined symbol: no_such_function",
      "1",
      "/usr/lib/libz.so.1: this executable loads no libraries",
      "end",
      "",
    ]);
  });

  it("loads no module of nsswitch.conf or of iconv", async () => {
    const file = await compile(`
      #include <iconv.h>
      #include <netdb.h>
      #include <stdio.h>
      int main(void) {
        struct addrinfo *found = 0;
        int error = getaddrinfo("127.0.0.1", 0, 0, &found);
        printf("%d %d\\n", error, iconv_open("EUC-JP", "UTF-8") == (iconv_t)-1);
        printf("%d\\n", iconv_open("UCS-2", "UTF-8") == (iconv_t)-1);
      }`);
    expect((await run([linked(file)])).stdout).toBe("0 1\n0\n");
  });

  it("is refused where it needs what libc.a does not have", async () => {
    const stub = await library(
      "int lost(void) { return 1; } int found_missing(void) { return 1; }",
      "libm.so.6",
    );
    const file = await compile(
      "int lost(void); int found_missing(void);" +
        "int main(void) { return lost() + found_missing(); }",
      stub,
    );
    expect(() => linked(file)).toThrow(
      /needs what neither libc\.a nor the launcher has: found_missing, lost$/,
    );
  });

  it("is refused where it needs another library", async () => {
    const other = await library("int other(void) { return 1; }", "libother.so.3");
    const file = await compile(
      "int other(void); int main(void) { return other(); }",
      other,
    );
    expect(() => linked(file)).toThrow(/the library libother\.so\.3 is a part of libc/);
  });

  it("is refused where it shares a variable that cannot be shared", async () => {
    const other = await library("long table[4] = {1};", "libm.so.6");
    const file = await compile(
      "extern long table[4]; int main(void) { return table[0]; }",
      other,
    );
    expect(() => linked(file)).toThrow(/the variable table of libc, 32 bytes, is one/);
  });

  it("is refused where a function is chosen when it starts", async () => {
    const file = await compile(`
      static int one(void) { return 1; }
      static void *choose(void) { return one; }
      int chosen(void) __attribute__((ifunc("choose")));
      int main(void) { return chosen(); }`);
    expect(() => linked(file)).toThrow(/relocation type 37 .* is one that is known/);
  });

  it("is refused where it is position-independent", async () => {
    const file = await compile("int main(void) { return 0; }", "-pie", "-fpic");
    expect(() => linked(file)).toThrow(/the program is not position-independent/);
  });

  const small = "__thread int own = 1; int main(void) { return own; }";

  it("is refused with a segment or an entry that is not known", async () => {
    const file = await compile(small);
    const program = readFileSync(file);
    const elf = new Elf(program, "it");
    const view = new DataView(program.buffer, program.byteOffset);
    const kind = 64 + 56 * (elf.segments.length - 1);
    const before = view.getUint32(kind, true);
    view.setUint32(kind, 0x6123, true);
    expect(() => linked(file, program)).toThrow(/segment type 0x6123 .* is known/);
    view.setUint32(kind, before, true);
    view.setBigUint64(elf.one("DYNAMIC").offset, 0x24n, true);
    expect(() => linked(file, program)).toThrow(/entry 0x24 of its dynamic segment/);
  });

  it("is refused where its table of segments has no room for more", async () => {
    const file = await compile(small);
    const program = readFileSync(file);
    const { LOAD, DYNAMIC, TLS } = segmentType;
    const needed: readonly number[] = [LOAD, DYNAMIC, TLS];
    const kept = new Elf(program, "it").segments.flatMap(({ type }, index) =>
      needed.includes(type)
        ? [Buffer.from(program.subarray(64 + 56 * index, 120 + 56 * index))]
        : [],
    );
    program.set(Buffer.concat(kept), 64);
    program.writeUInt16LE(kept.length, 56);
    expect(() => linked(file, program)).toThrow(/segments and 32 bytes fit in a/);
  });

  it("is refused with a launcher that was made for another", async () => {
    const file = await compile(small);
    const other = await compile(small.replace("= 1", "= 2"));
    const launcher = readFileSync(linked(other));
    expect(() => link(readFileSync(file), launcher, none)).toThrow(
      /cannot link statically/,
    );
  });
});

describe("what is no program", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(), /is ELF/],
    ["a text", new TextEncoder().encode("#!/bin/sh\n".repeat(20)), /is ELF/],
    [
      "one of 32 bits",
      Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, ...new Uint8Array(100)),
      /is of 64 bits/,
    ],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => link(bytes, bytes, none)).toThrow(message);
  });
});
