/** `sidecar check` as a command: how it is asked, how it answers, how it is stopped. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completions } from "../src/command/completions.ts";
import { isAllowed } from "../src/contract/everybody.ts";
import { checkNames } from "../src/preflight/finding.ts";
import {
  checkHome,
  checkSpace,
  checkTemporary,
  describeSize,
  type Place,
} from "../src/preflight/posix/home.ts";
import {
  checkLimits,
  checkMemory,
  checkProcess,
  platformEntries,
  readPrivileges,
} from "../src/preflight/posix/machine.ts";
import { barrier, type Step } from "../src/preflight/posix/permission.ts";
import { isGood, jsonReport, textReport } from "../src/preflight/report.ts";
import { check, findingOf, inImage, remedy, troubles } from "./support/checking.ts";
import { describeWhere, hasNamespaces, isRoot } from "./support/machine.ts";
import { executable, root } from "./support/paths.ts";
import { messageCodes, run, sidecar, smallEnvironment } from "./support/sidecar.ts";

describe("bad usage is refused with 125:", () => {
  it.each<[string[], string, RegExp]>([
    [["--jsno"], "option-unknown", /did you mean --json\?/],
    [["--runenvs=(A,1)"], "option-unknown", /did you mean --runenv\?/],
    [["--timeout=3s"], "option-unknown", /sidecar check --help/],
    [["--json=yes"], "option-value-invalid", /takes no value/],
    [["--json", "--json"], "option-repeated", /once/],
    [["--runenv=A,1", "--runenv=B,1"], "option-repeated", /once/],
    [["--runenv"], "option-value-missing", /--runenv=\(NAME,VERSION\)/],
    [["--runenv", "--json"], "option-value-missing", /--runenv=\(NAME,VERSION\)/],
    [["--runenv=A"], "runenv-invalid", /--runenv=\(COBOL,42\)/],
    [["COBOL"], "argument-unexpected", /--runenv=/],
  ])("%j", async (words, code, hint) => {
    const result = await sidecar(["check", ...words]);
    expect(messageCodes(result.stderr)).toEqual([code]);
    expect(result.stderr).toMatch(hint);
    expect({ stdout: result.stdout, code: result.code }).toEqual({
      stdout: "",
      code: 125,
    });
  });
});

it("sidecar check --help", async () => {
  const { stdout, code } = await sidecar(["check", "--help"]);
  expect(stdout).toContain("sidecar check [--runenv=(NAME,VERSION)] [--json]\n");
  expect(stdout).toContain("sidecar check --runenv=COBOL,42 ");
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThan(89);
  expect(code).toBe(0);
});

it.each<[string[], string[]]>([
  [["che"], ["check"]],
  [["check", "--j"], ["--json"]],
  [
    ["check", ""],
    ["--help", "--json", "--runenv"],
  ],
  [["check", "--json", "--j"], []],
  [["check", "--runenv=C"], ["--runenv=COBOL,0"]],
])("completion of %j", (typed, expected) => {
  expect(completions(typed, ["COBOL"])).toEqual(expected);
});

const environment = {
  ...smallEnvironment,
  DA__P7__RUNENV__T__VERSION: "1",
  DA__P7__RUNENV__T__ACTIVATE: "export A=1",
  DA__P7__RUNENV__T__EXECUTE: "sh",
};

describe("the answer", () => {
  it("is a table whose columns stand below each other", async () => {
    const { stdout, stderr, code } = await sidecar(["check"], { environment });
    const [table, summary] = stdout.split("\n\n") as [string, string];
    const row =
      /^(?:ok {7}|warning {2}|FAILED {3}|skipped {2})[a-z-]+ {2,}(?<=^.{25})\S/;
    for (const line of table.split("\n"))
      if (!/^ {9}-> \S/.test(line)) expect(line).toMatch(row);
    expect(summary).toMatch(
      /^nothing failed.*a block of any user id 20000–29999 would/,
    );
    expect(stdout).not.toContain("\x1b");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  it("is in capitals where something failed, and exits with 1", async () => {
    const { stdout, code } = await sidecar(["check", "--runenv=(NO,1)"], {
      environment,
    });
    expect(stdout).toMatch(/^FAILED {3}runenv {10}NO: this image has no runenv NO/m);
    expect(stdout).toMatch(/^ {9}-> ask for one of these/m);
    expect(stdout).toMatch(/\n1 FAILED.*: a block would not work here\n$/);
    expect(code).toBe(1);
  });

  it("is coloured on a terminal, unless NO_COLOR", async () => {
    const words = ["script", "-qec", `${executable} check`, "/dev/null"];
    const terminal = { ...environment, TERM: "xterm" };
    const coloured = await run(words, { environment: terminal });
    expect(coloured.stdout).toContain("\x1b[32mok       \x1b[0msidecar");
    expect(coloured.stdout).toContain("\x1b[32mok       \x1b[0mactivation");
    const plain = await run(words, { environment: { ...terminal, NO_COLOR: "1" } });
    expect(plain.stdout).not.toContain("\x1b[");
  });

  it("is not lost on a full disk", async () => {
    const script = `${executable} check --json >/dev/full`;
    const { stderr, code } = await run(["sh", "-c", script], { environment });
    expect(messageCodes(stderr)).toEqual(["output-unwritable"]);
    expect(code).toBe(125);
  });

  it("never shows the value of a secret variable", async () => {
    const name = "DA__P7__PCLUSTER__STORAGE__KEY";
    const { stdout, code } = await sidecar(["check"], {
      environment: { ...environment, [name]: "hush" },
    });
    expect(stdout).toContain(`${name}=(not shown) is not an absolute path`);
    expect(stdout).not.toContain("hush");
    expect(code).toBe(1);
  });

  it("does not obey control characters", async () => {
    const { stdout } = await sidecar(["check"], {
      environment: { ...environment, DA__P7__RUNENV__T__EXECUTE: "/no/\x1b[31m" },
    });
    expect(stdout).toContain("/no/\\x1b[31m");
    expect(stdout).not.toContain("\x1b");
  });
});

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "an activation", () => {
  it("is tried as a stranger without privileges, with a HOME of its own", async () => {
    const { stderr, code, left } = await check({
      variables: {
        HOME: "/root",
        DA__P7__RUNENV__TOOL__ACTIVATE:
          "id -u; id -G; stat -c '%a %u' $HOME; pwd | grep -c check; echo $USER; " +
          "touch $HOME/x /root/x; grep -E '^(CapPrm|NoNewPrivs)' /proc/self/status; " +
          ". /opt/tool/activate.sh",
      },
    });
    expect(stderr.replaceAll("\t", " ")).toBe(
      "29999\n29999\n700 29999\n1\nuser29999\n" +
        "touch: cannot touch '/root/x': Permission denied\n" +
        "CapPrm: 0000000000000000\nNoNewPrivs: 1\n",
    );
    expect({ code, left }).toEqual({ code: 0, left: [] });
  });

  it("that leaves processes has them ended, before its HOME is removed", async () => {
    const told =
      "trap 'test -d $HOME && echo told in time > /mnt/open/told; exit' TERM";
    const daemon = `(${told}; touch $HOME/up; while :; do sleep 0.02; done) &`;
    const scenario = {
      prepare: "mkdir -m 777 /mnt/open",
      variables: {
        DA__P7__RUNENV__TOOL__ACTIVATE:
          `. /opt/tool/activate.sh; sleep 1000 & touch $TMPDIR/x; ${daemon} ` +
          "until test -e $HOME/up; do sleep 0.02; done",
      },
    };
    const script = "/mnt/sidecar check >/dev/null && cat /mnt/open/told";
    const { stdout, code } = await inImage(scenario, ["sh", "-c", script]);
    expect({ stdout, code }).toEqual({ stdout: "told in time\n", code: 0 });
  });

  it("that is interrupted leaves nothing, and sidecar exits with 128+n", async () => {
    // A signal to its parent is one to sidecar.
    const scenario = {
      variables: {
        DA__P7__RUNENV__TOOL__ACTIVATE: "touch $HOME/x; echo up >&2; sleep 1000",
      },
    };
    const interrupted =
      '"$@" 2>/mnt/log & until grep -q up /mnt/log; do sleep 0.02; done; ' +
      "kill -TERM $!; wait $!";
    const words = ["sh", "-c", interrupted, "sh", "/mnt/sidecar", "check"];
    const { stdout, code } = await inImage(scenario, words);
    expect({ stdout, code }).toEqual({ stdout: "", code: 143 });
  });

  it("of one runenv only is tried where one is asked for", async () => {
    const variables = {
      DA__P7__RUNENV__OTHER__ACTIVATE: "false",
      DA__P7__RUNENV__OTHER__VERSION: "1",
    };
    const all = await check({ variables });
    expect(all.report.checks.map(({ runenv }) => runenv)).toContain("OTHER");
    expect(all.code).toBe(1);
    const one = await check({ variables, words: ["--runenv=TOOL,3"] });
    expect(one.report.checks.map(({ runenv }) => runenv)).not.toContain("OTHER");
    expect(one.code).toBe(0);
  });

  it("is not tried where sidecar itself cannot be started by all", async () => {
    const { report } = await check({ prepare: "chmod 700 /mnt" });
    expect(findingOf(report, "activation")).toMatchObject({
      status: "skipped",
      message: "not tried: see sidecar",
    });
  });

  it("keeps a HOME that the image gives this user", async () => {
    const { stderr } = await check({
      prepare: "mkdir /mnt/own; chown 29999 /mnt/own",
      variables: { HOME: "/mnt/own", DA__P7__RUNENV__TOOL__ACTIVATE: "echo $HOME >&2" },
    });
    expect(stderr).toBe("/mnt/own\n");
  });
});

describeWhere(
  { root: isRoot, namespaces: hasNamespaces },
  "a frozen activation",
  () => {
    const frozen = (then: string) => ({
      variables: { DA__P7__RUNENV__TOOL__FROZEN: "/mnt/frozen/TOOL" },
      prepare:
        "mkdir /opt/gone; cp /bin/sh /opt/gone/sh; " +
        "printf '#!/opt/gone/sh\\nPATH=/opt/tool/bin:$PATH\\n' " +
        "> /opt/tool/activate.sh; " +
        `/mnt/sidecar freeze >/dev/null; ${then}`,
    });

    it("needs no shell, and its variable is one that sidecar reads", async () => {
      const { report, code } = await check(frozen("rm -r /opt/gone"));
      expect({ found: troubles(report), code }).toEqual({ found: [], code: 0 });
      expect(findingOf(report, "activate-file").message).toMatch(/^frozen in \/mnt\/f/);
    });

    it("must be one that everybody can read", async () => {
      const { report } = await check(frozen("chmod 700 /mnt/frozen"));
      expect(troubles(report)).toEqual(["failed activate-file"]);
      expect(remedy(findingOf(report, "activate-file"))).toBe("chmod a+x /mnt/frozen");
    });

    it("that is no longer what was frozen has failed", async () => {
      const { report } = await check(frozen("echo : >> /opt/tool/activate.sh"));
      expect(troubles(report)).toEqual(["failed activation"]);
    });
  },
);

describe("permission bits", () => {
  const file: Step = { path: "/f", kind: "file", mode: 0o644, uid: 0, gid: 0 };
  const uids = fc.oneof(fc.constantFrom(0, 20_000, 29_999, 30_000), fc.nat(65_534));
  const modes = fc.nat(0o777);

  /** What the kernel would say to one user (path_resolution(7)). */
  const may = (step: Step, uid: number, gid: number, bits: number) => {
    const shift = uid === step.uid ? 6 : gid === step.gid ? 3 : 0;
    return ((step.mode >> shift) & bits) === bits;
  };

  it("allow what they allow to each user and group of the platform", () => {
    fc.assert(
      fc.property(uids, uids, modes, fc.nat(7), (uid, gid, mode, bits) => {
        const step = { ...file, uid, gid, mode };
        // Of those that differ: the owner, the group, and one who is neither.
        const range = [20_000, 20_001, 29_999, uid, gid].filter(
          (n) => n >= 20_000 && n <= 29_999,
        );
        const everybody = range.every((u) => range.every((g) => may(step, u, g, bits)));
        expect(isAllowed(step, bits)).toBe(everybody);
      }),
    );
  });

  it("count for each directory on the way", () => {
    const directory: Step = { ...file, path: "/d", kind: "directory", mode: 0o755 };
    expect(barrier([directory, file], "read")).toBeUndefined();
    expect(barrier([{ ...directory, mode: 0o744 }, file], "read")?.message).toContain(
      "/d (mode 0744, user id 0) may not be entered",
    );
    expect(barrier([directory, file], "execute")?.hint).toBe(
      "in the Dockerfile: RUN chmod a+rx /f",
    );
  });

  it("are mended by a command that quotes what a shell would split", () => {
    const odd = { ...file, path: "/a b/c'd", mode: 0 };
    expect(barrier([odd], "read")?.hint).toContain(`chmod a+r '/a b/c'\\''d'`);
  });
});

