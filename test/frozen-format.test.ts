/** The file of a frozen activation: written, read, and nothing lost. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expandValue, parseFrozen } from "../src/contract/frozen-format.ts";
import { escapeText, formatFrozen, templateOf } from "../src/freezing/format.ts";
import { decode, encode } from "../src/system/text.ts";

/** Any bytes that a variable can hold, as text. */
const values = fc
  .oneof(
    fc.uint8Array({ max: 255 }),
    fc.string().map((text) => new TextEncoder().encode(text)),
    fc
      .array(fc.constantFrom("$", "{", "}", "\\", "x41", "n", "\n", " ", "A", "\xff"))
      .map((parts) => Uint8Array.from(Buffer.from(parts.join(""), "latin1"))),
  )
  .map((bytes) => decode(bytes.filter((byte) => byte !== 0)));

const names = values
  .map((text) => text.replaceAll("=", ""))
  .filter((text) => text !== "");

describe("any value", () => {
  it("comes back byte for byte", () => {
    fc.assert(
      fc.property(values, (value) => {
        const expanded = expandValue(escapeText(value), () => "not asked for");
        expect(expanded).toEqual({ text: value });
        expect(escapeText(value)).not.toContain("\n");
      }),
    );
  });

  it("comes back where parts of it refer to others, and follows them", () => {
    fc.assert(
      fc.property(fc.array(values), values, (parts, other) => {
        const mark = "/mark-1-A-1";
        const template = templateOf(parts.join(mark), [{ text: mark, name: "A" }]);
        for (const value of [mark, other])
          expect(expandValue(template, () => value)).toEqual({
            text: parts.join(value),
          });
      }),
    );
  });

  it("whose reference is not set, says so", () => {
    expect(expandValue("a${B}${C}", (name) => (name === "B" ? "" : undefined))).toEqual(
      { missing: "C" },
    );
  });
});

const facts = fc.array(
  fc.oneof(
    fc.record({
      word: fc.constantFrom("file", "same"),
      name: names,
      detail: fc.constant("0".repeat(64)),
    }),
    fc.record({
      word: fc.constantFrom("unset", "refuse"),
      name: names,
      detail: fc.constantFrom("any", "unset,empty", "filled"),
    }),
    fc.record({
      word: fc.constant("set" as const),
      name: names,
      detail: fc.constantFrom("any", "unset", "empty,filled"),
      value: values.map(escapeText),
    }),
  ),
);

describe("the file", () => {
  it("means what was written into it", () => {
    fc.assert(
      fc.property(values, facts, (activate, list) => {
        const content = formatFrozen("NAME", activate, list);
        expect(parseFrozen(content)).toEqual({
          runenv: "NAME",
          activate,
          lines: list.map((fact) => ({ value: "", ...fact })),
        });
        expect(formatFrozen("NAME", activate, list)).toEqual(content);
      }),
    );
  });

  it("means nothing with any byte changed, lost or added", () => {
    const content = formatFrozen("NAME", "export A=1", [
      { word: "set", name: "A", detail: "any", value: "größer" },
    ]);
    fc.assert(
      fc.property(
        fc.nat(content.length - 1),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const changed = Uint8Array.from(content);
          changed[at]! ^= change;
          expect(parseFrozen(changed)).toBeTypeOf("string");
          expect(parseFrozen(content.subarray(0, at))).toBeTypeOf("string");
          const longer = Buffer.concat([content, Uint8Array.of(change)]);
          expect(parseFrozen(longer)).toBeTypeOf("string");
        },
      ),
    );
  });

  it("of any bytes is read or refused, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parseFrozen(bytes)).toBeTypeOf("string");
        const begun = Buffer.concat([encode("sidecar frozen activation 1\n"), bytes]);
        expect(parseFrozen(begun)).toBeTypeOf("string");
      }),
    );
  });
});
