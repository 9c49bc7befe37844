/**
 * A real Slurm: its nodes have the features that `sidecar advertise --format=slurm`
 * prints, and it is asked by what jobs require. Skipped where Slurm is not installed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { engines, type Host, type Needs } from "../src/catalogue/engines/engines.ts";
import { fits } from "./support/engines.ts";
import { describeWhere } from "./support/machine.ts";
import type { Pool } from "./support/pool.ts";
import { sidecar, smallEnvironment } from "./support/sidecar.ts";
import { slurmNeeds, startSlurm } from "./support/slurm.ts";

type Named = Host & { readonly extensionNode: string };

function host(
  name: string,
  runenvs: Readonly<Record<string, number>>,
  features: Readonly<Record<string, string>>,
): Named {
  const entries = <Value>(all: Readonly<Record<string, Value>>) =>
    Object.entries(all).map(([one, version]) => ({ name: one, version }));
  return {
    os: "Linux",
    extensionNode: name,
    runenvs: entries(runenvs),
    features: entries(features),
  };
}

const hosts = [
  host("old", { PYTHON3: 9, COBOL: 42 }, { ABAQUS: "v2020", NX: "2020-1" }),
  host("new", { PYTHON3: 100 }, { ABAQUS: "v2021.05", SOLID_EDGE: "2020__x_y.z" }),
  host("both", { PYTHON3: 42, MY_TOOL_2: 0 }, { ABAQUS: "v2021.05", NX: "2020-1--b" }),
  host("plain-1", { PYTHON3: 42, COBOL: 7 }, {}),
];

/** What a host prints of itself. */
async function advertised({ runenvs, features }: Host): Promise<string> {
  const variables = [
    ...runenvs.map(({ name, version }) => [`RUNENV__${name}`, String(version)]),
    ...features.map(({ name, version }) => [`FEATURE__${name}`, version]),
  ].map(([name, value]) => [`DA__P7__${name}__VERSION`, value]);
  const environment = { ...smallEnvironment, ...Object.fromEntries(variables) };
  const { stdout } = await sidecar(["advertise", "--format=slurm"], { environment });
  return stdout.trim();
}

const known = (needs: Omit<Needs, "known">): Needs => ({
  ...needs,
  known: {
    runenvVersions: hosts
      .flatMap(({ runenvs }) => runenvs)
      .filter(({ name }) => name === needs.runenv.name)
      .map(({ version }) => version),
    featureVersions: hosts
      .flatMap(({ features }) => features)
      .filter(({ name }) => name === needs.feature?.name)
      .map(({ version }) => version),
  },
});

const jobs: Needs[] = [
  ["PYTHON3", 0],
  ["PYTHON3", 10],
  ["PYTHON3", 42],
  ["PYTHON3", 101],
  ["COBOL", 8],
  ["MY_TOOL_2", 0],
  ["MY_TOOL", 0],
].flatMap(([name, version]) =>
  [
    null,
    { name: "ABAQUS", version: null },
    { name: "ABAQUS", version: "v2021.05" },
    { name: "ABAQUS", version: "v2021" },
    { name: "NX", version: null },
    { name: "NX", version: "2020-1" },
    { name: "NX", version: "2020-1--b" },
    { name: "SOLID_EDGE", version: "2020__x_y.z" },
    { name: "SOLID", version: null },
  ].map((feature) =>
    known({
      os: "Linux",
      extensionNode: null,
      runenv: { name: name as string, version: version as number },
      feature,
    }),
  ),
);

const asked = ({ runenv, feature }: Needs) =>
  `${runenv.name} ${runenv.version}` +
  (feature ? `, ${feature.name} ${feature.version ?? "any"}` : "");

describeWhere(slurmNeeds, "Slurm", () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = await startSlurm(
      await Promise.all(
        hosts.map(async (one) => ({
          name: one.extensionNode,
          features: await advertised(one),
        })),
      ),
    );
  });

  afterAll(() => pool?.stop());

  const submit = (needs: Needs, ...words: string[]) =>
    pool.run(["sbatch", ...engines.slurm.requirement(needs), ...words]);

  it("has the features that were advertised, each as it was", async () => {
    for (const one of hosts) {
      const words = ["sinfo", "--noheader", "-n", one.extensionNode, "-o", "%f"];
      const { stdout } = await pool.run(words);
      expect(stdout.trim()).toBe(await advertised(one));
    }
  });

  it("takes a host's features for those of a node, too", async () => {
    const change = async (features: string) => {
      const words = [`AvailableFeatures=${features}`, `ActiveFeatures=${features}`];
      const update = ["scontrol", "update", "NodeName=plain-1", ...words];
      const { code, stdout, stderr } = await pool.run(update);
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
      return (await pool.run(["sinfo", "-hnplain-1", "-o%f/%b"])).stdout.trim();
    };
    for (const one of [hosts[0]!, hosts[3]!]) {
      const features = await advertised(one);
      expect(await change(features)).toBe(`${features}/${features}`);
    }
  });

  it("finds for each job exactly the hosts that fit", async () => {
    const wrong: string[] = [];
    for (const needs of jobs) {
      const found = await Promise.all(
        hosts.map(async ({ extensionNode }) => {
          const words = ["--test-only", "--wrap=true"];
          const { code, stderr } = await submit({ ...needs, extensionNode }, ...words);
          if (code === 0) return extensionNode;
          // Anything else would be a mistake in the constraint.
          expect(stderr).toMatch(/node configuration|feature specification/);
          return undefined;
        }),
      );
      const right = hosts.filter((one) => fits(one, needs));
      const expected = right.map(({ extensionNode }) => extensionNode);
      const got = found.filter((one) => one !== undefined);
      if (got.join() !== expected.join())
        wrong.push(`${asked(needs)}: ${got}, and not ${expected}`);
    }
    expect(wrong).toEqual([]);
  });

  it("runs a job there, and refuses one for which there is no host", async () => {
    const file = join(pool.directory, "where");
    const words = ["--wait", "--output=/dev/null", "--chdir=/"];
    const script = `--wrap=echo $SLURMD_NODENAME >${file}`;
    const needs = known({
      os: "Linux",
      extensionNode: null,
      runenv: { name: "PYTHON3", version: 43 },
      feature: { name: "ABAQUS", version: null },
    });
    const ran = await submit(needs, ...words, script);
    expect(ran.code, ran.stderr).toBe(0);
    expect(readFileSync(file, "utf8")).toBe("new\n");
    const onNode = { ...needs, runenv: { name: "PYTHON3", version: 9 } };
    const there = await submit(
      known({ ...onNode, extensionNode: "both" }),
      ...words,
      script,
    );
    expect(there.code, there.stderr).toBe(0);
    expect(readFileSync(file, "utf8")).toBe("both\n");
    const later = known({ ...needs, runenv: { name: "PYTHON3", version: 101 } });
    const refused = await submit(later, ...words, script);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Invalid feature specification");
  });
});