describe("facts of the machine", () => {
  const tmp = {
    path: "/tmp",
    found: {
      kind: "directory",
      mode: 0o1777,
      uid: 0,
      gid: 0,
      identity: "",
      size: 0,
    },
    system: { readOnly: false, noExec: false, free: 1 << 30, freeFiles: 1e6 },
  } as const satisfies Place;

  it("of /tmp", () => {
    expect(checkTemporary(tmp, undefined).status).toBe("ok");
    expect(checkSpace(tmp).message).toBe("1 GiB free in /tmp");
    // btrfs does not count inodes.
    const uncounted = { ...tmp, system: { readOnly: false, noExec: false, free: 1e9 } };
    expect(checkSpace(uncounted).status).toBe("ok");
    const little = { ...tmp, system: { ...tmp.system, free: 1 << 20 } };
    expect(checkSpace(little)).toMatchObject({ status: "warning" });
    const few = { ...tmp, system: { ...tmp.system, freeFiles: 5 } };
    expect(checkSpace(few)).toMatchObject({ status: "warning" });
  });

  it("of a /tmp/home that is the asking user's own", () => {
    const own = { ...tmp.found, uid: 20_042 };
    expect(checkHome("/tmp/home", own, 20_042).status).toBe("ok");
    expect(checkHome("/tmp/home", own, 20_043).status).toBe("warning");
    expect(checkHome("/tmp/home", own, undefined).status).toBe("warning");
  });

  it("of privileges, as /proc has them", () => {
    const status = "CapEff:\t0000000000002400\nNoNewPrivs:\t1\nSeccomp:\t2\n";
    expect(readPrivileges(status)).toEqual({
      capabilities: 0x2400n,
      noNewPrivileges: true,
      seccomp: true,
    });
    expect(readPrivileges("")).toBeUndefined();
  });

  it("of process 1 and of adoption", () => {
    expect(checkProcess({ process: 1, adopts: true }).message).toMatch(/^process 1:/);
    const below = { process: 7, first: "tini" };
    expect(checkProcess({ ...below, adopts: true })).toMatchObject({ status: "ok" });
    expect(checkProcess({ ...below, adopts: false })).toMatchObject({
      status: "warning",
      message: expect.stringContaining("(tini)"),
    });
  });

  it("of limits and memory", () => {
    const none = Number.POSITIVE_INFINITY;
    const limits = {
      fileSize: none,
      processes: none,
      openFiles: 1024,
      addresses: none,
    };
    expect(checkLimits(limits).status).toBe("ok");
    expect(checkLimits({ ...limits, fileSize: 1 << 20 })).toMatchObject({
      status: "warning",
      message: "unusually low: files of 1 MiB",
    });
    expect(checkMemory({ version: 2, limit: 32 << 20 }).status).toBe("warning");
    expect(checkMemory({ version: 2, processes: 16 }).status).toBe("warning");
    expect(checkMemory({ version: 1, limit: 1 << 30, processes: 64 }).message).toBe(
      "cgroup version 1: at most 1 GiB, at most 64 processes and threads",
    );
  });

  it("of passwd", () => {
    const line = (uid: number | string) => `name:x:${uid}:1::/:`;
    const text = [0, 1000, 19_999, 20_000, 20_042, 20_042, 29_999, 30_000, "2004x"]
      .map(line)
      .join("\n");
    expect(platformEntries(text)).toBe(3);
  });

  it.each([
    [0, "0 bytes"],
    [1023, "1023 bytes"],
    [1536, "1.5 KiB"],
    [67_108_864, "64 MiB"],
    [1e30, "888178419700125 PiB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(describeSize(bytes)).toBe(text);
  });
});

it("a report holds whatever a finding says", () => {
  const names = fc.constantFrom("tmp", "execute" as const);
  const finding = fc.record({
    name: names as fc.Arbitrary<"tmp" | "execute">,
    status: fc.constantFrom("ok", "warning", "failed", "skipped" as const),
    message: fc.string({ minLength: 1, unit: "binary" }),
  });
  fc.assert(
    fc.property(fc.array(finding), (findings) => {
      const report = JSON.parse(jsonReport(findings as never));
      expect(report.ok).toBe(isGood(findings as never));
      expect(report.checks).toHaveLength(findings.length);
      expect(textReport(findings as never, false)).not.toBe("");
    }),
  );
});

describe("docs/check.md", () => {
  const page = readFileSync(join(root, "docs/check.md"), "utf8");

  it("has a section and a row for every check, in order, and no other", () => {
    const headings = [...page.matchAll(/^### (\S+)$/gm)].map(([, name]) => name);
    const rows = [...page.matchAll(/^\| `([a-z-]+)` /gm)].map(([, name]) => name);
    expect(headings).toEqual(checkNames);
    expect(rows).toEqual(checkNames);
  });

  it("has an example of what the schema describes", () => {
    const schema = readFileSync(join(root, "docs/sidecar-check-1.schema.json"), "utf8");
    const validate = new Ajv2020().compile(JSON.parse(schema));
    const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)![1]!);
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
    const [check] = example.checks;
    for (const wrong of [
      { ...example, schema: "sidecar-check-2" },
      { ...example, checks: [{ ...check, status: "failed" }] },
      { ...example, checks: [{ ...check, hint: "x" }] },
      { ...example, checks: [{ ...check, name: "no-such" }] },
    ])
      expect(validate(wrong)).toBe(false);
  });
});
