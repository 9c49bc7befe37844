/**
 * A real Slurm: its nodes have the features that `sidecar advertise --format=slurm`
 * prints, and it is asked by what jobs require. Skipped where Slurm is not installed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nodeLine } from "../src/catalogue/clauses-format.ts";
import { engines, type Host, type Needs } from "../src/catalogue/engines/engines.ts";
import { fits } from "./support/engines.ts";
import { advertised, askedText, hosts, jobs, withKnown } from "./support/fleet.ts";
import { describeWhere } from "./support/machine.ts";
import type { Pool } from "./support/pool.ts";
import { sidecar, smallEnvironment } from "./support/sidecar.ts";
import { slurmNeeds, startSlurm } from "./support/slurm.ts";

describeWhere(slurmNeeds, "Slurm", () => {
  let pool: Pool;

  beforeAll(async () => {
    pool = await startSlurm(
      await Promise.all(
        hosts.map(async (one) => ({
          name: one.extensionNode,
          features: await advertised("slurm", one),
        })),
      ),
    );
  });

  afterAll(() => pool?.stop());

  const submit = (needs: Needs, ...words: string[]) =>
    pool.run(["sbatch", ...engines.slurm.requirement(needs), ...words]);

  /** @returns what Slurm then says of the node */
  async function change(features: string): Promise<string> {
    const words = [`AvailableFeatures=${features}`, `ActiveFeatures=${features}`];
    const update = ["scontrol", "update", "NodeName=plain-1", ...words];
    const { code, stdout, stderr } = await pool.run(update);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    return (await pool.run(["sinfo", "-hnplain-1", "-o%f/%b"])).stdout.trim();
  }

  it("has the features that were advertised, each as it was", async () => {
    for (const one of hosts) {
      const words = ["sinfo", "--noheader", "-n", one.extensionNode, "-o", "%f"];
      const { stdout } = await pool.run(words);
      expect(stdout.trim()).toBe(await advertised("slurm", one));
    }
  });

  it("takes a host's features for those of a node, too", async () => {
    for (const one of [hosts[0]!, hosts[3]!]) {
      const features = await advertised("slurm", one);
      expect(await change(features)).toBe(`${features}/${features}`);
    }
  });

  it("takes a requirement that is as long as it may be, and none longer", async () => {
    const versions = Array.from({ length: 52 }, (_, at) => 10_000 + at);
    await change(versions.map((version) => `runenv__many__${version}`).join(","));
    const needs = (count: number): Needs => ({
      os: "Linux",
      extensionNode: null,
      runenv: { name: "MANY", version: 0 },
      feature: null,
      known: { runenvVersions: versions.slice(0, count), featureVersions: [] },
    });
    const longest = engines.slurm.requirement(needs(51));
    expect(longest[0]!.length).toBe("--constraint=".length + 1021);
    const words = ["--test-only", "--wrap=true"];
    const taken = await submit(needs(51), ...words);
    expect(taken.code, taken.stderr).toBe(0);
    expect(() => engines.slurm.requirement(needs(52))).toThrow(
      "DA__P7__RUNENV__MANY__VERSION has so many versions that a constraint has 1041",
    );
    const longer = longest[0]!.replace(")", `|runenv__many__${versions[51]})`);
    const refused = await pool.run(["sbatch", longer, ...words]);
    expect(refused.stderr).toContain("too long");
    await change(await advertised("slurm", hosts[3]!));
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
        wrong.push(`${askedText(needs)}: ${got}, and not ${expected}`);
    }
    expect(wrong).toEqual([]);
  });

  it("runs a job there, and refuses one for which there is no host", async () => {
    const file = join(pool.directory, "where");
    const words = ["--wait", "--output=/dev/null", "--chdir=/"];
    const script = `--wrap=echo $SLURMD_NODENAME >${file}`;
    const needs = withKnown({
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
      withKnown({ ...onNode, extensionNode: "both" }),
      ...words,
      script,
    );
    expect(there.code, there.stderr).toBe(0);
    expect(readFileSync(file, "utf8")).toBe("both\n");
    const later = withKnown({ ...needs, runenv: { name: "PYTHON3", version: 101 } });
    const refused = await submit(later, ...words, script);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Invalid feature specification");
  });

  it("runs what sidecar resolve finds among what hosts have said of themselves", async () => {
    // That of Windows is no node of Slurm: a version that only it has must not be named.
    const windows: Host = {
      os: "Windows",
      extensionNode: "pc",
      runenvs: [{ name: "PYTHON3", version: 200 }],
      features: [{ name: "ABAQUS", version: "v2021.05" }],
    };
    const lines = [
      ...(await Promise.all(hosts.map((one) => advertised("env", one)))),
      nodeLine("pc", windows),
    ];
    const list = lines.map((line) => [
      line.slice(0, line.indexOf("=")),
      line.slice(line.indexOf("=") + 1),
    ]);
    const environment = { ...smallEnvironment, ...Object.fromEntries(list) };
    const words = ["--runenv=(PYTHON3,10)", "--require=(ABAQUS,v2021.05)"];
    const { stdout, stderr } = await sidecar(
      ["resolve", "--format=slurm", "--os=Linux", ...words],
      { environment },
    );
    expect(stderr).toBe("");
    const options = stdout.trim().split("\n");
    const test = ["--test-only", "--wrap=true"];
    const submitted = await pool.run(["sbatch", ...options, ...test]);
    expect(submitted.code, `${stdout}${submitted.stderr}`).toBe(0);
    expect(submitted.stderr).toMatch(/on nodes (new|both) /);
  });
});
