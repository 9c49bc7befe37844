/** Activation by a `.env` file: variables as data, no shell. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEnvFile } from "../src/contract/envfile.ts";
import { Failure } from "../src/contract/failure.ts";
import { codesBut, sidecar, smallEnvironment, workspace } from "./support/sidecar.ts";

function read(text: string): Record<string, string> {
  const environment: Record<string, string> = { PATH: "/bin", HOME: "/h" };
  return Object.fromEntries(readEnvFile("f.env", text, (name) => environment[name]));
}

describe("a .env file", () => {
  it.each<[string, Record<string, string>]>([
    ["", {}],
    ["# a comment\n\n   # another", {}],
    ["A=1\nB=2\n", { A: "1", B: "2" }],
    ["  export A=1", { A: "1" }],
    ["A=", { A: "" }],
    ["A=  x y  ", { A: "x y" }],
    ["A=a=b=c", { A: "a=b=c" }],
    ["A=x # y", { A: "x # y" }],
    ["A='x' # y", { A: "x" }],
    ["PATH=/opt/bin:${PATH}", { PATH: "/opt/bin:/bin" }],
    ["A=1\nB=${A}${A}", { A: "1", B: "11" }],
    ['A="${HOME}/x"', { A: "/h/x" }],
    ["A='${HOME}'", { A: "${HOME}" }],
    ["A=$${HOME}", { A: "${HOME}" }],
    ["A=$HOME $(id) `id`", { A: "$HOME $(id) `id`" }],
    ['A="two  \n  lines "', { A: "two  \n  lines " }],
    ["A='it\nis'\nB=2", { A: "it\nis", B: "2" }],
    ['A="a\\"b\\\\c"', { A: 'a"b\\c' }],
    ["A=\\n", { A: "\\n" }],
    ["A=1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["A=1\nA=2", { A: "2" }],
  ])("%j means %j", (text, variables) => {
    expect(read(text)).toEqual(variables);
  });

  it.each<[string, RegExp]>([
    ["A", /f\.env:1: the line is not NAME=VALUE/],
    ["A=1\n=2", /f\.env:2: the line is not/],
    ["1A=2", /is not NAME=VALUE/],
    ["A =1", /is not NAME=VALUE/],
    ["\nA='x", /f\.env:2: the line has a ' that is not closed/],
    ['A="x" y', /text behind the closing "/],
    ["A=${NO_SUCH}", /NO_SUCH is not set/],
    ["A=${", /not closed by }/],
  ])("%j is refused", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it("takes any value in single quotes as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (any) => {
        const value = any.replaceAll("'", "").replaceAll("\r", "");
        expect(read(`A='${value}'`)).toEqual({ A: value });
      }),
    );
  });

  it("of any text is read or refused, and nothing else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
    );
  });
});

it("activates without a shell", async () => {
  const directory = workspace();
  const path = join(directory, "on.env");
  writeFileSync(path, Buffer.from("A=1\nPATH=/opt/none:${PATH}\nRAW=\xff\n", "latin1"));
  const { bytes } = await sidecar(
    ["--quiet", "--runenv=T,1", "--exec", "/usr/bin/env", "-0"],
    { environment: { ...smallEnvironment, DA__P7__RUNENV__T__ACTIVATE: path } },
  );
  const entries = Buffer.from(bytes).toString("latin1").split("\0");
  expect(entries).toContain("A=1");
  expect(entries).toContain("RAW=\xff");
  expect(entries).toContain(`PATH=/opt/none:${smallEnvironment.PATH}`);
});

it("with a mistake in it names file and line", async () => {
  const directory = workspace();
  writeFileSync(join(directory, "on.env"), "A=1\nwhat is this\n");
  const { stderr, code } = await sidecar(["--runenv=T,1", "--exec", "true"], {
    directory,
    environment: { ...smallEnvironment, DA__P7__RUNENV__T__ACTIVATE: "./on.env" },
  });
  expect(codesBut(stderr)).toEqual(["activation-file-invalid"]);
  expect(stderr).toContain("./on.env:2: ");
  expect(code).toBe(123);
});
