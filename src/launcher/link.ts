/**
 * Joins a program made by `bun build --compile` and the launcher with its libc into one
 * executable that needs no loader: docs/static.md tells the whole.
 *
 * The addresses that a loader would write when the program is started are written into
 * its file; the launcher's segments are appended; the table of segments, which stands
 * at the beginning of the file, is written anew. Everything else stays where it is.
 */
import { identityOffset, identitySize } from "../contract/mark.ts";
import { type Demands, demandsOf } from "./demands.ts";
import { Elf, expect, type Segment, segmentSize, segmentType } from "./elf.ts";
import { threadLocalAlignment, threadLocalSize } from "./symbols.ts";

/** Where runtime.ld puts `sidecar_record`, first in the data segment. */
export const recordAddress = 0x20400000;

const headerSize = 64;
const pageSize = 4096;

/**
 * @param launcher the launcher, linked for this very program
 * @param mark what tells whoever reads the file which program it is (contract/mark.ts)
 * @throws Unexpected where anything is not as expected
 */
export function link(
  program: Uint8Array,
  launcher: Uint8Array,
  mark: Uint8Array,
): Uint8Array {
  const target = new Elf(program, "the program");
  const source = new Elf(launcher, "the launcher");
  const demands = demandsOf(target);
  checkLauncher(target, source);

  const end = Math.max(...target.loads.map((s) => s.offset + s.fileSize));
  const { placed, size } = place(source, end);
  const result = new Uint8Array(size);
  // What follows the segments (names of sections, say) nothing reads at run time.
  result.set(program.subarray(0, end));
  for (const { from, to } of placed)
    result.set(launcher.subarray(from.offset, from.offset + from.fileSize), to.offset);

  const view = new DataView(result.buffer);
  for (const { address, value } of resolve(source, demands))
    view.setBigUint64(target.offsetOf(address), BigInt(value), true);
  const segments = [
    ...target.loads,
    ...placed.map(({ to }) => to),
    threadLocals(source, placed),
    ...target.segments.filter(({ type }) => kept.includes(type)),
  ];
  writeHeader(result, target, source, segments, identitySize + mark.length);
  const identity = identityOffset(new Elf(result, "the result").segments.length);
  result.set(mark, identity + identitySize);
  result.set(checksum(result), identity);
  return result;
}

/**
 * SHA-256 of the whole file, its own bytes taken as zeros. It tells one build from
 * another (system/posix/running.ts).
 */
function checksum(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(new Bun.CryptoHasher("sha256").update(bytes).digest());
}

/** What the kernel, or a debugger, wants to know of the program besides its parts. */
const kept: readonly number[] = [segmentType.GNU_STACK, segmentType.GNU_EH_FRAME];

function checkLauncher(target: Elf, source: Elf): void {
  const top = Math.max(...target.loads.map((s) => s.address + s.memorySize));
  expect(
    source.loads.length === 2 && source.loads[0]!.address >= top,
    "the launcher is two segments above the program",
  );
  expect(
    source.namedAddresses().get("sidecar_record") === recordAddress,
    "the launcher's record is in its place",
  );
  const own = target.one("TLS");
  const merged = source.one("TLS");
  const start = merged.fileSize - own.fileSize;
  const image = (elf: Elf, at: number) =>
    Buffer.from(elf.bytes.subarray(at, at + own.fileSize));
  expect(
    merged.memorySize % threadLocalAlignment === 0 &&
      merged.address % threadLocalAlignment === 0 &&
      merged.alignment === threadLocalAlignment &&
      start + threadLocalSize(own) === merged.memorySize &&
      image(source, merged.offset + start).equals(image(target, own.offset)),
    "the program's thread-local variables end those of the launcher",
  );
}

type Placed = { readonly from: Segment; readonly to: Segment };

/** Behind `end`, each at the same place in its page as in memory. */
function place(source: Elf, end: number): { placed: Placed[]; size: number } {
  let size = end;
  const placed = source.loads.map((from) => {
    const skip = (((from.address - size) % pageSize) + pageSize) % pageSize;
    const offset = size + skip;
    size = offset + from.fileSize;
    return { from, to: { ...from, offset, alignment: pageSize } };
  });
  return { placed, size };
}

function threadLocals(source: Elf, placed: readonly Placed[]): Segment {
  const segment = source.one("TLS");
  const { from, to } = placed.find(
    ({ from }) =>
      segment.address >= from.address &&
      segment.address < from.address + from.memorySize,
  )!;
  return { ...segment, offset: segment.offset - from.offset + to.offset };
}

/** Which number is to be written at which address of the program. */
function resolve(
  source: Elf,
  demands: Demands,
): { readonly address: number; readonly value: number }[] {
  const table = symbolTable(source);
  const missing = demands.names.filter((name) => !table.get(name));
  expect(missing.length === 0, `the launcher has ${missing.join(", ")}`);
  const found = demands.places.map(({ address, name }) => ({
    address,
    value: table.get(name)!,
  }));
  return [...found, ...demands.own];
}

/** The table that symbols.ts wrote: names and, by now, addresses. */
function symbolTable(source: Elf): ReadonlyMap<string, number> {
  const names = source.namedAddresses();
  const start = names.get("sidecar_symbols");
  const end = names.get("sidecar_symbols_end");
  expect(start !== undefined && end !== undefined, "the launcher has its table");
  const table = new Map<string, number>();
  for (let at = start; at < end; at += 16) {
    const entry = source.offsetOf(at);
    table.set(
      source.text(source.offsetOf(source.number(entry))),
      source.number(entry + 8),
    );
  }
  return table;
}

/**
 * The new table of segments stands where the old one did, right behind the header:
 * there old kernels look for it too (AT_PHDR), and there it is in memory, where libc
 * reads it.
 */
function writeHeader(
  result: Uint8Array,
  target: Elf,
  source: Elf,
  segments: readonly Segment[],
  behind: number,
): void {
  const room = target.segments.length * segmentSize;
  expect(
    segments.length * segmentSize + behind <= room,
    `${segments.length} segments and ${behind} bytes fit in a table of ${room} bytes`,
  );
  result.fill(0, headerSize, headerSize + room);
  const view = new DataView(result.buffer);
  const number = (offset: number, value: number) =>
    view.setBigUint64(offset, BigInt(value), true);
  segments.forEach((segment, index) => {
    const at = headerSize + index * segmentSize;
    view.setUint32(at, segment.type, true);
    view.setUint32(at + 4, segment.flags, true);
    number(at + 8, segment.offset);
    number(at + 16, segment.address);
    number(at + 24, segment.address);
    number(at + 32, segment.fileSize);
    number(at + 40, segment.memorySize);
    number(at + 48, segment.alignment);
  });
  number(24, source.entry);
  number(32, headerSize);
  view.setUint16(56, segments.length, true);
  // No table of sections: offset, count, and which of them has their names.
  number(40, 0);
  view.setUint16(60, 0, true);
  view.setUint16(62, 0, true);
}
