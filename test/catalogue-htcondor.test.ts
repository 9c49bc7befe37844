/**
 * A real HTCondor: its hosts have in their configuration what `sidecar advertise
 * --format=htcondor` prints, and it is asked by what jobs require. Skipped without the
 * root of scripts/make-condor.sh, and not as root.
 */
import { chownSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { engines, type Host, type Needs } from "../src/catalogue/engines/engines.ts";
import { clusters } from "./support/clusters.ts";
import { condorNeeds, shared, startCondor } from "./support/condor.ts";
import { fits } from "./support/engines.ts";
import { advertised, askedText, hosts, jobs, withKnown } from "./support/fleet.ts";
import { describeWhere, platformUser } from "./support/machine.ts";
import { type Pool, write } from "./support/pool.ts";

const { advertise, requirement } = engines.htcondor;

/** A machine of Windows cannot be had here, but its description can. */
const windows: Host = { ...hosts[2]!, os: "Windows", extensionNode: "pc" };

describeWhere(condorNeeds, "HTCondor", () => {
  let pool: Pool;

  beforeAll(async () => {
    const configured = hosts.map(async (one) => ({
      name: one.extensionNode,
      configuration: await advertised("htcondor", one),
    }));
    // One that says nothing of itself: what is not defined must never match.
    const silent = { name: "silent", configuration: "" };
    pool = await startCondor([...(await Promise.all(configured)), silent]);
    const [attributes] = advertise(windows).split("\nSTARTD_ATTRS");
    const description = `MyType = "Machine"\nName = "pc"\nOpSys = "WINDOWS"\n${attributes}`;
    write(pool.directory, "pc", `${description}\n`);
    const words = ["UPDATE_STARTD_AD", `${shared}/pc`];
    expect(await pool.run(["condor_advertise", ...words])).toMatchObject({ code: 0 });
    const jobs = join(pool.directory, "jobs");
    mkdirSync(jobs);
    chownSync(jobs, platformUser, platformUser);
  });

  afterAll(() => pool?.stop());

  /** The particular nodes that an expression finds, "undefined" for one that is none. */
  async function found(expression: string): Promise<string[]> {
    const shown = ["-af", "DA__P7__PCLUSTER__EXTENSION_NODE"];
    const words = ["condor_status", "-constraint", expression, ...shown];
    const { code, stdout, stderr } = await pool.run(words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.split("\n").filter((line) => line !== "");
  }

  it("has the attributes that were advertised", async () => {
    expect((await found("true")).toSorted()).toEqual(
      [...hosts.map((one) => one.extensionNode), "pc", "undefined"].toSorted(),
    );
    for (const one of hosts)
      for (const { name, version } of [...one.runenvs, ...one.features]) {
        const kind = typeof version === "number" ? "RUNENV" : "FEATURE";
        const shown = ["-af:V", `DA__P7__${kind}__${name}__VERSION`];
        const where = `DA__P7__PCLUSTER__EXTENSION_NODE == "${one.extensionNode}"`;
        const words = ["condor_status", "-constraint", where, ...shown];
        expect((await pool.run(words)).stdout).toBe(`${JSON.stringify(version)}\n`);
      }
  });

  it("finds for each job exactly the hosts that fit", async () => {
    const wrong: string[] = [];
    const asked: Needs[] = jobs.flatMap((needs) => [
      needs,
      { ...needs, os: "Windows" },
      { ...needs, extensionNode: "both" },
    ]);
    for (const needs of asked) {
      const right = [...hosts, windows].filter((one) => fits(one, needs));
      const expected = right.map(({ extensionNode }) => extensionNode).toSorted();
      const got = (await found(requirement(needs))).toSorted();
      if (got.join() !== expected.join())
        wrong.push(`${askedText(needs)}: ${got}, and not ${expected}`);
    }
    expect(wrong).toEqual([]);
  });

  it("finds exactly those among any hosts", async () => {
    const samples = fc.sample(clusters, 300);
    // A description is found by its number, and not by what is looked for.
    const all = samples.flatMap(([some]) => some);
    const descriptions = all.map(
      (one, at) =>
        `MyType = "Machine"\nNumber = ${at}\n` +
        `OpSys = "${one.os.toUpperCase()}"\n${advertise(one).split("STARTD_ATTRS")[0]}`,
    );
    write(pool.directory, "descriptions", descriptions.join("\n"));
    const among = ["condor_status", "-ads", `${shared}/descriptions`, "-af", "Number"];
    const wrong: string[] = [];
    for (const [, wanted] of samples.slice(0, 100)) {
      const needs = withKnown(wanted, all);
      const words = [...among, "-constraint", requirement(needs)];
      const { code, stdout, stderr } = await pool.run(words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const got = stdout.split("\n").filter((line) => line !== "");
      const expected = [...all.keys()].filter((at) => fits(all[at]!, needs));
      if (got.toSorted().join() !== expected.map(String).toSorted().join())
        wrong.push(`${requirement(needs)}: ${got}, and not ${expected}`);
    }
    expect(wrong).toEqual([]);
  });

  const submit = async (name: string, needs: Needs) => {
    write(
      pool.directory,
      `${name}.submit`,
      `executable = /bin/echo
arguments = $$(DA__P7__PCLUSTER__EXTENSION_NODE)
transfer_executable = False
should_transfer_files = NO
initialdir = ${shared}/jobs
output = ${name}
log = ${name}.log
requirements = ${requirement(needs)}
queue
`,
    );
    const submitted = await pool.run([
      "chroot",
      `--userspec=${platformUser}:${platformUser}`,
      "/",
      "condor_submit",
      `${shared}/${name}.submit`,
    ]);
    expect(submitted.code, submitted.stderr).toBe(0);
  };

  it("runs jobs there, and not one for which there is no host", async () => {
    const needs = withKnown({
      os: "Linux",
      extensionNode: null,
      runenv: { name: "PYTHON3", version: 43 },
      feature: { name: "ABAQUS", version: null },
    });
    await submit("never", { ...needs, feature: { name: "NX", version: null } });
    await submit("later", needs);
    const node = { ...needs, extensionNode: "plain-1", feature: null };
    await submit("node", { ...node, runenv: { name: "COBOL", version: 7 } });
    for (const [name, where] of [
      ["later", "new"],
      ["node", "plain-1"],
    ]) {
      const log = `${shared}/jobs/${name}.log`;
      expect(await pool.run(["condor_wait", log])).toMatchObject({ code: 0 });
      expect(readFileSync(join(pool.directory, "jobs", name!), "utf8")).toBe(
        `${where}\n`,
      );
    }
    const queue = async (attribute: string) =>
      (await pool.run(["condor_q", "-allusers", "-af", "Out", attribute])).stdout;
    // The negotiator has looked for a host, and found none.
    while ((await queue("LastRejMatchReason")) === "never undefined\n")
      await Bun.sleep(100);
    expect(await queue("LastRejMatchReason")).toMatch(/^never no match found *\n$/);
    expect(await queue("NumJobStarts")).toBe("never 0\n");
  });
});
