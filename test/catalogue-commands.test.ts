/** `sidecar features`, `choices` and `resolve`, as programs and people use them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  messageCodes,
  sidecar,
  smallEnvironment,
  workspace,
} from "./support/sidecar.ts";

const image = (key: string) => `DA__P7__PCLUSTER__CALC_IMAGE__${key}`;
const node = (key: string) => `DA__P7__PCLUSTER__EXTENSION_NODE__${key}`;
const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

const good = {
  [image("NX")]: `registry.example.com/pseven-calc-cobol-42-nx-2020@${digest}`,
  [image("COBOL")]: "registry.example.com/pseven-calc-cobol-43:1",
  [node("MYWINDOWSHOST")]: "os=Windows; runenv=(COBOL,45); feature=(NX,1980)",
};

const bad = {
  [image("AMBIGUOUS")]: "pseven-calc-cobol-42-nx-2020-1",
  [image("EMPTY")]: "",
  [image("OTHER")]: "registry.example.com/pseven-calc-cobol-43:2",
  [node("NONE")]: "os=BeOS; runenv=(COBOL,45)",
};

const here = (variables: Record<string, string>, ...words: string[]) =>
  sidecar(words, { environment: { ...smallEnvironment, ...variables } });

/** The same, from a file of each form. */
const forms: Record<string, (variables: Record<string, string>) => string[]> = {
  "--env-file": (variables) => {
    const lines = Object.entries(variables).map(
      ([name, value]) => `${name}=${value}\n`,
    );
    return ["--env-file", written("values.env", lines.join(""))];
  },
  "--values": (variables) => [
    "--values",
    written("values.yaml", JSON.stringify({ any: { where: [{ env: variables }] } })),
  ],
  "--values, as Kubernetes has it": (variables) => {
    const env = Object.entries(variables).map(([name, value]) => ({ name, value }));
    return [`--values=${written("values.yaml", JSON.stringify({ env }))}`];
  },
};

function written(name: string, text: string): string {
  const file = join(workspace(), name);
  writeFileSync(file, text);
  return file;
}

describe("the catalogue", () => {
  it.each(Object.entries(forms))(
    "from %s is that of the environment",
    async (_, form) => {
      const meant = await here(good, "features", "--json");
      // What is in the environment does not count then.
      const other = { [image("X")]: "pseven-calc-x-1" };
      const told = await here(other, "features", "--json", ...form(good));
      expect(told).toEqual(meant);
      expect(JSON.parse(meant.stdout)).toHaveLength(3);
      expect(meant).toMatchObject({ stderr: "", code: 0 });
    },
  );

  it("that features printed gives the same choices", async () => {
    const { stdout } = await here(good, "features", "--json");
    const capabilities = ["--capabilities", written("capabilities.json", stdout)];
    const words = ["choices", "--runenv=(COBOL,42)"];
    const meant = await here(good, ...words);
    expect(await here({}, ...words, ...capabilities)).toEqual(meant);
  });

  it("that is empty is said to be so", async () => {
    expect(await here({}, "features", "--json")).toMatchObject({
      stdout: "[]\n",
      stderr: "",
      code: 0,
    });
    expect((await here({}, "features")).stdout).toContain("nothing is declared");
    const { stderr, code } = await here({}, "resolve", "--runenv=A,1");
    expect(stderr).toContain("the catalogue is empty");
    expect(code).toBe(1);
  });

  it("of which all is wrong is not said to be empty", async () => {
    const { stdout, code } = await here({ [node("A")]: "os=BeOS" }, "features");
    expect(stdout).toBe("nothing can be had: all that is declared is wrong\n");
    expect(code).toBe(1);
    for (const command of ["choices", "resolve"]) {
      const { stderr } = await here(
        { [node("A")]: "os=BeOS" },
        command,
        "--runenv=A,1",
      );
      expect(stderr).toContain("all that is declared is wrong");
      expect(stderr).not.toContain("empty");
    }
  });

  type Given = [Record<string, string>, string[]];
  type GivenBy = [string, (variables: Record<string, string>) => Given];
  const givenBy: GivenBy[] = [
    ["the environment", (variables) => [variables, []]],
    ...Object.entries(forms).map(
      ([name, form]): GivenBy => [name, (variables) => [{}, form(variables)]],
    ),
  ];

  it.each(givenBy)(
    "what is wrong in %s hides nothing, and is told",
    async (_, form) => {
      const [environment, words] = form({ ...good, ...bad });
      const told = await here(environment, "features", "--json", ...words);
      const { stdout } = await here(
        { ...good, [image("OTHER")]: bad[image("OTHER")]! },
        "features",
        "--json",
      );
      expect(told.stdout).toBe(stdout);
      expect(told.code).toBe(1);
      expect(messageCodes(told.stderr).toSorted()).toEqual([
        "catalogue-ambiguous",
        "catalogue-contradiction",
        "catalogue-invalid",
        "catalogue-invalid",
      ]);
      for (const variable of Object.keys(bad)) expect(told.stderr).toContain(variable);
    },
  );

  it("what is wrong is JSON for programs", async () => {
    const { stderr } = await here(bad, "features", "--log=json");
    const messages = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(messages.map(({ level, code }) => `${level} ${code}`).toSorted()).toEqual([
      "warning catalogue-ambiguous",
      "warning catalogue-invalid",
      "warning catalogue-invalid",
    ]);
  });
});

