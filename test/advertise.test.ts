/** `sidecar advertise`: what a host declares, in the form in which it is told. */
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import { describeWhere } from "./support/machine.ts";
import {
  codesBut,
  messageCodes,
  sidecar,
  smallEnvironment,
} from "./support/sidecar.ts";
import { prepareWine, sidecarExe, windowsNeeds } from "./support/wine.ts";

const declared = {
  DA__P7__RUNENV__PYTHON3__ACTIVATE: "",
  DA__P7__RUNENV__PYTHON3__EXECUTE: "python3",
  DA__P7__RUNENV__PYTHON3__VERSION: "42",
  DA__P7__FEATURE__ABAQUS__VERSION: "V2021.05",
};
const environment = { ...smallEnvironment, ...declared };
const advertise = (words: readonly string[], more: Record<string, string> = {}) =>
  sidecar(["advertise", ...words], { environment: { ...environment, ...more } });

const capability = {
  os: "Linux",
  extension_node: null,
  runenv: ["PYTHON3", 42],
  features: [["ABAQUS", "v2021.05"]],
};

it("says it as runenv_features() has it, where nothing else is asked for", async () => {
  const { stdout, stderr, code } = await advertise([]);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  expect(JSON.parse(stdout)).toEqual([capability]);
  const named = await advertise(["--format=json", "--extension-node", "MyLinuxHost"]);
  const entry = { ...capability, extension_node: "mylinuxhost" };
  expect(JSON.parse(named.stdout)).toEqual([entry]);
});

it.each([
  ["kubernetes", "runenv.p7.da/python3=42\nfeature.p7.da/abaqus=v2021.05\n"],
  ["slurm", "runenv__python3__42,feature__abaqus__v2021.05\n"],
  ["htcondor", /^DA__P7__RUNENV__PYTHON3__VERSION = 42\n(.*\n)+STARTD_ATTRS = /],
  ["nomad", /"DA__P7__FEATURE__ABAQUS__VERSION": "v2021.05"/],
])("says it to %s", async (format, text) => {
  const { stdout, stderr, code } = await advertise([`--format=${format}`]);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  if (typeof text === "string") expect(stdout).toBe(text);
  else expect(stdout).toMatch(text);
});

it("takes the host's name for auto", async () => {
  const { stdout } = await advertise(["--extension-node=auto"]);
  expect(JSON.parse(stdout)[0].extension_node).toBe(hostname().toLowerCase());
});

it.each([
  [
    ["--extension-node=mylinuxhost"],
    "EXTENSION_NODE__MYLINUXHOST=os=Linux; runenv=(PYTHON3,42); feature=(ABAQUS,v2021.05)",
  ],
  [
    ["--extension-node=a.example.com"],
    "EXTENSION_NODE__A_EXAMPLE_COM=os=Linux; runenv=(PYTHON3,42); " +
      "feature=(ABAQUS,v2021.05); name=a.example.com",
  ],
  [
    ["--image=registry.example.com/p7/pseven-calc-python3-42:1"],
    "CALC_IMAGE__PYTHON3_42=registry.example.com/p7/pseven-calc-python3-42:1; " +
      "runenv=(PYTHON3,42); feature=(ABAQUS,v2021.05)",
  ],
  [
    ["--image=calc", "--key=CALC"],
    "CALC_IMAGE__CALC=calc; runenv=(PYTHON3,42); feature=(ABAQUS,v2021.05)",
  ],
])("writes a deployment's line with %j", async (words, line) => {
  const { stdout, code } = await advertise(["--format=env", ...words]);
  expect(stdout).toBe(`DA__P7__PCLUSTER__${line}\n`);
  expect(code).toBe(0);
});

it("says what is right, warns of all that is wrong, and exits with 1", async () => {
  const { stdout, stderr, code } = await advertise(["--format=slurm"], {
    DA__P7__RUNENV__COBOL__EXECUTE: "cobcrun",
    DA__P7__FEATURE__NX__VERSION: "2020+1",
    DA__P7__RUNENV__ADA__VERSION: "new",
  });
  expect(stdout).toBe("runenv__python3__42,feature__abaqus__v2021.05\n");
  expect(messageCodes(stderr)).toEqual(Array(3).fill("catalogue-invalid"));
  for (const name of ["RUNENV__COBOL", "FEATURE__NX", "RUNENV__ADA"])
    expect(stderr).toContain(`warning[catalogue-invalid]: DA__P7__${name}__VERSION`);
  expect(code).toBe(1);
});

