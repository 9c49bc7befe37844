/**
 * Batch files: no argument is taken for a command (CVE-2024-24576, "BatBadBut"), by the
 * rules of cmd.exe and by what Wine's does.
 */
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { batchCommandLine } from "../src/system/windows/quoting.ts";
import {
  callOfBatchFile,
  commandIn,
  Injection,
  replacedOnCommandLine,
} from "./support/command-processor.ts";
import { describeWhere, has } from "./support/machine.ts";
import { until } from "./support/sidecar.ts";
import {
  directoryWith,
  prepareWine,
  shellCommand,
  show,
  shown,
  sidecarExe,
  windowsNeeds,
} from "./support/wine.ts";

const pieces = [
  ...['"', '""', "\\", "\\\\", '\\"', "^", "^^", '^"', "&", "&&", "|", "||", "<", ">"],
  ...["(", ")", "!", "!A!", " ", "\t", ",", ";", "=", "@", ":", "~", "*", "?", "/c"],
  ...["a", "A", "ü", "日本", "😀", "\u00a0", "\uff02", "\u2028", "\u0085", "\u0001"],
  ...["echo intruder", "& echo intruder > intruder", '" & echo intruder > intruder'],
  ...["$(x)", "`x`", "'", "#", "--", "-", "/", "\\\\server\\share", "C:\\"],
];
const percents = ["%", "%%", "%A%", "%cd%", "%cd:~,%", "%A:~0,1%", "%*", "%1", "%~f0"];
const hostile = (units: readonly string[]) =>
  fc.string({ unit: fc.constantFrom(...units), maxLength: 8 });

/** What a variable may hold that somebody wants to see replaced. */
const variables = fc.dictionary(
  fc.constantFrom("A", "B", "PATH", "cd:~,", "~,", "1", "x y"),
  hostile(["&", '"', "|", "%A%", "x", " & echo intruder"]),
);

describe("by the rules of cmd.exe, arguments of a batch file", () => {
  it("arrive as they are, whatever they and the variables hold", () => {
    const words = fc.array(hostile([...pieces, ...percents]), { maxLength: 6 });
    fc.assert(
      fc.property(words, variables, (given, environment) => {
        const line = batchCommandLine("C:\\a b%A% & c\\x.bat", given)!;
        const call = callOfBatchFile(line, environment);
        expect(call).toEqual({ file: "C:\\a b%A% & c\\x.bat", words: given });
      }),
      { numRuns: 5000 },
    );
  });

  it("arrive as they are where they are any text at all", () => {
    const any = fc.string({ unit: "binary" }).filter((text) => !/[\r\n\0]/.test(text));
    fc.assert(
      fc.property(fc.array(any), variables, (given, environment) => {
        const line = batchCommandLine("x.cmd", given)!;
        expect(callOfBatchFile(line, environment).words).toEqual(given);
      }),
      { numRuns: 3000 },
    );
  });

  it.each(["\r", "\n", "\0", "a\r\nb"])("cannot hold %j", (text) => {
    expect(batchCommandLine("x.bat", ["a", text])).toBeUndefined();
    expect(batchCommandLine(`x${text}.bat`, [])).toBeUndefined();
  });

  // The model finds what it is there to find.
  it.each([
    ['"x.bat" a&b', "& is not quoted"],
    ['"x.bat" "a\\"&b"', "& is not quoted"],
    ['"x.bat" "%A%"', "& is not quoted"],
    ['"x.bat" "a', "a quote is open"],
  ])("would not be safe as %s", (line, said) => {
    const replaced = () => commandIn(replacedOnCommandLine(line, { A: '"&x' }));
    expect(replaced).toThrow(Injection);
    expect(replaced).toThrow(said);
  });

  it.each([
    ["%A% %B% 100%", "1 %B% 100%"],
    ["%%A%%", "%1%"],
    ["%A:~0,1%%cd:~,%|", "1|"],
    ["%%cd:~,%A%%cd:~,%", "%A%"],
    ["%A:1=2% %B:1=2% %A:", "2 %B:1=2% %A:"],
  ])("are replaced as in %s", (line, replaced) => {
    expect(replacedOnCommandLine(line, { A: "1" })).toBe(replaced);
  });
});

