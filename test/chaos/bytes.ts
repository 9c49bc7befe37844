/** Whether what was written is where it belongs: every byte, once, in order. */
import type { Note } from "./board.ts";

const patternSize = 1 << 17;
const headerSize = 17;
const mark = 0x1e;

/** As tree.c makes it. */
const pattern = (() => {
  const bytes = new Uint8Array(patternSize);
  let state = 2463534242;
  for (let index = 0; index < patternSize; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = (state & 127) === mark ? 0 : state & 127;
  }
  return bytes;
})();

/** A record as a writer noted it. */
export type Written = {
  readonly node: number;
  readonly number: number;
  readonly size: number;
  /** `done`: write(2) took all of it; `begun`: the writer was killed meanwhile. */
  readonly state: "done" | "begun" | "failed";
  readonly error?: number;
};

/** What was written to a stream, by writer, each in its order. */
export function writtenTo(stream: number, notes: readonly Note[]) {
  const writers = new Map<number, Written[]>();
  for (const { kind, node, a, b } of notes) {
    if ((kind !== "write" && kind !== "written") || a >> 24 !== stream) continue;
    const number = a & 0xffffff;
    const list = writers.get(node) ?? [];
    writers.set(node, list);
    if (kind === "write") list.push({ node, number, size: b, state: "begun" });
    else {
      const at = list.findIndex((entry) => entry.number === number);
      const state =
        b < 0 ? { state: "failed" as const, error: -b } : { state: "done" as const };
      if (at >= 0) list[at] = { ...list[at]!, ...state };
    }
  }
  return writers;
}

/** How much of a record is there. */
type Found = {
  readonly node: number;
  readonly number: number;
  readonly length: number;
};

/**
 * Reads records; both streams may be mixed in it, byte by byte.
 * @param stream 0 or 1
 * @returns what does not belong there, as text, if anything
 */
export function parseRecords(bytes: Uint8Array, stream: number): Found[] | string {
  const found: Found[] = [];
  const own = stream === 0 ? bytes : bytes.map((byte) => byte & 127);
  let at = 0;
  while (at < own.length) {
    if (own[at] !== mark) return `${excerpt(own, at)} is no record`;
    const after = own.indexOf(mark, at + 1);
    const end = after < 0 ? own.length : after;
    const header = new TextDecoder().decode(own.subarray(at + 1, at + headerSize));
    const match = /^(\d{3}):(\d{5}):(\d{5})#$/.exec(header);
    // Without its whole header a record was cut off; nobody can tell whose it is.
    if (!match) {
      if (end - at >= headerSize) return `${excerpt(own, at)} has no header`;
      found.push({ node: -1, number: -1, length: end - at });
      at = end;
      continue;
    }
    const [node, number, size] = match.slice(1).map(Number) as [number, number, number];
    const length = end - at;
    if (length > size) return `${length - size} bytes too many behind ${header}`;
    const offset = (node * 7919 + number * 104_729) & 0xffff;
    const expected = pattern.subarray(offset, offset + length - headerSize);
    if (Buffer.compare(expected, own.subarray(at + headerSize, end)) !== 0)
      return `the bytes of ${header} are not as they were written`;
    found.push({ node, number, length });
    at = end;
  }
  return found;
}

function excerpt(bytes: Uint8Array, at: number): string {
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(at, at + 60)));
}

export type Demand = {
  /** `all`: what was written; `beginning`: its beginning, the rest may be lost. */
  readonly demand: "all" | "beginning";
};

/** Compares. @returns what is wrong, if anything */
export function compareStream(
  bytes: Uint8Array,
  stream: number,
  notes: readonly Note[],
  { demand }: Demand,
): string | undefined {
  const found = parseRecords(bytes, stream);
  if (typeof found === "string") return found;
  const writers = writtenTo(stream, notes);
  const begun = [...writers.values()].flat().filter(({ state }) => state !== "done");
  const nameless = found.filter(({ node }) => node < 0).length;
  const cut = demand === "beginning" ? 1 : 0;
  if (nameless > begun.length + cut) return `${nameless} records lack their headers`;
  const byNode = Map.groupBy(found, ({ node }) => node);
  for (const [node, list] of byNode) {
    if (node < 0) continue;
    const written = writers.get(node) ?? [];
    for (const [index, { number, length }] of list.entries()) {
      const expected = written[index];
      if (!expected)
        return (
          `record ${number} of node ${node} is there, ` +
          "but was not written, or twice"
        );
      if (expected.number !== number)
        return (
          `record ${number} of node ${node} is ` +
          `where ${expected.number} was expected`
        );
      const isLast = index === list.length - 1;
      const mayBeShort =
        expected.state !== "done" || (demand === "beginning" && isLast);
      if (length < expected.size && !mayBeShort)
        return (
          `of record ${number} of node ${node} ` +
          `${expected.size - length} bytes are missing`
        );
    }
  }
  if (demand === "beginning") return undefined;
  for (const [node, written] of writers) {
    const done = written.filter(({ state }) => state === "done").length;
    const there = byNode.get(node)?.length ?? 0;
    if (there < done)
      return `of ${done} records of node ${node} only ${there} are there`;
  }
  return undefined;
}
