/** What is typed wrongly gets one clear line, a second with what to do, and 125. */
import { describe, expect, it } from "vitest";
import { codesBut, sidecar, smallEnvironment } from "./support/sidecar.ts";

const environment = {
  ...smallEnvironment,
  DA__P7__RUNENV__COBOL__ACTIVATE: "",
  DA__P7__RUNENV__COBOL__EXECUTE: "cobc -xj",
  DA__P7__RUNENV__COBOL__VERSION: "42",
  DA__P7__RUNENV__PYTHON_3__EXECUTE: "python3",
  DA__P7__RUNENV__BROKEN__EXECUTE: "x",
  DA__P7__RUNENV__BROKEN__VERSION: "new",
};

describe.each<[string[], string, RegExp]>([
  [[], "exec-missing", /nothing to run/],
  [["--quiet"], "exec-missing", /--exec PROGRAM/],
  [["--exec"], "exec-empty", /no PROGRAM/],
  [["--exec", ""], "exec-empty", /empty/],
  [["--exec="], "exec-empty", /empty/],
  [["--runenv=", "--exec", "true"], "runenv-invalid", /no runtime environment/],
  [["--runenv=COBOL", "--exec", "true"], "runenv-invalid", /version is missing/],
  [["--runenv=(COBOL)", "--exec", "true"], "runenv-invalid", /version is missing/],
  [["--runenv=(COBOL,)", "--exec", "true"], "runenv-invalid", /version is missing/],
  [["--runenv=(COBOL,x)", "--exec", "true"], "runenv-invalid", /'x' is not a whole/],
  [["--runenv=(COBOL,-1)", "--exec", "true"], "runenv-invalid", /'-1' is not a whole/],
  [["--runenv=(COBOL,1.5)", "--exec", "true"], "runenv-invalid", /'1.5' is not/],
  [["--runenv=(COBOL,42", "--exec", "true"], "runenv-invalid", /closing \) is missing/],
  [["--runenv=COBOL,42)", "--exec", "true"], "runenv-invalid", /opening \( is missing/],
  [["--runenv=(COBOL,4,2)", "--exec", "true"], "runenv-invalid", /one name and one/],
  [
    ["--runenv=(1COBOL,2)", "--exec", "true"],
    "runenv-invalid",
    /'1COBOL' is not a name/,
  ],
  [["--runenv=(CO__BOL,2)", "--exec", "true"], "runenv-invalid", /is not a name/],
  [
    ["--runenv=(A,1)", "--runenv=(A,1)", "--exec", "true"],
    "option-repeated",
    /--runenv is given twice/,
  ],
  [
    ["--runenv=(ADA,1)", "--exec", "true"],
    "runenv-unknown",
    /no runenv ADA; it has BROKEN new, COBOL 42, PYTHON_3/,
  ],
  [
    ["--runenv=(COBOL,43)", "--exec", "true"],
    "runenv-too-old",
    /COBOL of version 42; version 43 or later/,
  ],
  [["--runenv=(BROKEN,1)", "--exec", "true"], "runenv-version-invalid", /=new is not/],
  [["--timeout", "5", "--exec", "true"], "duration-invalid", /'5' is not a duration/],
  [["--timeout=-1s", "--exec", "true"], "duration-invalid", /'-1s' is not/],
  [["--timeout=1y", "--exec", "true"], "duration-invalid", /'1y' is not/],
  [["--timeout=", "--exec", "true"], "duration-invalid", /'' is not/],
  [["--timeout=0s", "--exec", "true"], "duration-invalid", /zero/],
  [["--grace=10", "--exec", "true"], "duration-invalid", /--grace: '10'/],
  [["--timeout", "--exec", "true"], "option-value-missing", /--timeout needs a value/],
  [["--stdout", "--tee", "--exec", "true"], "option-value-missing", /--stdout needs/],
  [["--stdout"], "option-value-missing", /--stdout needs a value/],
  [["--stdout=", "--exec", "true"], "option-value-invalid", /--stdout is empty/],
  [["--tee=yes", "--exec", "true"], "option-value-invalid", /--tee takes no value/],
  [["--version=3"], "option-value-invalid", /--version takes no value/],
  [["--help=x", "--exec", "true"], "option-value-invalid", /--help takes no value/],
  [["--log=xml", "--exec", "true"], "option-value-invalid", /text or json, not xml/],
  [["--timeot=5s", "--exec", "true"], "option-unknown", /did you mean --timeout\?/],
  [["--tmporary", "--exec", "true"], "option-unknown", /did you mean --temporary\?/],
  [["--exce", "true"], "option-unknown", /did you mean --exec\?/],
  [["-x", "--exec", "true"], "option-unknown", /no option -x/],
  [["--zzzzzzzz", "--exec", "true"], "option-unknown", /sidecar --help/],
  [["--quiet", "true"], "option-value-invalid", /'true' stands before --exec/],
  [["complete"], "command-unknown", /did you mean sidecar completion\?/],
  [["frobnicate"], "command-unknown", /sidecar --exec PROGRAM/],
  [["instal", "x"], "command-unknown", /did you mean sidecar install\?/],
  [["install"], "argument-missing", /sidecar install DEST/],
  [["install", "--"], "argument-missing", /sidecar install --help/],
  [["install", "a", "b\n"], "argument-unexpected", /b\\n is one too many/],
  [["install", ""], "option-value-invalid", /DEST is empty/],
  [["install", "--hlep"], "option-unknown", /did you mean --help\?/],
  [["install", "--mode=700", "a"], "option-unknown", /sidecar install --help/],
  [["install", "-f", "a"], "option-unknown", /no option -f/],
  [["--version", "--verbos"], "option-unknown", /did you mean --verbose\?/],
  [["--version", "-x"], "option-unknown", /goes --verbose/],
  [["--verbose", "--exec", "true"], "option-unknown", /no option --verbose/],
  [["messages", "exec-empty", "x"], "argument-unexpected", /x is one too many/],
  [["completion", "fish"], "option-value-invalid", /completion bash, or zsh/],
  [["completion", "bash", "x"], "argument-unexpected", /x is one too many/],
  [["messages", "runenv-unknow"], "option-value-invalid", /mean runenv-unknown\?/],
  [
    ["--cwd=/tmp", "--temporary", "--exec", "true"],
    "option-conflict",
    /exclude each other/,
  ],
  [["--exec", "echo", "${NO_SUCH}"], "variable-unset", /NO_SUCH is not set/],
  [["--exec", "echo", "a${"], "words-reference", /not closed by }/],
  [["--exec", "echo", "${COBOL"], "words-reference", /not closed by }/],
  [["--exec", "echo", "${}"], "words-reference", /'' is not the name/],
])("sidecar %j", (words, code, text) => {
  it(`is refused with ${code}`, async () => {
    const { stdout, stderr, code: exitCode } = await sidecar(words, { environment });
    expect(codesBut(stderr)).toEqual([code]);
    expect(stderr).toMatch(text);
    expect(exitCode).toBe(125);
    expect(stdout).toBe("");
    // The message, and one line with what to do; no more, and never a stack.
    const last = stderr.trimEnd().split("\n").slice(-2);
    expect(last[0]).toMatch(/^sidecar: error\[/);
    expect(last[1]).toMatch(/^ {2}\S/);
  });
});

it.each(["(COBOL,42)", "COBOL,42", "( cobol , 41 )", "Cobol,0"])(
  "--runenv=%s is understood",
  async (runenv) => {
    const { code } = await sidecar([`--runenv=${runenv}`, "--exec", "true"], {
      environment,
    });
    expect(code).toBe(0);
  },
);

it("an option's value may also follow it as a word of its own", async () => {
  const words = ["--runenv", "(COBOL,42)", "--timeout", "1m", "--exec", "echo", "x"];
  const { stdout, code } = await sidecar(words, { environment });
  expect({ stdout, code }).toEqual({ stdout: "x\n", code: 0 });
});
