/** `${NAME}` in PROGRAM and ARGUMENTs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitWords as shellWords } from "../src/companion/posix/quoting.ts";
import { expandWords } from "../src/companion/words.ts";
import { run, sidecar, smallEnvironment } from "./support/sidecar.ts";

const variables: Record<string, string> = {
  A: "one",
  TWO: "a b",
  EMPTY: "",
  QUOTED: `'x y' "z \\" w" e\\ f`,
  JSON: '["cobc", "-x j", ""]',
  NOT_JSON: "[ab] c",
};
const lookup = (name: string) => variables[name];

describe("a word", () => {
  it.each([
    ["plain", ["plain"]],
    ["", [""]],
    ["$A ${A}b$", ["$A oneb$"]],
    ["x${TWO}y", ["xa by"]],
    ["${TWO}", ["a", "b"]],
    ["${EMPTY}", []],
    ["${EMPTY}x", ["x"]],
    ["${QUOTED}", ["x y", 'z " w', "e f"]],
    ["${JSON}", ["cobc", "-x j", ""]],
    ["${JSON}x", ['["cobc", "-x j", ""]x']],
    ["${NOT_JSON}", ["[ab]", "c"]],
    ["$${A}", ["${A}"]],
    ["$${${A}", ["${one"]],
    ["${A}${A}", ["oneone"]],
    ["$(A) `A` %A% * ~", ["$(A) `A` %A% * ~"]],
  ])("%j becomes %j", (word, words) => {
    expect(expandWords([word], lookup)).toEqual(words);
  });

  it("of any text without ${ stays as it is", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (words) => {
        const plain = words.map((word) => word.replaceAll("${", "$"));
        expect(expandWords(plain, lookup)).toEqual(plain);
      }),
    );
  });

  it("within other text gets the value as it is, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        expect(expandWords(["<${V}>"], () => value)).toEqual([`<${value}>`]);
      }),
    );
  });

  it("that holds words as JSON gets exactly these", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const plain = words.map((word) => word.replaceAll("\0", ""));
        expect(expandWords(["${V}"], () => JSON.stringify(plain))).toEqual(plain);
      }),
    );
  });
});

it("splits a value exactly as the shell of this machine does", async () => {
  const part = fc.constantFrom(
    "a",
    " ",
    "\t",
    "\n",
    "'",
    '"',
    "\\",
    "$",
    "`",
    "é",
    "#x",
  );
  const texts = fc.sample(
    fc.array(part, { maxLength: 12 }).map((parts) => parts.join("")),
    { numRuns: 300, seed: 42 },
  );
  const checks: Array<readonly [string, string[]]> = [];
  for (const text of texts) {
    // What the shell would expand or comment out is literal for us: leave it out.
    if (/[$`#]/.test(text)) continue;
    try {
      checks.push([text, shellWords(text, "V")]);
    } catch {
      // Unclosed: the shell says so too, and stops.
    }
  }
  expect(checks.length).toBeGreaterThan(50);
  const script = checks
    .map(
      ([text]) =>
        `set -- ${text.replace(/^[\n]+|\n/g, " ")}\nprintf '%s|' "$#" "$@"; echo`,
    )
    .join("\n");
  const oneLine = checks.map(([text]) => shellWords(text.replace(/\n/g, " "), "V"));
  const { stdout } = await run(["/bin/sh", "-c", script]);
  const expected = oneLine.map((words) => [words.length, ...words, ""].join("|"));
  expect(stdout.trimEnd().split("\n")).toEqual(expected);
});

describe("in the product", () => {
  const environment = { ...smallEnvironment, ...variables, EXECUTE: "printf %s|" };

  it("PROGRAM and its first arguments come from one variable", async () => {
    const { stdout, code } = await sidecar(
      ["--quiet", "--exec", "${EXECUTE}", "${A}", "${TWO}", "x${TWO}", "$${A}", "*"],
      { environment },
    );
    expect(stdout).toBe("one|a|b|xa b|${A}|*|");
    expect(code).toBe(0);
  });

  it("a path with blanks, in quotes, is one word", async () => {
    const { stdout } = await sidecar(["--quiet", "--exec", "${EXECUTE}", "x"], {
      environment: { EXECUTE: `'/bin/echo' "-n"` },
    });
    expect(stdout).toBe("x");
  });

  it("what follows --exec is never an option of sidecar", async () => {
    const { stdout } = await sidecar(["--quiet", "--exec", "echo", "--help", "--exec"]);
    expect(stdout).toBe("--help --exec\n");
  });
});
