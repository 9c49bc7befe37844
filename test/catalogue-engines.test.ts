/** What hosts advertise to engines, and what jobs require: the two go together. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imageKey, imageLine, nodeLine } from "../src/catalogue/clauses-format.ts";
import {
  engineNames,
  engines,
  type Host,
  type Needs,
  requirementText,
} from "../src/catalogue/engines/engines.ts";
import { needsOf } from "../src/catalogue/engines/needs.ts";
import { resolvePlace } from "../src/catalogue/resolve.ts";
import { Failure } from "../src/contract/failure.ts";
import {
  clusters,
  featureNames,
  featureVersions,
  runenvNames,
  versions,
} from "./support/clusters.ts";
import {
  fits,
  kubernetesTakes,
  nomadTakes,
  readLabels,
  readNomad,
  slurmTakes,
} from "./support/engines.ts";
import { withKnown } from "./support/fleet.ts";

const host: Host = {
  os: "Linux",
  extensionNode: "mylinuxhost",
  runenvs: [
    { name: "COBOL", version: 0 },
    { name: "PYTHON3", version: 42 },
  ],
  features: [
    { name: "ABAQUS", version: "v2021.05" },
    { name: "SOLID_EDGE", version: "2020-1" },
  ],
};

const nothingKnown = { runenvVersions: [], featureVersions: [] };

const needs: Needs = {
  os: "Linux",
  extensionNode: null,
  runenv: { name: "PYTHON3", version: 42 },
  feature: null,
  known: nothingKnown,
};

describe("a host is advertised to", () => {
  it.each([
    [
      "kubernetes",
      `runenv.p7.da/cobol=0
runenv.p7.da/python3=42
feature.p7.da/abaqus=v2021.05
feature.p7.da/solid_edge=2020-1
pcluster.p7.da/extension-node=mylinuxhost`,
    ],
    [
      "slurm",
      "runenv__cobol__0,runenv__python3__42," +
        "feature__abaqus__v2021.05,feature__solid_edge__2020-1",
    ],
    [
      "htcondor",
      `DA__P7__RUNENV__COBOL__VERSION = 0
DA__P7__RUNENV__PYTHON3__VERSION = 42
DA__P7__FEATURE__ABAQUS__VERSION = "v2021.05"
DA__P7__FEATURE__SOLID_EDGE__VERSION = "2020-1"
DA__P7__PCLUSTER__EXTENSION_NODE = "mylinuxhost"
STARTD_ATTRS = ${[
        "$(STARTD_ATTRS)",
        "DA__P7__RUNENV__COBOL__VERSION",
        "DA__P7__RUNENV__PYTHON3__VERSION",
        "DA__P7__FEATURE__ABAQUS__VERSION",
        "DA__P7__FEATURE__SOLID_EDGE__VERSION",
        "DA__P7__PCLUSTER__EXTENSION_NODE",
      ].join(", \\\n  ")}`,
    ],
  ] as const)("%s", (name, text) => {
    expect(engines[name].advertise(host)).toBe(text);
  });

  it("nomad", () => {
    expect(JSON.parse(engines.nomad.advertise(host))).toEqual({
      client: {
        meta: {
          DA__P7__RUNENV__COBOL__VERSION: "0",
          DA__P7__RUNENV__PYTHON3__VERSION: "42",
          DA__P7__FEATURE__ABAQUS__VERSION: "v2021.05",
          DA__P7__FEATURE__SOLID_EDGE__VERSION: "2020-1",
          DA__P7__PCLUSTER__EXTENSION_NODE: "mylinuxhost",
        },
      },
    });
  });
});

describe("a job requires, of", () => {
  const withFeature = (version: string | null): Needs => ({
    ...needs,
    extensionNode: "mylinuxhost",
    feature: { name: "ABAQUS", version },
    known: { runenvVersions: [43, 41, 42, 43], featureVersions: ["v2", "v1"] },
  });

  it("htcondor", () => {
    const { requirement } = engines.htcondor;
    expect(requirement(needs)).toBe(
      'OpSys == "LINUX" && DA__P7__RUNENV__PYTHON3__VERSION >= 42',
    );
    expect(requirement({ ...needs, os: "Windows" })).toContain('OpSys == "WINDOWS"');
    expect(requirement(withFeature("v2"))).toBe(
      'OpSys == "LINUX" && DA__P7__PCLUSTER__EXTENSION_NODE =?= "mylinuxhost" && ' +
        "DA__P7__RUNENV__PYTHON3__VERSION >= 42 && " +
        'DA__P7__FEATURE__ABAQUS__VERSION =?= "v2"',
    );
    expect(requirement(withFeature(null))).toMatch(/ABAQUS__VERSION =!= undefined$/);
  });

  it("slurm, which has all versions enumerated", () => {
    const { requirement } = engines.slurm;
    expect(requirement(needs)).toEqual(["--constraint=runenv__python3__42"]);
    expect(requirement(withFeature("v2"))).toEqual([
      "--constraint=(runenv__python3__42|runenv__python3__43)&feature__abaqus__v2",
      "--nodelist=mylinuxhost",
    ]);
    expect(requirementText(requirement(withFeature(null)))).toBe(
      "--constraint=(runenv__python3__42|runenv__python3__43)&" +
        "(feature__abaqus__v1|feature__abaqus__v2)\n--nodelist=mylinuxhost",
    );
  });

  it("nomad, by an operand that has always compared numbers", () => {
    expect(engines.nomad.requirement(withFeature(null))).toEqual([
      { LTarget: "${attr.kernel.name}", RTarget: "linux", Operand: "=" },
      {
        LTarget: "${meta.DA__P7__PCLUSTER__EXTENSION_NODE}",
        RTarget: "mylinuxhost",
        Operand: "=",
      },
      {
        LTarget: "${meta.DA__P7__RUNENV__PYTHON3__VERSION}",
        RTarget: ">= 42",
        Operand: "version",
      },
      {
        LTarget: "${meta.DA__P7__FEATURE__ABAQUS__VERSION}",
        RTarget: "",
        Operand: "is_set",
      },
    ]);
  });

  it("kubernetes, where 0 or later is any", () => {
    const expressions = (one: Needs) =>
      engines.kubernetes.requirement(one).nodeAffinity
        .requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]
        .matchExpressions;
    expect(expressions(withFeature("v2"))).toEqual([
      { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
      {
        key: "pcluster.p7.da/extension-node",
        operator: "In",
        values: ["mylinuxhost"],
      },
      { key: "runenv.p7.da/python3", operator: "Gt", values: ["41"] },
      { key: "feature.p7.da/abaqus", operator: "In", values: ["v2"] },
    ]);
    const any = { ...withFeature(null), runenv: { name: "COBOL", version: 0 } };
    expect(expressions(any).slice(2)).toEqual([
      { key: "runenv.p7.da/cobol", operator: "Exists" },
      { key: "feature.p7.da/abaqus", operator: "Exists" },
    ]);
  });
});

it("what a job needs is what its block asked for, and the versions of fitting hosts", () => {
  const at = (extensionNode: string, version: number, os: Host["os"] = "Linux") => ({
    ...host,
    os,
    extensionNode,
    runenvs: [{ name: "PYTHON3", version }],
    origin: extensionNode,
  });
  const all = [
    at("a", 100),
    at("b", 43),
    at("c", 43),
    at("d", 41),
    at("e", 99, "Windows"),
  ];
  const request = {
    runenv: { name: "PYTHON3", version: 42 },
    required: [{ name: "ABAQUS", version: null }],
  };
  const found = resolvePlace(all, request)!;
  expect(found.place.extensionNode).toBe("b");
  const meant = {
    os: "Linux",
    extensionNode: null,
    runenv: request.runenv,
    feature: { name: "ABAQUS", version: "v2021.05" },
    known: { runenvVersions: [43, 100], featureVersions: ["v2021.05"] },
  };
  expect(needsOf(found, request, all)).toEqual(meant);
  const there = { ...request, extensionNode: "b" };
  expect(needsOf(found, there, all)).toEqual({ ...meant, extensionNode: "b" });
});

describe("what cannot be said", () => {
  const failure = (action: () => unknown): Failure => {
    try {
      action();
    } catch (error) {
      if (error instanceof Failure) return error;
    }
    throw new Error("nothing was refused");
  };
  const long = "A".repeat(64);

  it.each<[string, () => unknown]>([
    [
      `DA__P7__RUNENV__${long}__VERSION makes a label of 64 characters`,
      () =>
        engines.kubernetes.advertise({
          ...host,
          runenvs: [{ name: long, version: 1 }],
        }),
    ],
    [
      "DA__P7__FEATURE__NX__VERSION makes a label of 64 characters",
      () =>
        engines.kubernetes.advertise({
          ...host,
          features: [{ name: "NX", version: "1".repeat(64) }],
        }),
    ],
    [
      "DA__P7__PCLUSTER__EXTENSION_NODE makes a label of 66 characters",
      () =>
        engines.kubernetes.requirement({
          ...needs,
          extensionNode: `${"a".repeat(60)}.local`,
        }),
    ],
    [
      "Slurm has no nodes of Windows",
      () => engines.slurm.advertise({ ...host, os: "Windows" }),
    ],
    [
      "Slurm has no nodes of Windows",
      () => engines.slurm.requirement({ ...needs, os: "Windows" }),
    ],
    ...(["kubernetes", "nomad", "htcondor"] as const).map(
      (name): [string, () => unknown] => [
        `DA__P7__RUNENV__A__VERSION has two versions, and ${engines[name].title} takes one`,
        () =>
          engines[name].advertise({
            ...host,
            runenvs: [
              { name: "A", version: 1 },
              { name: "A", version: 2 },
            ],
          }),
      ],
    ),
  ])("is refused: %s", (message, action) => {
    const { code, message: text, exitCode } = failure(action);
    expect({ code, exitCode }).toEqual({ code: "advertise-impossible", exitCode: 125 });
    expect(text).toContain(message);
  });
});

describe("exactly the hosts that fit fulfil what a job requires, on", () => {
  const takes: Record<string, (one: Host, needed: Needs) => boolean> = {
    kubernetes: (one, needed) => {
      const labels = readLabels(engines.kubernetes.advertise(one));
      labels.set("kubernetes.io/os", one.os.toLowerCase());
      return kubernetesTakes(labels, engines.kubernetes.requirement(needed));
    },
    nomad: (one, needed) =>
      nomadTakes(
        readNomad(engines.nomad.advertise(one), one.os),
        engines.nomad.requirement(needed),
      ),
    slurm: (one, needed) => {
      if (one.os === "Windows" || needed.os === "Windows") return fits(one, needed);
      const features = engines.slurm.advertise(one).split(",");
      return slurmTakes(features, one.extensionNode, engines.slurm.requirement(needed));
    },
  };

  it.each(engineNames.filter((name) => name !== "htcondor"))("%s", (name) => {
    fc.assert(
      fc.property(clusters, ([all, wanted]) => {
        const needed = withKnown(wanted, all);
        for (const one of all)
          expect(takes[name]!(one, needed)).toBe(fits(one, needed));
      }),
      { numRuns: 2000 },
    );
  });

  it("slurm, whose words never mean two things", () => {
    const word = (kind: "runenvs" | "features", name: string, version: never) =>
      engines.slurm.advertise({
        ...host,
        runenvs: [],
        features: [],
        [kind]: [{ name, version }],
      });
    const things = fc.oneof(
      fc.tuple(fc.constant("runenvs" as const), runenvNames, versions),
      fc.tuple(fc.constant("features" as const), featureNames, featureVersions),
    );
    fc.assert(
      fc.property(things, things, (one, other) => {
        expect(word(...(one as [never, never, never]))).toMatch(/^[a-z0-9._-]+$/);
        const isSame = one.join(" ") === other.join(" ");
        expect(
          word(...(one as [never, never, never])) ===
            word(...(other as [never, never, never])),
        ).toBe(isSame);
      }),
    );
  });
});

describe("the line of", () => {
  it("a node has its name where the variable does not say it", () => {
    expect(nodeLine("my-linux-host", host)).toBe(
      "DA__P7__PCLUSTER__EXTENSION_NODE__MY_LINUX_HOST=os=Linux; runenv=(COBOL,0); " +
        "runenv=(PYTHON3,42); feature=(ABAQUS,v2021.05); feature=(SOLID_EDGE,2020-1)",
    );
    const { runenvs } = host;
    const bare = { os: "Windows", runenvs: runenvs.slice(0, 1), features: [] } as const;
    expect(nodeLine("cad--1.example.com", bare)).toBe(
      "DA__P7__PCLUSTER__EXTENSION_NODE__CAD_1_EXAMPLE_COM=os=Windows; " +
        "runenv=(COBOL,0); name=cad--1.example.com",
    );
  });

  it("an image says its system where that is Windows", () => {
    const offer = { ...host, features: [] };
    expect(imageLine("NX", "registry.example.com/nx:7", offer)).toBe(
      "DA__P7__PCLUSTER__CALC_IMAGE__NX=registry.example.com/nx:7; " +
        "runenv=(COBOL,0); runenv=(PYTHON3,42)",
    );
    expect(imageLine("NX", "nx", { ...offer, os: "Windows" })).toMatch(/; os=Windows$/);
  });

  it.each([
    ["pseven-calc-cobol-42-nx-2020", "COBOL_42_NX_2020"],
    ["calc__x.y", "CALC_X_Y"],
  ])("an image %s is called %s", (name, key) => {
    expect(imageKey(["team", name])).toBe(key);
  });
});