describe("choices", () => {
  it("without a requirement begin with none, and offer each feature", async () => {
    const { stdout } = await here(good, "choices", "--runenv=cobol,42");
    expect(stdout).toBe(
      `Runenv:  [COBOL (v42)]
Require: [none (linux)]
          none (linux)
          none (windows)
          none (windows) @mywindowshost
          NX 2020 (linux)
          NX 1980 (windows)
          NX 1980 (windows) @mywindowshost
`,
    );
  });

  it("take the first requirement that can be had", async () => {
    const words = ["--require=NX,2021", "--require=NX,1980", "--require=NX"];
    const { stdout } = await here(good, "choices", "--runenv=COBOL,1", ...words);
    expect(stdout.split("\n")[1]).toBe("Require: [NX 1980 (windows)]");
    expect(stdout).toContain("NX 2020 (linux)");
    expect(stdout).not.toContain("2021");
  });

  it("are those of one system, or of one node", async () => {
    const words = ["choices", "--runenv=COBOL,1", "--json"];
    const labels = async (...more: string[]) =>
      JSON.parse((await here(good, ...words, ...more)).stdout).choices.map(
        ({ label }: { label: string }) => label,
      );
    expect(await labels("--os=linux")).toEqual(["none", "NX 2020"]);
    expect(await labels("--extension-node=MyWindowsHost")).toEqual([
      "none (windows) @mywindowshost",
      "NX 1980 (windows) @mywindowshost",
    ]);
  });

  it("a manifest's own words count where the command line says nothing", async () => {
    const manifest = written(
      "block.json",
      JSON.stringify({
        runenv: ["COBOL", 99],
        os: "Linux",
        required_feature: [["NX", null]],
        title: "not for us",
      }),
    );
    const words = ["choices", "--manifest", manifest];
    const { stderr, code } = await here(good, ...words);
    expect(stderr).toContain(
      "there is no place for COBOL 99 or later, with NX of any version, on Linux",
    );
    expect(code).toBe(1);
    const more = ["--runenv=COBOL,42", "--os=Windows"];
    const { stdout } = await here(good, ...words, ...more);
    expect(stdout).toBe(
      "Required feature [NX 1980 v]\n- NX 1980\n- NX 1980 @mywindowshost\n",
    );
  });
});

