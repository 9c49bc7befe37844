/**
 * The machine of chaos.test.ts finds what it is there to find: sidecars that are wrong.
 */
import { chmodSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tryOut } from "./chaos/campaign.ts";
import { generate } from "./chaos/generator.ts";
import type { Theatre } from "./chaos/performance.ts";
import { type Action, letters, type Scenario, scriptText } from "./chaos/scenario.ts";
import { shrink } from "./chaos/shrink.ts";
import { type House, openTheatre } from "./chaos/theatre.ts";
import { describeWhere, has, hasLauncher, hasNamespaces } from "./support/machine.ts";
import { executable } from "./support/paths.ts";

const plain: Scenario = {
  platformUser: false,
  processOne: false,
  hideCgroups: false,
  cgroup: false,
  redirect: "both",
  append: false,
  tee: false,
  out: "pipe",
  error: "file",
  quiet: true,
  result: true,
  temporary: false,
  grace: 100,
  activation: "none",
  program: "tree",
  script: [
    { does: "ready" },
    { does: "write", numbers: [0, 20, 700] },
    { does: "write", numbers: [1, 5, 60_000] },
    { does: "exit", numbers: [7] },
  ],
  sends: [],
};

const waiting: readonly Action[] = [{ does: "ready" }, { does: "pause" }];

let house: House;
beforeAll(() => {
  house = openTheatre(executable, 4000);
});
afterAll(() => house.close());

/** Another one in sidecar's place: a script, in which "$sidecar" is the real one. */
function replaced(script: string): Theatre {
  const sidecar = join(dirname(house.sidecar), "wrong");
  writeFileSync(sidecar, `#!/bin/bash\nsidecar=${house.sidecar}\n${script}\n`);
  chmodSync(sidecar, 0o755);
  return { ...house, sidecar };
}

async function problemsOf(scenario: Partial<Scenario>, theatre: Theatre = house) {
  const { problems } = await tryOut({ ...plain, ...scenario }, theatre);
  return problems.join("\n");
}

const needs = { gcc: has("gcc"), "the launcher": hasLauncher };

describeWhere(needs, "the oracle finds nothing wrong", () => {
  it.each([
    ["with a block that ends", plain],
    ["with a block that is ended", { ...plain, script: waiting, timeout: 20 }],
    [
      "with a sidecar that is killed",
      {
        ...plain,
        script: waiting,
        sends: [{ from: "ready", microseconds: 0, signal: 9 } as const],
      },
    ],
  ])("%s", async (_, scenario) => {
    expect(await problemsOf(scenario)).toBe("");
  });
});