describe("refuses", () => {
  it.each<[string[], Record<string, string>, string, RegExp]>([
    [["--format=env"], {}, "option-value-missing", /--extension-node=NAME/],
    [["--format=xml"], {}, "option-value-invalid", /is one of json, kubernetes/],
    [["--image=a"], {}, "option-conflict", /only with env/],
    [["--key=A"], {}, "option-conflict", /without --image/],
    [
      ["--format=env", "--image=a", "--extension-node=b"],
      {},
      "option-conflict",
      /an image is no node/,
    ],
    [["--format=env", "--image=A"], {}, "reference-invalid", /lower case/],
    [
      ["--format=env", "--image=a", "--key=a-b"],
      {},
      "option-value-invalid",
      /--key=COBOL_42/,
    ],
    // The catalogue would not read them again.
    ...["_A", "A_", "A__B"].map(
      (key): [string[], Record<string, string>, string, RegExp] => [
        ["--format=env", "--image=a", `--key=${key}`],
        {},
        "option-value-invalid",
        /single _ between/,
      ],
    ),
    [["--extension-node=a b"], {}, "option-value-invalid", /'a b' is no host's name/],
    [["--extension-node"], {}, "option-value-missing", /needs a value/],
    [["host"], {}, "argument-unexpected", /options only/],
    [
      ["--format=kubernetes"],
      { DA__P7__FEATURE__NX__VERSION: "1".repeat(64) },
      "advertise-impossible",
      /DA__P7__FEATURE__NX__VERSION makes a label of 64/,
    ],
  ])("%j %j with %s", async (words, more, expected, text) => {
    const { stdout, stderr, code } = await advertise(words, more);
    expect(codesBut(stderr)).toEqual([expected]);
    expect(stderr).toMatch(text);
    expect({ stdout, code }).toEqual({ stdout: "", code: 125 });
  });

  it("where nothing is declared, once all that is wrong was said", async () => {
    const { stdout, stderr, code } = await sidecar(["advertise"], {
      environment: { ...smallEnvironment, DA__P7__RUNENV__ADA__VERSION: "new" },
    });
    expect(messageCodes(stderr)).toEqual(["catalogue-invalid", "advertise-nothing"]);
    expect({ stdout, code }).toEqual({ stdout: "", code: 125 });
  });
});

it("helps", async () => {
  const { stdout, stderr, code } = await sidecar(["advertise", "--help"]);
  for (const text of ["--extension-node", "--format", "htcondor", "Exit code"])
    expect(stdout).toContain(text);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
});

describeWhere(windowsNeeds, "sidecar.exe advertise", () => {
  it("and what it lists is found, whatever case its variable is in", async () => {
    await prepareWine();
    const value = "os=Windows; runenv=(PYTHON3,42)";
    const { stdout, code } = await sidecarExe(["features", "--json"], {
      environment: { da__p7__pcluster__Extension_Node__cad: value },
    });
    expect(JSON.parse(stdout)).toMatchObject([{ extension_node: "cad" }]);
    expect(code).toBe(0);
  });

  it("is of Windows, whatever case the variables are in", async () => {
    await prepareWine();
    const { stdout, code } = await sidecarExe(["advertise", "--extension-node=auto"], {
      environment: { ...declared, Da__p7__feature__NX__version: "2020" },
    });
    const [{ extension_node, ...entry }] = JSON.parse(stdout);
    expect(entry).toEqual({
      os: "Windows",
      runenv: ["PYTHON3", 42],
      features: [
        ["ABAQUS", "v2021.05"],
        ["NX", "2020"],
      ],
    });
    expect(extension_node).toMatch(/^[a-z0-9.-]+$/);
    expect(code).toBe(0);
  });
});
