/** Archives that are damaged, or that programs would take in different ways. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "../src/contract/failure.ts";
import {
  archive,
  end,
  header,
  member,
  nameOf,
  padded,
  pax,
  record,
  scan,
  scanInPieces,
} from "./support/tar.ts";

function refusal(bytes: Uint8Array): Failure {
  try {
    scanInPieces(bytes);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("it was read");
}

const base256 = (length: number, first: number, ...last: number[]) => {
  const field = new Uint8Array(length);
  field[0] = first;
  field.set(last, length - last.length);
  return field;
};

const file = member({ name: "before" }, "12345");
const negative = new Uint8Array(12).fill(0xff);
const long = "x".repeat(200);

describe("refused is", () => {
  it.each<[string, Uint8Array, string]>([
    ["a wrong checksum", member({ wrongBy: 1 }), "no header (its checksum is wrong)"],
    ["a checksum of signed bytes", member({ name: "é", wrongBy: -512 }), "checksum"],
    ["what is no tar at all", Buffer.alloc(512, "#!/bin/sh\n"), "checksum"],
    ["an unknown magic", member({ magic: "ustar\x0099" }), "unknown form of tar"],
    ["a size with other digits", member({ size: "0000000009\0" }), "no octal number"],
    ["a size with text", member({ size: "12x" }), "a size that is no octal number"],
    ["a negative size", member({ size: negative }), "negative size"],
    [
      "a size beyond counting",
      member({ size: base256(12, 0x80, 255, 0, 0, 0, 0, 0, 0, 0) }),
      "too large",
    ],
    [
      "a size with bits in its mark",
      member({ size: base256(12, 0x81, 1) }),
      "too large",
    ],
    ["a negative owner", member({ uid: new Uint8Array(8).fill(0xff) }), "an owner -1"],
    [
      "an owner of 33 bits",
      member({ uid: base256(8, 0x80, 1, 0, 0, 0, 0) }),
      "an owner 4294967296",
    ],
    ["an empty name", member({ name: "" }), "a name that is empty"],
    ["..", member({ name: "../etc/shadow" }), "leads out"],
    [".. in the middle", member({ name: "a/../../b" }), "leads out"],
    [".. at the end of a prefix", member({ name: "b", prefix: "a/.." }), "leads out"],
    [
      ".. as a hard link",
      member({ flag: "1", target: "a/../b" }),
      "a hard link with `..`",
    ],
    ["a hard link to nothing", member({ flag: "1" }), "a hard link that is empty"],
    [
      "a symbolic link to nothing",
      member({ flag: "2" }),
      "a symbolic link that is empty",
    ],
    [
      "a NUL in a long name",
      Buffer.concat([pax([record("path", "a\0b")]), file]),
      "NUL",
    ],
    [
      "a NUL in GNU's long name",
      Buffer.concat([member({ flag: "L" }, "a\0b\0"), file]),
      "NUL",
    ],
    [
      "a NUL in a link",
      Buffer.concat([pax([record("linkpath", "a\0b")]), member({ flag: "2" })]),
      "NUL",
    ],
    [
      "a component of 256 bytes",
      Buffer.concat([pax([record("path", "y".repeat(256))]), file]),
      "over 255",
    ],
    [
      "a path of 4096 bytes",
      Buffer.concat([pax([record("path", "y/".repeat(2048))]), file]),
      "over 4095",
    ],
    [
      "a directory with a size",
      member({ name: "d/", flag: "5" }, "x"),
      "a directory with a size",
    ],
    [
      "an old directory with a size",
      member({ name: "d/" }, "x"),
      "a directory with a size",
    ],
    [
      "a hard link with a size",
      member({ flag: "1", target: "b" }, "x"),
      "a hard-link with a size",
    ],
    [
      "two extended headers in a row",
      Buffer.concat([pax([]), pax([record("uid", "1")]), pax([]), file]),
      "two extended headers",
    ],
    [
      "two of GNU's long names",
      Buffer.concat([member({ flag: "L" }, long), member({ flag: "L" }, long), file]),
      "two extended headers",
    ],
    [
      "two kinds of long names",
      Buffer.concat([member({ flag: "L" }, long), pax([record("path", "b")]), file]),
      "two long names",
    ],
    [
      "two kinds of long links",
      Buffer.concat([
        member({ flag: "K" }, long),
        pax([record("linkpath", "b")]),
        member({ flag: "2" }),
      ]),
      "two long links",
    ],
    [
      "an extended header without a member",
      archive(pax([record("path", "b")])),
      "without a member",
    ],
    [
      "a global header before a member and its own",
      Buffer.concat([pax([record("path", "b")]), pax([], "g"), file]),
      "between",
    ],
    [
      "a global owner",
      Buffer.concat([pax([record("uid", "0")], "g"), file]),
      "a global header sets uid",
    ],
    [
      "a global path",
      Buffer.concat([pax([record("path", "b")], "g"), file]),
      "sets path",
    ],
    [
      "an extended header over 1 MiB",
      member({ flag: "x", size: 2 ** 20 + 1 }),
      "of 1048577 bytes",
    ],
    [
      "a record without a length",
      Buffer.concat([member({ flag: "x" }, "x path=b\n"), file]),
      "without a length",
    ],
    [
      "a record of no length",
      Buffer.concat([member({ flag: "x" }, "0 path=b\n"), file]),
      "without a length",
    ],
    [
      "a record beyond its header",
      Buffer.concat([member({ flag: "x" }, "99 path=b\n"), file]),
      "longer than it",
    ],
    [
      "a record without an end",
      Buffer.concat([member({ flag: "x" }, "9 path=b!"), file]),
      "without an end",
    ],
    [
      "a record without a key",
      Buffer.concat([member({ flag: "x" }, "5 =b\n"), file]),
      "without a key",
    ],
    [
      "a size that is no number",
      Buffer.concat([pax([record("size", "-1")]), file]),
      "whose size is no number",
    ],
    [
      "a time that is none",
      Buffer.concat([pax([record("mtime", "now")]), file]),
      "mtime is no time",
    ],
    [
      "one empty block",
      Buffer.concat([file, Buffer.alloc(512), file, end]),
      "one empty block",
    ],
    ["something after the end", Buffer.concat([archive(file), file]), "after the end"],
    [
      "a byte long after the end",
      Buffer.concat([archive(file), Buffer.alloc(9999), Buffer.of(1)]),
      "after the end",
    ],
  ])("%s", (_, bytes, words) => {
    const failure = refusal(Buffer.concat([file, bytes, end]));
    expect(failure.code).toBe("image-tar-invalid");
    expect(failure.message).toContain(words);
    expect(failure.message).toMatch(/^layer 7, byte \d+ of the tar archive: /);
  });

  it.each<[string, Uint8Array]>([
    ["GNU's sparse file, of 10 GB", member({ flag: "S", size: "11240000000\0" })],
    [
      "PAX's sparse file",
      Buffer.concat([
        pax([
          record("GNU.sparse.major", "1"),
          record("GNU.sparse.realsize", "10000000000"),
        ]),
        file,
      ]),
    ],
    ["a label", member({ flag: "V" })],
    ["a file that another archive begins", member({ flag: "M" })],
    ["a directory's list", member({ flag: "D" }, "Yx\0")],
    ["an unknown type", member({ flag: "\x07" })],
  ])("%s, which nobody puts into a layer", (_, bytes) => {
    expect(refusal(Buffer.concat([file, bytes, end])).code).toBe(
      "image-tar-unsupported",
    );
  });
});

it("the place is that of the header", () => {
  const { message } = refusal(Buffer.concat([file, file, header({ wrongBy: 3 }), end]));
  expect(message).toContain("byte 2048 ");
});

it("an archive that is cut off anywhere is refused, and nothing else of it is", () => {
  const whole = archive(
    file,
    pax([record("path", long)]),
    member({ name: "b" }, "x".repeat(700)),
    member({ flag: "L" }, `${long}\0`),
    member({ flag: "2", target: "b" }),
  );
  expect(scan(whole).map(nameOf)).toEqual(["before", long, long]);
  for (let length = 0; length < whole.length; length += 1) {
    const failure = refusal(whole.subarray(0, length));
    expect(failure.code).toBe("image-tar-truncated");
    expect(failure.message).toContain(`ends at byte ${length} `);
  }
});

it("any changed byte of any archive is read or refused in one line", () => {
  const whole = archive(
    file,
    pax([record("path", long), record("uid", "20042")]),
    member({ name: "b" }, "x".repeat(700)),
    member({ flag: "1", target: "before" }),
  );
  const change = fc.record({
    at: fc.nat(whole.length - 1),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x20, 0x2e, 0x2f, 0x30, 0xff)),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const changed = Uint8Array.from(whole);
      for (const { at, byte } of changes) changed[at] = byte;
      for (const length of [changed.length, 77])
        try {
          for (const { name } of scan(changed, length)) expect(name).not.toContain(0);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          expect((error as Failure).message).not.toContain("\n");
        }
    }),
    { numRuns: 2000 },
  );
});

describe("understood is", () => {
  it("a name in two fields, and one in an extended header before it", () => {
    const bytes = archive(
      member({ name: "name", prefix: "some/prefix" }),
      pax([record("path", "pax/ü")]),
      member({ name: "short" }),
    );
    expect(scanInPieces(bytes).map(nameOf)).toEqual(["some/prefix/name", "pax/ü"]);
  });

  it("a name that is no UTF-8", () => {
    const name = Uint8Array.of(0x61, 0xff, 0x80, 0x62);
    const [one, other] = scan(
      archive(member({ name }), pax([record("path", name)]), member({})),
    );
    expect([...one!.name]).toEqual([...name]);
    expect([...other!.name]).toEqual([...name]);
  });

  it("capabilities, to the byte", () => {
    const value = Uint8Array.from({ length: 24 }, (_, at) => (at * 37) & 0xff);
    value[3] = 0x0a;
    value[4] = 0x00;
    const [entry] = scanInPieces(
      archive(pax([record("SCHILY.xattr.security.capability", value)]), file),
    );
    expect([...entry!.capabilities!]).toEqual([...value]);
  });

  it("a size, owner and time beyond octal digits", () => {
    const numbers = [
      record("uid", "4294967295"),
      record("gid", "2097152"),
      record("mtime", "-12.5"),
      record("size", "5"),
    ];
    const [first, second] = scan(
      archive(
        pax(numbers),
        Buffer.concat([header({ size: 0 }), padded("12345")]),
        member(
          { uid: base256(8, 0x80, 0x4e, 0x4a), size: base256(12, 0x80, 5) },
          "54321",
        ),
      ),
    );
    expect(first).toMatchObject({
      uid: 0xffff_ffff,
      gid: 2097152,
      modified: -12.5,
      content: "12345",
    });
    expect(second).toMatchObject({ uid: 20042, size: 5, content: "54321" });
  });

  it("what holds for all, and what is taken back", () => {
    const [one, other] = scan(
      archive(
        pax([record("mtime", "7"), record("comment", "a commit")], "g"),
        file,
        pax([record("mtime", "")]),
        file,
      ),
    );
    expect([one!.modified, other!.modified]).toEqual([7, 0]);
  });

  it("a directory of old, an archive of old, and zeros after the end", () => {
    const bytes = Buffer.concat([
      archive(member({ name: "d/", magic: "" }), member({ name: "f", flag: "\0" })),
      Buffer.alloc(777),
    ]);
    expect(scanInPieces(bytes).map(({ type }) => type)).toEqual(["directory", "file"]);
  });
});

it("whoever can seek leaves out content", async () => {
  const { TarScanner } = await import("../src/image/tar/scanner.ts");
  const bytes = archive(
    member({ name: "a" }, "x".repeat(5000)),
    member({ name: "b" }, "y"),
  );
  const names: string[] = [];
  const places: number[] = [];
  const handler = {
    entry: (entry: Parameters<typeof nameOf>[0]) => {
      names.push(nameOf(entry));
      places.push(entry.contentOffset);
    },
    content: () => {
      throw new Error("it was to be left out");
    },
  };
  const scanner = new TarScanner(handler, "x");
  for (let at = 0; at < bytes.length; ) {
    if (scanner.skippable > 0) {
      const count = Math.ceil(scanner.skippable / 2);
      scanner.skip(count);
      at += count;
    } else {
      scanner.write(bytes.subarray(at, at + 1));
      at += 1;
    }
  }
  scanner.end();
  expect(names).toEqual(["a", "b"]);
  expect(places).toEqual([512, 512 + 5120 + 512]);
});
