/**
 * Memory that runs out in a cgroup of version 2, on a kernel that has it: one process
 * is ended, or all of the cgroup, sidecar with them (memory.oom.group, as Kubernetes
 * sets it). One machine is started for all of this.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWhere, has } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { program } from "./support/roots.ts";
import { codesBut } from "./support/sidecar.ts";
import { machineNeeds, runInMachine, section } from "./support/virtual-machine.ts";

const megabyte = 1024 * 1024;
const limit = 128 * megabyte;

const script = `
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
# Programs in memory: the kernel cannot drop them, and spends no time on trying to.
mkdir /tmp/bin; cp -a /bin/* /tmp/bin; PATH=/tmp/bin; hash -r
cgroup() {
  cd /sys/fs/cgroup; mkdir $1; cd $1; echo ${limit} > memory.max
}
# What is read anew is counted for who reads it.
forget_files() { sync; echo 3 > /proc/sys/vm/drop_caches; }
inside() {
  sh -c 'echo $$ > cgroup.procs; cd /tmp; exec "$@"' sh "$@" 2>&1; echo "code $?"
}
block() { inside sidecar --result=/tmp/r --exec "$@"; cat /tmp/r; rm /tmp/r; }
dd if=/dev/zero of=/data bs=1M count=100 2>/dev/null

cgroup alone
echo '=== one process'
block hog 300
echo '=== one process, and no record'
inside sidecar --exec hog 300
echo '=== somebody else, later'
block sh -c 'kill -9 $$'
echo '=== somebody else, later, and no record'
inside sidecar --exec sh -c 'kill -9 $$'
echo '=== not the block'
block sh -c 'hog 300; exit 3'
echo '=== not the block, and no record'
inside sidecar --exec sh -c 'hog 300; exit 3'

cgroup figures
echo '=== figures'
block sh -c 'sleep 1; hog 50'
echo '=== children that nobody waits for'
block sh -c 'sleep 1; exec ends unreaped 20'

cgroup shared
sh -c 'echo $$ > cgroup.procs; exec sleep 600' &
echo '=== shared'
while ! grep -q . cgroup.procs; do sleep 0.1; done
block hog 50

cgroup limits
echo +memory > cgroup.subtree_control
mkdir inner; cd inner; echo 200M > memory.max
echo '=== the least limit'
block true

cgroup blocks
echo +memory > cgroup.subtree_control
echo '=== a cgroup of its own'
sidecar --result=/tmp/r --cgroup=$PWD --exec sh -c 'sleep 1; exec hog 50'; cat /tmp/r
echo '=== memory runs out in a cgroup of its own'
sidecar --result=/tmp/r --cgroup=$PWD --exec hog 300 2>&1; echo "code $?"; cat /tmp/r
echo '=== memory runs out in a cgroup of its own, and no record'
sidecar --cgroup=$PWD --exec hog 300 2>&1; echo "code $?"

cgroup near
forget_files
echo '=== living at the limit'
(inside sidecar --quiet --result=/tmp/near --exec sh -c '
  n=0; while [ $n -lt 3 ]; do cat /data /bin/sidecar > /dev/null; n=$((n+1)); done
  touch /tmp/still; sleep 600' > /dev/null) &
until [ -e /tmp/still ]; do sleep 0.2; done
cat /tmp/near
echo '=== quiet at the limit'
sleep 3
process=$(pidof sidecar)
switches() { sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' /proc/$process/status; }
before=$(switches); sleep 5; echo "switches $(($(switches) - before))"
echo '=== cgroup.kill'
echo 1 > cgroup.kill
while grep -q . cgroup.procs; do sleep 0.1; done
cat /tmp/near

# How much time there is is the kernel's affair: it may take more than one attempt.
echo '=== all processes'
for attempt in 1 2 3 4 5; do
  cgroup group$attempt
  echo 1 > memory.oom.group
  forget_files
  block sh -c 'cat /data > /dev/null; hog 300' > /tmp/last
  echo "attempt $attempt"
  ! grep -q peakMemory /tmp/last || break
done
cat /tmp/last memory.events

cgroup sudden
echo 1 > memory.oom.group
echo '=== all processes, at once'
block hog 300
`;

describeWhere({ ...machineNeeds, gcc: has("gcc") }, "version 2 of cgroups:", () => {
  let output: string;

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), "sidecar-programs-"));
    const programs = ["hog", "ends"] as const;
    const files = programs.map((name) => [name, join(directory, name)] as const);
    for (const [name, file] of files) program(name, file);
    output = await runInMachine(
      { ...Object.fromEntries(files), sidecar: executable },
      script,
    );
    rmSync(directory, { recursive: true });
  });

  afterAll(() => {
    if (process.env["SHOW_MACHINE"]) console.log(output);
  });

  /** What a section says: messages, exit code, record. */
  function told(name: string) {
    const text = section(output, name);
    const record = /^\{\n[\s\S]*?^\}$/m.exec(text)?.[0];
    return {
      text,
      codes: codesBut(text),
      code: Number(/^code (\d+)$/m.exec(text)?.[1]),
      record: record === undefined ? undefined : JSON.parse(record),
    };
  }

  it("a block that the kernel ends for want of memory is told so", () => {
    const { codes, code, record } = told("one process");
    expect(codes).toEqual(["block-out-of-memory"]);
    expect(code).toBe(137);
    expect(record).toMatchObject({
      state: "finished",
      exit: { signal: "SIGKILL", cause: "out-of-memory" },
      usage: {
        peakMemory: limit,
        peakMemorySource: "cgroup",
        memoryLimit: limit,
        outOfMemoryKills: 1,
      },
    });
    expect(record.usage.memoryLimitReached).toBeGreaterThan(0);
    expect(told("one process, and no record").codes).toEqual(["block-out-of-memory"]);
  });

  it("a kill for want of memory that was before is not taken for this one", () => {
    const { codes, code, record } = told("somebody else, later");
    expect(codes).toEqual(["block-signalled"]);
    expect(code).toBe(137);
    expect(record.exit).toEqual({ signal: "SIGKILL", cause: "signalled" });
    expect(record.usage.outOfMemoryKills).toBeUndefined();
    expect(told("somebody else, later, and no record").codes).toEqual([
      "block-signalled",
    ]);
  });

  it("a process of the block that is ended is noted, the block ended by itself", () => {
    const { codes, code, record } = told("not the block");
    expect(codes).toEqual(["process-out-of-memory"]);
    expect(code).toBe(3);
    expect(record).toMatchObject({
      exit: { code: 3, cause: "exited" },
      usage: { outOfMemoryKills: 1 },
      message: expect.stringContaining("for want of memory"),
    });
    const without = told("not the block, and no record");
    expect(without.codes).toEqual(["process-out-of-memory"]);
  });

  it("the figures are the cgroup's where nobody else is in it", () => {
    const { record } = told("figures");
    expect(record.usage.peakMemorySource).toBe("cgroup");
    expect(record.usage.peakMemory).toBeGreaterThan(50 * megabyte);
    expect(record.usage.peakMemory).toBeLessThan(limit);
    const unreaped = told("children that nobody waits for").record.usage;
    expect(unreaped.processorSecondsSource).toBe("cgroup");
    expect(unreaped.processorSeconds).toBeGreaterThan(0.9);
  });

  it("the figures are those of processes where somebody else is in it", () => {
    const { usage } = told("shared").record;
    expect(usage).toMatchObject({
      processorSecondsSource: "process",
      peakMemorySource: "process",
      memoryLimit: limit,
    });
  });

  it("with --cgroup all of it is the block's, and sidecar is there to tell", () => {
    const { usage } = told("a cgroup of its own").record;
    expect(usage).toMatchObject({ peakMemorySource: "cgroup", memoryLimit: limit });
    expect(usage.peakMemory).toBeGreaterThan(50 * megabyte);
    const { code, codes, record } = told("memory runs out in a cgroup of its own");
    expect({ code, codes }).toEqual({ code: 137, codes: ["block-out-of-memory"] });
    expect(record).toMatchObject({
      exit: { signal: "SIGKILL", cause: "out-of-memory" },
      usage: { peakMemorySource: "cgroup", outOfMemoryKills: 1 },
    });
    const without = told("memory runs out in a cgroup of its own, and no record");
    expect(without.codes).toEqual(["block-out-of-memory"]);
  });

  it("the limit is the least that can be seen", () => {
    expect(told("the least limit").record.usage.memoryLimit).toBe(limit);
  });

  it("the record says that the limit was reached, while the block runs", () => {
    const { record } = told("living at the limit");
    expect(record).toMatchObject({
      state: "running",
      usage: { peakMemory: limit, peakMemorySource: "cgroup", memoryLimit: limit },
    });
    expect(record.usage.memoryLimitReached).toBeGreaterThan(0);
    expect(record.exit).toBeUndefined();
  });

  it("and sidecar sleeps while no more happens", () => {
    const [, count] = /^switches (\d+)$/m.exec(section(output, "quiet at the limit"))!;
    // Once it may have to wake, from when it had decided not to look for a while.
    expect(Number(count)).toBeLessThan(8);
  });

  it("cgroup.kill ends sidecar and its block, and the record stays", () => {
    const { record } = told("cgroup.kill");
    expect(record.state).toBe("running");
  });

  it("where all are ended together, the record has the peak and the limit", () => {
    const { text, code, record } = told("all processes");
    expect(text).toMatch(/^oom_group_kill 1$/m);
    // The shell's words for a sidecar that was ended by SIGKILL.
    expect(code).toBe(137);
    expect(record).toMatchObject({
      state: "running",
      usage: { peakMemory: limit, peakMemorySource: "cgroup", memoryLimit: limit },
    });
  });

  it("or the limit at least, where there was no time for more", () => {
    const { code, record } = told("all processes, at once");
    expect(code).toBe(137);
    expect(record).toMatchObject({ state: "running", usage: { memoryLimit: limit } });
  });
});