describe("resolve", () => {
  it("gives the reference with its digest, for people and for programs", async () => {
    const words = ["resolve", "--runenv=COBOL,40", "--require=(nx,2020)"];
    const { stdout } = await here(good, ...words);
    expect(stdout).toBe(`${good[image("NX")]}\n`);
    expect(JSON.parse((await here(good, ...words, "--format=json")).stdout)).toEqual({
      schema: "sidecar-place-1",
      place: {
        os: "Linux",
        extension_node: null,
        runenv: ["COBOL", 42],
        require: ["NX", "2020"],
        image: good[image("NX")],
        image_name: "pseven-calc-cobol-42-nx-2020",
        origin: image("NX"),
      },
      host: null,
    });
  });

  it("takes the nearest later runenv", async () => {
    for (const [asked, given] of [
      [41, "NX"],
      [42, "NX"],
      [43, "COBOL"],
    ] as const) {
      const { stdout } = await here(good, "resolve", `--runenv=COBOL,${asked}`);
      expect(stdout).toBe(`${good[image(given)]}\n`);
    }
    const { stdout } = await here(good, "resolve", "--runenv=COBOL,44");
    expect(stdout).toBe("@mywindowshost (windows): COBOL 44 or later\n");
  });

  it("says of a host what it must have", async () => {
    const words = ["resolve", "--runenv=COBOL,42", "--require=NX", "--os=Windows"];
    const { stdout } = await here(good, ...words, "--format=json");
    expect(JSON.parse(stdout)).toMatchObject({
      place: { extension_node: "mywindowshost", image: null, image_name: null },
      host: {
        os: "Windows",
        extension_node: null,
        runenv_at_least: ["COBOL", 42],
        require: ["NX", "1980"],
      },
    });
  });

  it("is not led astray by what is wrong elsewhere, and tells it", async () => {
    const { stdout, stderr, code } = await here(
      { ...good, ...bad },
      "resolve",
      "--runenv=COBOL,43",
    );
    expect(stdout).toBe(`${good[image("COBOL")]}\n`);
    expect(code).toBe(0);
    expect(messageCodes(stderr)).toHaveLength(4);
  });

  it("where nothing fits says what is nearest, and why not", async () => {
    const words = ["resolve", "--runenv=COBOL,43", "--require=NX,2020"];
    const { stdout, stderr, code } = await here(good, ...words, "--format=json");
    expect(code).toBe(1);
    expect(stderr).toBe(
      `sidecar: error[catalogue-nothing-fits]: there is no place for COBOL 43 or ` +
        `later, with NX 2020\n  nearest is ${good[image("NX")]} (${image("NX")}): ` +
        "its COBOL is 42, and 43 or later is needed\n",
    );
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "sidecar-place-1",
      place: null,
      nearest: [
        { image: good[image("NX")], reasons: [expect.any(String)] },
        {
          extension_node: "mywindowshost",
          reasons: ["it has NX 1980, not NX 2020"],
        },
        { image: good[image("COBOL")], reasons: ["it has no NX"] },
      ],
    });
  });

  it("explains what it does, found or not", async () => {
    const words = ["resolve", "--explain", "--runenv=COBOL,1"];
    const found = await here(good, ...words, "--require=NX,3", "--require=NX");
    expect(found.stdout).toContain("1. NX 3: 0 of them");
    expect(found.stdout).toContain("the newest NX: 2020: 1 left");
    expect(found.stdout).toMatch(/\ntaken: {4}registry.*NX\)\n$/);
    const none = await here(good, ...words, "--require=CAD");
    expect(none.stdout).toContain("nearest:");
    expect(none.stdout.match(/it has no CAD/g)).toHaveLength(3);
    expect(none.code).toBe(1);
  });

  it.each(["kubernetes", "nomad", "slurm", "htcondor"])(
    "for %s looks at hosts only",
    async (engine) => {
      const words = [
        "resolve",
        "--runenv=COBOL,43",
        "--os=Linux",
        `--format=${engine}`,
      ];
      const none = await here(good, ...words);
      expect(none).toMatchObject({ stdout: "", code: 1 });
      const host = { [node("HOST")]: "os=Linux; runenv=(COBOL,47)" };
      const { stdout, code } = await here({ ...good, ...host }, ...words);
      expect(code).toBe(0);
      expect(stdout.toLowerCase()).toContain("cobol");
    },
  );
});

