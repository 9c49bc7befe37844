/** Memory that runs out in a cgroup of version 1: who was ended, and by whom. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { describeWhere, has, hasNamespaces } from "./support/machine.ts";
import {
  hasMemoryCgroups,
  type MemoryCgroup,
  memoryCgroup,
} from "./support/memory-cgroup.ts";
import { executable } from "./support/paths.ts";
import { program } from "./support/roots.ts";
import { codesBut, run, start, workspace } from "./support/sidecar.ts";

const megabyte = 1024 * 1024;
const limit = 64 * megabyte;

describeWhere(
  { "memory cgroups of version 1, and to be root": hasMemoryCgroups, gcc: has("gcc") },
  "in a memory cgroup of version 1",
  () => {
    let place: string;
    let hog: string;
    let ends: string;
    let cgroup: MemoryCgroup;

    beforeAll(() => {
      place = mkdtempSync(join(tmpdir(), "sidecar-memory-"));
      [hog, ends] = [join(place, "hog"), join(place, "ends")];
      program("hog", hog);
      program("ends", ends);
    });

    afterAll(() => rmSync(place, { recursive: true, force: true }));
    afterEach(() => cgroup.remove());

    /** `options` may name a record: --result=r. */
    async function inside(
      options: readonly string[],
      block: readonly string[],
      around: readonly string[] = [],
    ) {
      const directory = workspace();
      const words = [...around, executable, ...options, "--exec", ...block];
      const { code, stderr } = await run([...cgroup.inside, ...words], { directory });
      const read = () => JSON.parse(readFileSync(join(directory, "r"), "utf8"));
      const record = options.includes("--result=r") ? read() : undefined;
      return { code, codes: codesBut(stderr), record };
    }

    const recorded = ["--result=r"];

    it.each([[[]], [recorded]])(
      "a block that the kernel ends is told so (%j)",
      async (options) => {
        cgroup = memoryCgroup(limit);
        const { code, codes, record } = await inside(options, [hog, "200"]);
        expect(code).toBe(137);
        expect(codes).toEqual(["block-out-of-memory"]);
        if (options !== recorded) return;
        expect(record.exit).toEqual({ signal: "SIGKILL", cause: "out-of-memory" });
        expect(record.usage).toMatchObject({
          peakMemory: limit,
          peakMemorySource: "cgroup",
          memoryLimit: limit,
          outOfMemoryKills: 1,
        });
        expect(record.usage.memoryLimitReached).toBeGreaterThan(0);
      },
    );

    it.each([[[]], [recorded]])(
      "an older kill is not taken for this one (%j)",
      async (options) => {
        cgroup = memoryCgroup(limit);
        expect((await run([...cgroup.inside, hog, "200"])).signal).toBe("SIGKILL");
        const { code, codes, record } = await inside(options, [
          "sh",
          "-c",
          "kill -9 $$",
        ]);
        expect(code).toBe(137);
        expect(codes).toEqual(["block-signalled"]);
        expect(record?.usage.outOfMemoryKills).toBeUndefined();
      },
    );

    it.each([[[]], [recorded]])(
      "a process of the block that is ended is noted; the block ended by itself (%j)",
      async (options) => {
        cgroup = memoryCgroup(limit);
        const block = ["sh", "-c", `${hog} 200; exit 3`];
        const { code, codes, record } = await inside(options, block);
        expect(code).toBe(3);
        expect(codes).toEqual(["process-out-of-memory"]);
        if (options !== recorded) return;
        expect(record).toMatchObject({
          exit: { code: 3, cause: "exited" },
          usage: { outOfMemoryKills: 1 },
          message: expect.stringContaining("want of memory"),
        });
      },
    );

    it("a time limit that came before the want of memory stays the cause", async () => {
      cgroup = memoryCgroup(limit);
      const block = `trap '${hog} 200; kill -9 $$' TERM; while :; do sleep 0.1; done`;
      const options = [...recorded, "--timeout=300ms", "--grace=1h"];
      const { code, record } = await inside(options, ["sh", "-c", block]);
      expect(code).toBe(124);
      expect(record).toMatchObject({
        exit: { signal: "SIGKILL", cause: "timeout" },
        usage: { outOfMemoryKills: 1 },
      });
    });

    it("the peak is the cgroup's, all processes together", async () => {
      cgroup = memoryCgroup(limit);
      const block = `sleep 0.3; ${hog} 15 1 & ${hog} 15 1 & ${hog} 15 1; wait`;
      const { record } = await inside(recorded, ["sh", "-c", block]);
      expect(record.usage).toMatchObject({
        peakMemorySource: "cgroup",
        memoryLimit: limit,
      });
      expect(record.usage.peakMemory).toBeGreaterThan(45 * megabyte);
      expect(record.usage.outOfMemoryKills).toBeUndefined();
    });

    it("a peak that was reached before is not the block's", async () => {
      cgroup = memoryCgroup(limit);
      await run([...cgroup.inside, hog, "50"]);
      const { record } = await inside(recorded, ["sleep", "0.3"]);
      expect(record.usage.peakMemorySource).toBe("process");
      expect(record.usage.peakMemory).toBeLessThan(45 * megabyte);
    });

    it("nor is that of a cgroup which others are in, too", async () => {
      cgroup = memoryCgroup(limit);
      start([...cgroup.inside, "sleep", "600"]);
      const block = ["sh", "-c", `sleep 0.3; exec ${hog} 30`];
      const { record } = await inside(recorded, block);
      expect(record.usage).toMatchObject({
        processorSecondsSource: "process",
        peakMemorySource: "process",
        memoryLimit: limit,
      });
    });

    it("or of somebody who came while the block ran", async () => {
      cgroup = memoryCgroup(limit);
      const processes = join(cgroup.path, "cgroup.procs");
      const other = start(["sleep", "600"]).child.pid;
      const block = `sleep 0.3; echo ${other} > ${processes}; exec ${hog} 30`;
      const { record } = await inside(recorded, ["sh", "-c", block]);
      expect(record.usage.peakMemorySource).toBe("process");
    });

    describeWhere({ namespaces: hasNamespaces }, "and a namespace", () => {
      it("nor is that of one whose members cannot all be seen", async () => {
        cgroup = memoryCgroup(limit);
        // Version 1 does not show the processes outside of a process-id namespace.
        const around = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
        const block = ["sh", "-c", `sleep 0.3; exec ${hog} 30`];
        const { record } = await inside(recorded, block, around);
        expect(record.usage.peakMemorySource).toBe("process");
      });
    });

    it("processor time is that of all who were waited for", async () => {
      cgroup = memoryCgroup(limit);
      const { record } = await inside(recorded, [ends, "exit", "0"]);
      expect(record.usage.processorSeconds).toBeLessThan(1);
      const busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
      const both = await inside(recorded, ["sh", "-c", `(${busy}) & wait`]);
      expect(both.record.usage.processorSeconds).toBeGreaterThan(0.05);
    });
  },
);