describeWhere(needs, "the oracle finds out", () => {
  const wrong: [string, string, RegExp, Partial<Scenario>?][] = [
    [
      "a sidecar that only starts the block",
      'while [ "$1" != --exec ]; do shift; done; shift; exec "$@"',
      /there is no record/,
    ],
    [
      "an exit code that is another",
      '"$sidecar" "$@"; exit 8',
      /exit code 8, allowed: 7/,
    ],
    [
      "a cause that is another",
      '"$sidecar" "$@"; code=$?; sed -i s/exited/cancelled/ r.json; exit $code',
      /"cancelled"}, allowed: \{"cause":"exited"/,
    ],
    [
      "a record that is no JSON",
      '"$sidecar" "$@"; code=$?; truncate -s -3 r.json; exit $code',
      /the record is no JSON/,
    ],
    [
      "a record that is not finished",
      '"$sidecar" "$@"; code=$?; sed -i s/finished/running/ r.json; exit $code',
      /state is running/,
    ],
    [
      "a process that is left",
      'setsid sleep 30 & exec "$sidecar" "$@"',
      // It may not yet have become what it is going to be.
      /there is \d+ \((wrong|bash|setsid|sleep)\) [SRD]/,
    ],
    [
      "a zombie that is left",
      '"$sidecar" "$@"; code=$?; sleep 0.02 & ' +
        'exec "${0%/*}/tree" board 300 0 0 "s200000x$code"',
      /there is \d+ \(sleep\) Z/,
    ],
    [
      "a byte that is missing",
      '"$sidecar" "$@"; code=$?; truncate -s -1 o; exit $code',
      /of record 19 of node 0 1 bytes are missing/,
    ],
    [
      "a record's worth of bytes that is missing",
      '"$sidecar" "$@"; code=$?; truncate -s -700 o; exit $code',
      /of 20 records of node 0 only 19/,
    ],
    [
      "bytes that are there twice",
      '"$sidecar" "$@"; code=$?; tail -c 700 o >> o; exit $code',
      /twice/,
    ],
    [
      "bytes in another order",
      '"$sidecar" "$@"; code=$?; ' +
        "(tail -c 700 o; head -c -700 o) > x; mv x o; exit $code",
      /where 0 was expected/,
    ],
    [
      "a byte that has changed",
      '"$sidecar" "$@"; code=$?; ' +
        "printf @ | dd of=o bs=1 seek=900 conv=notrunc status=none; exit $code",
      /not as they were written/,
    ],
    [
      "a copy that lacks something",
      '"$sidecar" "$@" | head -c 3000; exit ${PIPESTATUS[0]}',
      /the copy of stream 0/,
      { tee: true },
    ],
    [
      "a file that was not emptied",
      'cp o before; "$sidecar" "$@"; code=$?; cat o >> before; mv before o; exit $code',
      /was not emptied/,
    ],
    [
      "a file that is left",
      'touch r.json.5.new; exec "$sidecar" "$@"',
      /r\.json\.5\.new is left/,
    ],
    [
      "words that should not be there",
      'echo "    at foo (main.ts:3)" >&2; exec "$sidecar" "$@"',
      /there is more than messages/,
    ],
    [
      "an internal error",
      'echo "sidecar: error[internal-error]: oh" >&2; exec "$sidecar" "$@"',
      /an unexpected internal-error/,
    ],
    [
      "a descriptor that the block gets",
      'exec 7<&0 "$sidecar" "$@"',
      /the descriptors 10000111/,
    ],
    [
      "a signal that is lost",
      'trap \'\' TERM; exec "$sidecar" "$@"',
      /sidecar did not end/,
      { script: waiting, sends: [{ from: "ready", microseconds: 0, signal: 15 }] },
    ],
    [
      "a SIGKILL before its time",
      'exec "$sidecar" "${@/--grace=3600000ms/--grace=1ms}"',
      /exit code 137, allowed/,
      {
        script: [{ does: "catch", numbers: [60_000, 4] }, ...waiting],
        grace: 3_600_000,
        sends: [{ from: "ready", microseconds: 0, signal: 15 }],
      },
    ],
    [
      "a block that outlives a sidecar that is killed",
      '"$sidecar" "$@"; exit $?',
      /long after sidecar was killed there is/,
      { script: waiting, sends: [{ from: "ready", microseconds: 0, signal: 9 }] },
    ],
  ];
  it.each(wrong)("%s", async (_, script, problem, scenario = {}) => {
    expect(await problemsOf(scenario, replaced(script))).toMatch(problem);
  });
});

describeWhere(
  { ...needs, namespaces: hasNamespaces },
  "in a scenario's own /tmp the oracle finds out",
  () => {
    it("a directory that is left", async () => {
      const wrong = replaced('mkdir /tmp/sidecar-abcdef; exec "$sidecar" "$@"');
      expect(await problemsOf({}, wrong)).toMatch(/\/tmp\/sidecar-abcdef is left/);
    });
  },
);

describe("scenarios", () => {
  const ground = { privileged: true, cgroups: true, without: new Set<string>() };

  it("are the same for the same seed and number, and others for others", () => {
    expect(generate(5, 77, ground)).toEqual(generate(5, 77, ground));
    expect(generate(5, 77, ground)).not.toEqual(generate(5, 78, ground));
    expect(generate(5, 77, ground)).not.toEqual(generate(6, 77, ground));
  });

  it("can leave classes out", () => {
    const without = new Set(["kill-guardian", "kill-sidecar", "process-1"]);
    for (let index = 0; index < 300; index += 1) {
      const { sends, processOne } = generate(1, index, { ...ground, without });
      expect(processOne).toBe(false);
      expect(sends.some(({ signal }) => signal === 9)).toBe(false);
    }
  });

  it("have a letter of its own for each action", () => {
    expect(new Set(Object.values(letters)).size).toBe(Object.keys(letters).length);
  });

  it("are made smaller as long as they fail", async () => {
    const script: Action[] = [
      { does: "listen" },
      { does: "child", numbers: [1], inner: [{ does: "sleep" }, { does: "hop" }] },
      { does: "exit", numbers: [3] },
    ];
    const hops = async (one: Scenario) => scriptText(one.script).includes("h");
    const smallest = await shrink({ ...plain, script, append: true }, hops);
    expect(scriptText(smallest.script)).toBe("f1(h)x3");
    expect(smallest.redirect).toBe("neither");
  });
});
