/**
 * Writes the assembly that tells the launcher's C code about the program it is to be
 * linked with: where it begins, its tables of functions, its thread-local variables,
 * and a table of every function that it may want, which is what makes the linker take
 * those out of libc.a.
 */
import { type Demands, environmentNames } from "./demands.ts";
import { type Elf, expect, type Segment } from "./elf.ts";

/** Functions of ours that stand for one of libc's: see runtime.c and closed-world.c. */
const replacements: Readonly<Record<string, string>> = {
  __fxstat: "sidecar_fxstat",
  __fxstat64: "sidecar_fxstat",
  __fxstatat: "sidecar_fxstatat",
  __fxstatat64: "sidecar_fxstatat",
  __libc_start_main: "sidecar_libc_start_main",
  __lxstat: "sidecar_lxstat",
  __lxstat64: "sidecar_lxstat",
  // The name that libpthread had for it.
  __pthread_key_create: "pthread_key_create",
  __tls_get_addr: "sidecar_tls_get_addr",
  __xstat: "sidecar_xstat",
  __xstat64: "sidecar_xstat",
  dladdr: "sidecar_dladdr",
  dlclose: "sidecar_dlclose",
  dlerror: "sidecar_dlerror",
  dlopen: "sidecar_dlopen",
  dlsym: "sidecar_dlsym",
  dlvsym: "sidecar_dlvsym",
  pthread_getattr_np: "sidecar_pthread_getattr_np",
};

/** The alignment of the image of thread-local variables, in bytes: see runtime.ld. */
export const threadLocalAlignment = 64;

/**
 * @param found names that are looked up at run time (dlsym) and must then be there
 * @param file where the program is, for the image of its thread-local variables
 */
export function assembly(
  program: Elf,
  demands: Demands,
  found: readonly string[],
  file: string,
): string {
  const names = [...new Set([...demands.names, ...found])];
  // As strcmp(3) orders them.
  names.sort((a, b) => (a < b ? -1 : 1));
  const environment = demands.copies.find((c) => environmentNames.includes(c.name));
  const others = demands.copies.filter((copy) => copy !== environment);
  const { initialisers, finalisers, initialiser, finaliser } = demands;
  return [
    ...constant("bun_entry", program.entry),
    // libc finds the table of segments by it, where the kernel does not tell.
    ...constant("__ehdr_start", program.loads[0]!.address),
    ...constant("bun_init_array", initialisers.address),
    ...constant("bun_fini_array", finalisers.address),
    // libc is to use the program's variable, as with a loader it would.
    ...(environment
      ? environmentNames.flatMap((name) => constant(name, environment.address))
      : []),
    ".section .rodata",
    ".balign 16",
    ...quad("bun_init", initialiser),
    ...quad("bun_fini", finaliser),
    ...quad("bun_init_count", initialisers.count),
    ...quad("bun_fini_count", finalisers.count),
    ...label("bun_copies"),
    ...others.map(({ name, address }) => `  .quad ${address}, ${name}`),
    ...label("bun_copies_end"),
    ...label("sidecar_symbols"),
    ...names.map((name, n) => `  .quad .Lname${n}, ${replacements[name] ?? name}`),
    ...label("sidecar_symbols_end"),
    ...names.map((name, n) => `.Lname${n}: .asciz "${name}"`),
    ...threadLocals(program.one("TLS"), file),
    '.section .note.GNU-stack, "", @progbits',
    "",
  ].join("\n");
}

/**
 * The end of the image is the end of the program's part: it is moved up by what is left
 * to a multiple of the alignment.
 */
function threadLocals(segment: Segment, file: string): string[] {
  const { alignment, fileSize, offset, address } = segment;
  expect(
    threadLocalAlignment % alignment === 0 && address % alignment === 0,
    `the program's thread-local variables are aligned to ${alignment}, which is known`,
  );
  const size = threadLocalSize(segment);
  const total = Math.ceil(size / threadLocalAlignment) * threadLocalAlignment;
  return [
    ...quad("bun_tls_size", size),
    '.section .bun_tls_data, "awT", @progbits',
    `.balign ${threadLocalAlignment}`,
    `  .zero ${total - size}`,
    `  .incbin ${JSON.stringify(file)}, ${offset}, ${fileSize}`,
    '.section .bun_tls_zero, "awT", @nobits',
    `  .zero ${size - fileSize}`,
  ];
}

/** As the ABI reckons it: variables end at the thread pointer, aligned. */
export function threadLocalSize({ memorySize, alignment }: Segment): number {
  return Math.ceil(memorySize / alignment) * alignment;
}

const constant = (name: string, value: number) => [
  `.globl ${name}`,
  `.set ${name}, ${value}`,
];

const label = (name: string) => [`.globl ${name}`, `${name}:`];

const quad = (name: string, value: number) => [...label(name), `  .quad ${value}`];
