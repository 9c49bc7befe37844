/** Command lines of Windows: what is written is what is read. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ancestry,
  isAbsolute,
  parentOf,
  pathFrom,
} from "../src/system/windows/paths.ts";
import {
  batchCommandLine,
  commandLine,
  isBatchFile,
  quotedWord,
  runtimeWords,
} from "../src/system/windows/quoting.ts";
import { findEntry } from "../src/system/windows/variables.ts";
import { root } from "./support/paths.ts";

/** Words of the characters that matter, and of any others. */
const nasty = fc.oneof(
  fc.string({ unit: fc.constantFrom("\\", '"', " ", "\t", "a", "%", "^", "&") }),
  fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
);

describe("the C runtime", () => {
  it("splits what was quoted into the same words", () => {
    fc.assert(
      fc.property(fc.array(nasty), (words) => {
        expect(runtimeWords(words.map(quotedWord).join(" "))).toEqual(words);
      }),
      { numRuns: 2000 },
    );
  });

  // From "Parsing C command-line arguments", Microsoft's C++ reference.
  it.each([
    ['"abc" d e', ["abc", "d", "e"]],
    [String.raw`a\\b d"e f"g h`, ["a\\\\b", "de fg", "h"]],
    [String.raw`a\\\"b c d`, ['a\\"b', "c", "d"]],
    [String.raw`a\\\\"b c" d e`, ["a\\\\b c", "d", "e"]],
    ['a"b"" c d"', ['ab" c d']],
    ["", []],
    ['""', [""]],
    [" \t a ", ["a"]],
  ])("splits %s", (text, words) => {
    expect(runtimeWords(text)).toEqual(words);
  });

  it("would forgive a quote that is not closed; sidecar does not", () => {
    expect(runtimeWords('a "b')).toBeUndefined();
  });

  it("takes the program's own name to the next quote", () => {
    expect(commandLine(["C:\\Program Files\\a.exe", "b c"])).toBe(
      '"C:\\Program Files\\a.exe" "b c"',
    );
  });
});

describe("a command line for a batch file", () => {
  /** What cmd.exe takes for special, outside of quotes; `%` is special everywhere. */
  const special = /[&|<>^()!,;= \t]/;

  it("leaves nothing special outside of quotes, and no variable to replace", () => {
    fc.assert(
      fc.property(fc.array(nasty), (words) => {
        const line = batchCommandLine("C:\\a b.cmd", words);
        if (line === undefined) {
          expect(words.join("")).toMatch(/[\r\n\0]/);
          return;
        }
        const inner = /^cmd\.exe \/d \/e:on \/v:off \/s \/c "(.*)"$/su.exec(line)![1]!;
        const pieces = inner.replaceAll("%%cd:~,%", "").split('"');
        expect(pieces.length % 2).toBe(1);
        for (const piece of pieces.filter((_, index) => index % 2 === 0))
          for (const word of piece.split(" ")) expect(word).not.toMatch(special);
        expect(inner.replaceAll("%%cd:~,%", "")).not.toContain("%");
      }),
      { numRuns: 2000 },
    );
  });

  it("is what the batch file's program reads as the same words", () => {
    fc.assert(
      fc.property(fc.array(nasty), (words) => {
        const line = batchCommandLine("C:\\a.cmd", words);
        if (line === undefined) return;
        const inner = /\/c ""C:\\a\.cmd"(.*)"$/su.exec(line)![1]!;
        // What cmd.exe makes of it: the expansion to nothing leaves the % in front.
        const seen = inner.replaceAll("%%cd:~,%", "%");
        expect(runtimeWords(seen)).toEqual(words);
      }),
      { numRuns: 2000 },
    );
  });

  it("cannot hold the end of a line", () => {
    expect(batchCommandLine("a.bat", ["one\ntwo"])).toBeUndefined();
    expect(batchCommandLine("a.bat", ["one\rtwo"])).toBeUndefined();
  });

  it.each(["a.bat", "a.CMD", "a.bat. .", "C:\\b.c\\a.cmd "])(
    "is needed for %j",
    (path) => {
      expect(isBatchFile(path)).toBe(true);
    },
  );

  it.each(["a.exe", "a.bat.exe", "bat", "a.batch"])("is not for %j", (path) => {
    expect(isBatchFile(path)).toBe(false);
  });
});

describe("a path", () => {
  it.each([
    ["C:\\a", true],
    ["c:/a", true],
    ["\\\\server\\share", true],
    ["C:a", false],
    ["\\a", false],
    ["/a", false],
    ["a\\b", false],
    ["", false],
  ])("%j is absolute: %j", (path, absolute) => {
    expect(isAbsolute(path)).toBe(absolute);
  });

  it.each([
    ["a", "C:\\x\\a"],
    ["\\a", "C:\\a"],
    ["D:\\a", "D:\\a"],
    ["\\\\server\\share\\a", "\\\\server\\share\\a"],
  ])("%j is seen from C:\\x as %j", (path, seen) => {
    expect(pathFrom("C:\\x", path)).toBe(seen);
  });

  it.each([
    ["C:\\a\\b", "C:\\a"],
    ["C:\\a\\b\\", "C:\\a"],
    ["C:\\a", "C:\\"],
    ["C:\\", "C:\\"],
    ["\\\\server\\share\\a", "\\\\server\\share\\"],
    ["\\\\server\\share\\", "\\\\server\\share\\"],
    ["a\\b", "a"],
    ["a", "."],
  ])("%j is in %j", (path, parent) => {
    expect(parentOf(path)).toBe(parent);
  });

  it("has an ancestry", () => {
    expect(ancestry("D:\\Users\\42\\")).toEqual(["D:\\Users", "D:\\Users\\42"]);
    expect(ancestry("\\\\server\\share\\42")).toEqual(["\\\\server\\share\\42"]);
  });
});

it("a variable's name may be written in any case", () => {
  const entries = ["=C:=C:\\x", "Path=one", "PATHEXT=.EXE"];
  expect(findEntry(entries, "PATH")).toBe("Path=one");
  expect(findEntry(entries, "pathext")).toBe("PATHEXT=.EXE");
  expect(findEntry(entries, "PA")).toBeUndefined();
});

it("docs/windows.md says of each check of verify.ps1 why it is needed", () => {
  const script = readFileSync(join(root, "scripts/windows/verify.ps1"), "utf8");
  const page = readFileSync(join(root, "docs/windows.md"), "utf8");
  const claims = [...script.matchAll(/^ {2}Test-Claim '(.+)' \{$/gm)];
  const rows = [...page.matchAll(/^\| (\S.*?) \| .+ \|$/gm)];
  expect(claims.length).toBeGreaterThan(0);
  expect(rows.slice(1).map((row) => row[1])).toEqual(claims.map((claim) => claim[1]));
});