describeWhere(windowsNeeds, "by Wine's cmd.exe, a batch file", () => {
  beforeAll(prepareWine);

  it("gets hostile arguments as they are, and nothing in them is run", async () => {
    // Many at once: Wine takes long to start a program. Variables are not for Wine to
    // show: it replaces them in what it has replaced already.
    const sample = fc.sample(hostile(pieces), 400).concat("", " ", " a ", "\\", '"');
    const directory = directoryWith({ "a b & c.bat": `@"${show}" show %*\n` });
    while (sample.length > 0) {
      const words = sample.splice(0, 50);
      const result = await sidecarExe(["--exec", ".\\a b & c.bat", ...words], {
        directory,
      });
      expect(shown(result.stdout).words).toEqual(["show", ...words]);
      expect({ code: result.code, stderr: result.stderr }).toEqual({
        code: 0,
        stderr: "",
      });
      expect(readdirSync(directory)).toEqual(["a b & c.bat"]);
    }
  });

  it.each(["x.bat. ", "x.bat.", "x.bat ", ".\\x.bat. .", "X.BAT . . "])(
    "is known for one as %j",
    async (name) => {
      const directory = directoryWith({ "x.bat": `@"${show}" show %*\n` });
      const words = ["a & echo intruder > intruder", 'b" & echo intruder > intruder'];
      const { stdout, code } = await sidecarExe(["--exec", name, ...words], {
        directory,
      });
      expect(code).toBe(0);
      expect(shown(stdout).words).toEqual(["show", ...words]);
      expect(readdirSync(directory)).toEqual(["x.bat"]);
    },
  );

  it.each(["one\ntwo", "one\rtwo", "\r\n"])("refuses %j", async (word) => {
    const directory = directoryWith({ "x.bat": "@echo run\n" });
    // From a variable, too: what is refused is the word, wherever it comes from.
    for (const argument of [word, "<${WORD}>"]) {
      const { code, stdout, stderr } = await sidecarExe(["--exec", "x.bat", argument], {
        directory,
        environment: { WORD: word },
      });
      expect({ code, stdout }).toEqual({ code: 126, stdout: "" });
      expect(stderr).toContain("error[program-argument-unquotable]");
    }
  });

  it("has no variables replaced by delayed expansion", async () => {
    const directory = directoryWith({ "x.bat": `@"${show}" show %*\n` });
    const { stdout } = await sidecarExe(["--exec", "x.bat", "!PATH!", "a!b"], {
      directory,
    });
    expect(shown(stdout).words).toEqual(["show", "!PATH!", "a!b"]);
  });

  it("reads what sidecar was given to read", async () => {
    const directory = directoryWith({ "x.bat": `@"${show}" copy\n` });
    const { stdout } = await sidecarExe(["--exec", "x.bat"], {
      directory,
      input: "one\ntwo\n",
    });
    expect(stdout).toBe("one\ntwo\n");
  });
});

describeWhere(
  { ...windowsNeeds, script: has("script") },
  "on a console, a batch file",
  () => {
    beforeAll(prepareWine);

    it.each([
      [".\\x.bat", "input: device, empty"],
      [show, "input: console"],
    ])("has nothing to read, and a program has: %s", async (program, input) => {
      const directory = directoryWith({ "x.bat": `@"${show}" input\n` });
      const words = ["--stdout=o.txt", "--exec", program, "input"];
      const terminal = Bun.spawn(["script", "-qec", shellCommand(words), "/dev/null"], {
        cwd: directory,
        stdin: "pipe",
        stdout: "ignore",
      });
      const said = () => Bun.file(`${directory}/o.txt`).size > 0;
      await until(said, "its answer");
      terminal.stdin.end();
      await terminal.exited;
      expect((await Bun.file(`${directory}/o.txt`).text()).trim()).toBe(input);
    });
  },
);
