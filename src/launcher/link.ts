/**
 * Puts the launcher (entry.c) into an executable that `bun build --compile` made.
 *
 * An ELF file begins with a table of segments that says which part of the file belongs
 * at which address. The launcher's two segments are appended to the file and entered
 * in the table in place of two that only inform (PT_PHDR and PT_NOTE); the entry point
 * becomes the launcher's, and the launcher is told Bun's. Everything else stays where
 * it is. Whatever is not as expected is an error here, at build time.
 */

/** Where entry.ld puts `record`, first in the data segment. */
export const recordAddress = 0x20010000;

const PT_LOAD = 1;
const PT_NOTE = 4;
const PT_PHDR = 6;
const headerSize = 56;
const pageSize = 4096;

type Segment = {
  type: number;
  flags: number;
  offset: number;
  address: number;
  fileSize: number;
  memorySize: number;
  alignment: number;
};

/** @returns the bytes of `program` with the launcher in it */
export function link(program: Uint8Array, launcher: Uint8Array): Uint8Array {
  const target = parse(program, "the program");
  const source = parse(launcher, "the launcher");
  const added = source.segments.filter(({ type }) => type === PT_LOAD);
  expect(added.length === 2, "the launcher has two segments to load");
  expect(added[1]!.address === recordAddress, "the launcher's record is in its place");
  const end = Math.max(...target.segments.map((s) => s.address + s.memorySize));
  expect(end < added[0]!.address, "the program ends below the launcher");

  const kept = target.segments.filter(
    ({ type }) => type !== PT_PHDR && type !== PT_NOTE,
  );
  expect(
    kept.length + added.length <= target.segments.length,
    "the program's table has two segments to spare",
  );
  const lastLoad = kept.findLastIndex(({ type }) => type === PT_LOAD);

  let size = program.length;
  const placed = added.map((segment) => {
    const offset = Math.ceil(size / pageSize) * pageSize;
    size = offset + segment.fileSize;
    return { ...segment, offset, alignment: pageSize };
  });
  const bytes = new Uint8Array(size);
  bytes.set(program);
  added.forEach(({ offset, fileSize }, index) => {
    bytes.set(launcher.subarray(offset, offset + fileSize), placed[index]!.offset);
  });

  // The loader wants segments in the order of their addresses.
  const table = [
    ...kept.slice(0, lastLoad + 1),
    ...placed,
    ...kept.slice(lastLoad + 1),
  ];
  const view = new DataView(bytes.buffer);
  table.forEach((segment, index) => {
    writeSegment(view, target.tableOffset + index * headerSize, segment);
  });
  view.setUint16(56, table.length, true);
  view.setBigUint64(24, BigInt(source.entry), true);

  const record = placed[1]!.offset;
  const name = new TextDecoder().decode(bytes.subarray(record, record + 15));
  expect(name === "sidecar-record1", "the launcher's record is the one that we know");
  view.setBigUint64(record + 16, BigInt(target.entry), true);
  return bytes;
}

function parse(bytes: Uint8Array, what: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expect(view.getUint32(0) === 0x7f454c46, `${what} is an ELF file`);
  expect(view.getUint16(16, true) === 2, `${what} is not position-independent`);
  expect(view.getUint16(18, true) === 62, `${what} is for x86-64`);
  expect(view.getUint16(54, true) === headerSize, `${what} has segments as known`);
  const tableOffset = Number(view.getBigUint64(32, true));
  const count = view.getUint16(56, true);
  const segments = Array.from({ length: count }, (_, index) =>
    readSegment(view, tableOffset + index * headerSize),
  );
  return { entry: Number(view.getBigUint64(24, true)), tableOffset, segments };
}

function readSegment(view: DataView, at: number): Segment {
  const number = (offset: number) => Number(view.getBigUint64(at + offset, true));
  return {
    type: view.getUint32(at, true),
    flags: view.getUint32(at + 4, true),
    offset: number(8),
    address: number(16),
    fileSize: number(32),
    memorySize: number(40),
    alignment: number(48),
  };
}

function writeSegment(view: DataView, at: number, segment: Segment): void {
  const number = (offset: number, value: number) =>
    view.setBigUint64(at + offset, BigInt(value), true);
  view.setUint32(at, segment.type, true);
  view.setUint32(at + 4, segment.flags, true);
  number(8, segment.offset);
  number(16, segment.address);
  number(24, segment.address);
  number(32, segment.fileSize);
  number(40, segment.memorySize);
  number(48, segment.alignment);
}

function expect(fact: boolean, what: string): asserts fact {
  if (!fact) throw new Error(`cannot add the launcher: expected that ${what}`);
}
