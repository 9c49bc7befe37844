/** sidecar.exe under Wine: names in any case, and paths of drives and of networks. */
import { beforeAll, describe, expect, it } from "vitest";
import { findEntry, variableKey } from "../src/system/windows/variables.ts";
import { describeWhere } from "./support/machine.ts";
import { workspace } from "./support/sidecar.ts";
import {
  commandLineOf,
  directoryWith,
  hexadecimal,
  prepareWine,
  runProbe,
  show,
  shown,
  sidecarExe,
  windowsNeeds,
} from "./support/wine.ts";

const activate = "DA__P7__RUNENV__R__ACTIVATE";

describe("a variable's name", () => {
  it.each([
    ["Path", "PATH", true],
    ["größe", "GRÖSSE", false],
    ["größe", "GRÖßE", true],
    ["ÿ", "Ÿ", true],
    ["ı", "I", false],
    ["ſ", "S", false],
    ["ς", "Σ", false],
    ["σ", "Σ", true],
    ["µ", "\u039c", false],
    ["\ud800x", "\ud800X", true],
    ["A", "B", false],
  ])("%j means the same as %j: %j", (one, other, same) => {
    expect(variableKey(one) === variableKey(other)).toBe(same);
  });

  it("may begin with =, as those of drives do", () => {
    const entries = ["=C:=C:\\x", "=ExitCode=00000000", "A=1"];
    expect(findEntry(entries, "=c:")).toBe("=C:=C:\\x");
    expect(findEntry(entries, "=EXITCODE")).toBe("=ExitCode=00000000");
  });
});

describeWhere(windowsNeeds, "sidecar.exe's environment", () => {
  beforeAll(prepareWine);

  /** What a block sees where sidecar was started with these entries in front. */
  async function seen(
    entries: readonly string[],
    words: readonly string[],
    directory = workspace(),
  ) {
    const line = commandLineOf(...words);
    const given = ["with", line, ...entries.map(hexadecimal)];
    const { stdout, stderr } = await runProbe(given, { directory });
    const lines = stdout.split(/\r?\n/).filter((text) => text.startsWith("v "));
    // As they came: names that occur twice, and those without one.
    const found = lines.map((text) => shown(text).variables);
    const all = found.flatMap((one) =>
      Object.entries(one).map(([name, value]) => `${name}=${value}`),
    );
    return { ...shown(stdout), entries: all, stderr };
  }

  const twice = ["Dup=one", "dUP=two"];

  it("reaches the block as it is, with names twice or beginning with =", async () => {
    const odd = ["=Q:=Q:\\folder", "=Odd=x", ...twice];
    const { entries } = await seen(odd, ["--exec", show]);
    expect(entries).toEqual(expect.arrayContaining(odd));
  });

  it("has names in any case; of two that are one, the first counts", async () => {
    const { words } = await seen(twice, ["--exec", show, "show", "${DUP}", "<${dup}>"]);
    expect(words).toEqual(["show", "one", "<one>"]);
  });

  it("has one variable of a name once an activation sets it", async () => {
    const directory = directoryWith({ "a.env": "DUP=three\n" });
    const { entries } = await seen(
      [...twice, "da__p7__Runenv__r__activate=a.env", "=Q:=Q:\\folder"],
      ["--runenv=R,0", "--exec", show],
      directory,
    );
    expect(entries.filter((entry) => /^dup=/i.test(entry))).toEqual(["Dup=three"]);
    expect(entries).toContain("=Q:=Q:\\folder");
  });

  it.each([
    ["as they are", {}],
    ["wherever they lead", { HOME: "/tmp/home", USERPROFILE: "Z:\\nowhere" }],
  ])("has HOME and USERPROFILE %s", async (_, given: Record<string, string>) => {
    const directory = directoryWith({ "a.env": "ONE=1\n" });
    const environment = { ...given, [activate]: "a.env" };
    const direct = shown((await runProbe(["show"], { environment })).stdout).variables;
    const { stdout } = await sidecarExe(["--runenv=R,0", "--exec", show], {
      environment,
      directory,
    });
    const { variables } = shown(stdout);
    const names = ["HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "USERNAME"];
    for (const name of [...names, "USER", "LOGNAME"])
      expect(variables[name], name).toBe(direct[name]);
    expect(variables["USERPROFILE"]).toBeDefined();
  });
});

describeWhere(windowsNeeds, "a storage variable of sidecar.exe", () => {
  beforeAll(prepareWine);

  const storage = "DA__P7__PCLUSTER__STORAGE__X";
  const at = (path: string, name = storage) =>
    sidecarExe(["--exec", show, "exit", "4"], { environment: { [name]: path } });

  // \\?\ has the form of a network path; Wine knows no other that leads anywhere.
  it.each(["C:\\", "c:/windows", "C:\\windows\\", "Z:\\", "\\\\?\\C:\\windows"])(
    "may be %s",
    async (path) => {
      const { code, stderr } = await at(path);
      expect({ code, stderr }).toEqual({ code: 4, stderr: "" });
    },
  );

  it.each([
    "",
    "C:",
    "C:windows",
    "windows",
    "\\windows",
    "/tmp",
    "\\\\server",
    "\\\\",
  ])("may not be %j, which depends on where one is", async (path) => {
    const { code, stderr } = await at(path);
    expect(code).toBe(125);
    expect(stderr).toContain("error[storage-not-absolute]");
  });

  it("may be written in any case", async () => {
    const { stderr } = await at("windows", storage.toLowerCase());
    expect(stderr).toContain("error[storage-not-absolute]");
  });

  it("is refused where it leads nowhere, after a while", async () => {
    const paths = ["Q:\\folder", "\\\\no-such-server\\share\\folder", "C:\\no\\such"];
    const results = await Promise.all(paths.map((path) => at(path)));
    for (const { code, stderr } of results) {
      expect(code).toBe(125);
      expect(stderr).toContain("error[storage-missing]");
      expect(stderr).toContain("not after ten seconds");
    }
  });
});

describeWhere(windowsNeeds, "an activation of sidecar.exe by PowerShell", () => {
  beforeAll(prepareWine);

  // Wine's is a stub that does nothing and reports success: that must not do.
  it("that hands nothing over is refused, whatever it reports", async () => {
    const { code, stdout, stderr } = await sidecarExe(
      ["--runenv=R,0", "--exec", show],
      {
        directory: directoryWith({ "a.ps1": "$env:ONE = 1\n" }),
        environment: { [activate]: ".\\a.ps1" },
      },
    );
    expect({ code, stdout }).toEqual({ code: 123, stdout: "" });
    expect(stderr).toContain("error[activation-incomplete]");
  });
});