it("a catalogue of images is not said to be empty where hosts are looked for", async () => {
  const images = { [image("A")]: "pseven-calc-a-1", [image("B")]: "pseven-calc-b-1" };
  const words = ["resolve", "--runenv=A,1", "--format=slurm"];
  const { stderr } = await here(images, ...words);
  expect(stderr).toContain(
    "none of the 2 places is looked at: Slurm runs jobs on hosts of Linux",
  );
  expect(stderr).not.toContain("empty");
});

it("an explanation of what a program reads is beside it, and counts all", async () => {
  const host = { [node("HOST")]: "os=Linux; runenv=(COBOL,47)" };
  const words = ["resolve", "--explain", "--runenv=COBOL,43"];
  const job = await here({ ...good, ...host }, ...words, "--format=slurm");
  expect(job.stdout).toBe("--constraint=runenv__cobol__47\n");
  expect(job.stderr).toContain("4 in the catalogue, 1 of them hosts of the engine\n");
  const json = await here(good, ...words, "--format=json");
  expect(JSON.parse(json.stdout)).toMatchObject({ schema: "sidecar-place-1" });
  expect(json.stderr).toContain("taken:");
});

it.each([
  ["nothing fits", ["resolve", "--runenv=A,1", "--log=json"]],
  ["a file is not there", ["features", "--log", "json", "--values=/no/such"]],
  ["an option is unknown", ["choices", "--log=json", "--runen"]],
])("for programs it is JSON, too, that %s", async (_, words) => {
  const { stderr } = await here({}, ...words);
  expect(JSON.parse(stderr)).toMatchObject({ level: "error" });
});

it("for slurm no host of Windows is found, though there are some", async () => {
  const words = ["resolve", "--runenv=COBOL,43", "--format=slurm"];
  const { stderr, code } = await here(good, ...words);
  expect(stderr).toContain("there is no place for COBOL 43 or later");
  expect(code).toBe(1);
});

describe("bad input is one line, and what to do", () => {
  it.each([
    [["choices"], "argument-missing"],
    [["resolve", "--require=NX"], "argument-missing"],
    [["resolve", "--runenv=COBOL"], "runenv-invalid"],
    [["resolve", "--runenv=(COBOL,x)"], "runenv-invalid"],
    [["resolve", "--runenv=A,1", "--require=(NX,"], "require-invalid"],
    [["resolve", "--runenv=A,1", "--require=(1,2)"], "require-invalid"],
    [["resolve", "--runenv=A,1", "--require=(A,2,3)"], "require-invalid"],
    [["resolve", "--runenv=A,1", "--os=BeOS"], "option-value-invalid"],
    [["resolve", "--runenv=A,1", "--extension-node=a b"], "option-value-invalid"],
    [["resolve", "--runenv=A,1", "--format=xml"], "option-value-invalid"],
    [["resolve", "--runenv=A,1", "--require=A", "--manifest=x"], "option-conflict"],
    [["features", "extra"], "argument-unexpected"],
    [["features", "--values=/no/such"], "catalogue-file-unreadable"],
    [["choices", "--manifest=/no/such"], "catalogue-file-unreadable"],
    [["features", "--jsn"], "option-unknown"],
  ])("%j", async (words, code) => {
    const { stdout, stderr, code: exit } = await here(good, ...words);
    expect(messageCodes(stderr)).toEqual([code]);
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    expect(stdout).toBe("");
    expect(exit).toBe(125);
  });
});
