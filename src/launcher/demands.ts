/**
 * What a program made by `bun build --compile` demands of the loader of shared
 * libraries, which is to be done when it is built instead. Everything that is not
 * understood is an error: another version of Bun must not come out broken.
 */
import { type Elf, expect, type Relocation, segmentType } from "./elf.ts";

/** Tags of the dynamic segment that are understood (DT_…). */
const dynamicTag = {
  NEEDED: 1,
  PLTRELSZ: 2,
  PLTGOT: 3,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  RELAENT: 9,
  STRSZ: 10,
  SYMENT: 11,
  INIT: 12,
  FINI: 13,
  PLTREL: 20,
  DEBUG: 21,
  JMPREL: 23,
  INIT_ARRAY: 25,
  FINI_ARRAY: 26,
  INIT_ARRAYSZ: 27,
  FINI_ARRAYSZ: 28,
  /** Only that all symbols are to be looked up at once, which is what happens. */
  FLAGS: 30,
  FLAGS_1: 0x6ffffffb,
  VERSYM: 0x6ffffff0,
  VERDEF: 0x6ffffffc,
  VERDEFNUM: 0x6ffffffd,
  VERNEED: 0x6ffffffe,
  VERNEEDNUM: 0x6fffffff,
  RELACOUNT: 0x6ffffff9,
  GNU_HASH: 0x6ffffef5,
} as const;

/** DF_BIND_NOW and DF_1_NOW: see FLAGS above. */
const knownFlags = { FLAGS: 8, FLAGS_1: 1 } as const;

/** All of them are parts of one libc.a. */
const libraries = [
  "libc.so.6",
  "libm.so.6",
  "libpthread.so.0",
  "libdl.so.2",
  "librt.so.1",
  "ld-linux-x86-64.so.2",
];

/** Types of relocations that are understood (R_X86_64_…). */
const relocationType = { 64: 1, COPY: 5, GLOB_DAT: 6, JUMP_SLOT: 7 } as const;

/** A variable of libc that the program has room for and uses in libc's stead. */
export type Copy = { readonly name: string; readonly address: number };

export type FunctionArray = { readonly address: number; readonly count: number };

export type Demands = {
  /** Where the address of which name is to be written. */
  readonly places: readonly { readonly address: number; readonly name: string }[];
  /** Places for functions of the program itself. */
  readonly own: readonly { readonly address: number; readonly value: number }[];
  /** The names that somebody has to bring. */
  readonly names: readonly string[];
  readonly copies: readonly Copy[];
  /** What is to be called before main: one function (0 for none), then a table. */
  readonly initialiser: number;
  readonly initialisers: FunctionArray;
  /** What is to be called at exit: a table from its end, then one function. */
  readonly finalisers: FunctionArray;
  readonly finaliser: number;
};

/**
 * What nobody needs to have: hooks of profilers and of the C++ runtime that are called
 * only where they exist. Every other name is needed, weak or not.
 */
const optional = /^(__gmon_start__|_ITM_(de)?registerTMCloneTable|ZSTD_trace_\w+)$/;

/** The names of the one variable of libc that it and the program both change. */
export const environmentNames = ["environ", "__environ", "_environ"];

/** Variables whose initial value may be copied: pointers that libc never changes. */
const constantVariables = ["stdin", "stdout", "stderr"];

/** @throws Unexpected */
export function demandsOf(program: Elf): Demands {
  checkSegments(program);
  const dynamic = checkDynamic(program);
  const value = (tag: keyof typeof dynamicTag): number => {
    const found = dynamic.get(dynamicTag[tag]);
    expect(found !== undefined, `the program has DT_${tag}`);
    return found;
  };
  const has = (tag: keyof typeof dynamicTag) => dynamic.has(dynamicTag[tag]);
  const array = (at: "INIT_ARRAY" | "FINI_ARRAY", size: `${typeof at}SZ`) =>
    has(at) ? { address: value(at), count: value(size) / 8 } : { address: 0, count: 0 };

  const symbols = {
    table: program.offsetOf(value("SYMTAB")),
    strings: program.offsetOf(value("STRTAB")),
  };
  const relocations = [
    ...(has("RELA")
      ? program.relocations(value("RELA"), value("RELASZ"), symbols)
      : []),
    ...(has("JMPREL")
      ? program.relocations(value("JMPREL"), value("PLTRELSZ"), symbols)
      : []),
  ];
  const copied = relocations.filter(({ type }) => type === relocationType.COPY);
  const written = relocations.filter(({ type }) => type !== relocationType.COPY);
  const places: { address: number; name: string }[] = [];
  const own: { address: number; value: number }[] = [];
  for (const { address, type, addend, symbol } of written) {
    const { name } = symbol;
    expect(
      Object.values<number>(relocationType).includes(type) && addend === 0,
      `relocation type ${type} with addend ${addend}, for ${name}, ` +
        "is one that is known",
    );
    expect(!symbol.threadLocal, `${name} is not thread-local`);
    if (symbol.defined) own.push({ address, value: symbol.address });
    else if (!(symbol.weak && optional.test(name))) places.push({ address, name });
  }
  return {
    places,
    own,
    names: [...new Set(places.map(({ name }) => name))],
    copies: copied.map(copyOf),
    initialiser: has("INIT") ? value("INIT") : 0,
    initialisers: array("INIT_ARRAY", "INIT_ARRAYSZ"),
    finalisers: array("FINI_ARRAY", "FINI_ARRAYSZ"),
    finaliser: has("FINI") ? value("FINI") : 0,
  };
}

function copyOf({ address, symbol }: Relocation): Copy {
  const { name, size } = symbol;
  expect(
    size === 8 && [...environmentNames, ...constantVariables].includes(name),
    `the variable ${name} of libc, ${size} bytes, is one that can be shared`,
  );
  return { name, address };
}

function checkSegments(program: Elf): void {
  for (const { type } of program.segments)
    expect(
      Object.values<number>(segmentType).includes(type),
      `segment type 0x${type.toString(16)} of the program is one that is known`,
    );
  const loads = program.loads;
  expect(
    loads[0]?.offset === 0 && loads[0].address > 0,
    "the program's first segment begins with its header",
  );
  const ordered = loads.every((s, n) => n === 0 || s.address > loads[n - 1]!.address);
  expect(ordered, "the program's segments are in order");
}

function checkDynamic(program: Elf): ReadonlyMap<number, number> {
  const entries = program.dynamic();
  const values = new Map<number, number>();
  for (const { tag, value } of entries) {
    const name = Object.entries(dynamicTag).find(([, known]) => known === tag)?.[0];
    expect(
      name !== undefined,
      `entry 0x${tag.toString(16)} of its dynamic segment is known`,
    );
    if (name === "FLAGS" || name === "FLAGS_1")
      expect(
        (value & ~knownFlags[name]) === 0,
        `DT_${name} 0x${value.toString(16)} is known`,
      );
    values.set(tag, value);
  }
  const strings = program.offsetOf(values.get(dynamicTag.STRTAB)!);
  for (const { tag, value } of entries)
    if (tag === dynamicTag.NEEDED) {
      const library = program.text(strings + value);
      expect(libraries.includes(library), `the library ${library} is a part of libc`);
    }
  const RELA = 7;
  expect(
    (values.get(dynamicTag.PLTREL) ?? RELA) === RELA &&
      (values.get(dynamicTag.RELAENT) ?? 24) === 24,
    "its relocations have the usual form",
  );
  return values;
}
