/** All exit codes and all signals: sidecar's exit code and record say what happened. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signalName } from "../src/system/posix/signals.ts";
import { describeWhere, has, hasNamespaces, isRoot } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { program } from "./support/roots.ts";
import { run, start, until, workspace } from "./support/sidecar.ts";

/** Starts of sidecar at a time: they wait for the kernel most of the time. */
const atOnce = 4;

describeWhere({ gcc: has("gcc") }, "however a block ends", () => {
  let place: string;
  let ends: string;

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), "sidecar-ends-"));
    ends = join(place, "ends");
    program("ends", ends);
  });

  afterAll(() => rmSync(place, { recursive: true, force: true }));

  type End = { readonly code: number | null; readonly exit: unknown };

  /** What comes of a sidecar whose block is `ends KIND N`, for each N. */
  async function endsOf(
    kind: "exit" | "signal",
    numbers: readonly number[],
    before: readonly string[] = [],
  ): Promise<End[]> {
    const directory = workspace();
    const results: End[] = [];
    const left = [...numbers.entries()];
    const work = async () => {
      for (let next = left.shift(); next; next = left.shift()) {
        const [index, number] = next;
        // A core dump goes where its process is.
        const own = join(directory, String(number));
        mkdirSync(own);
        const block = ["--exec", ends, kind, String(number)];
        const words = [...before, executable, "--quiet", "--result=r", ...block];
        const { code } = await run(words, { directory: own });
        const record = JSON.parse(readFileSync(join(own, "r"), "utf8"));
        results[index] = { code, exit: record.exit };
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return results;
  }

  /** What the kernel itself says: the signals that end a program, and how. */
  async function table(before: readonly string[]) {
    const words = [...before, ends, "table"];
    const { stdout } = await run(words, { directory: workspace() });
    return [...stdout.matchAll(/^(\d+) (ended|dumped core)$/gm)].map(
      ([, number, how]) => ({
        number: Number(number),
        core: how === "dumped core",
      }),
    );
  }

  async function expectSignals(around: readonly string[], limit: string[]) {
    const known = await table(limit);
    // 64, less those that end nobody: 4 are ignored, 4 stop.
    expect(known.length).toBe(56);
    const numbers = known.map(({ number }) => number);
    const expected = known.map(({ number, core }) => ({
      code: 128 + number,
      exit: {
        signal: signalName(number),
        ...(core ? { core: true } : {}),
        cause: "signalled",
      },
    }));
    const actual = await endsOf("signal", numbers, [...limit, ...around]);
    expect(actual).toEqual(expected);
    return known.filter(({ core }) => core).length;
  }

  const codes = Array.from({ length: 256 }, (_, code) => code);
  const allCodes = codes.map((code) => ({ code, exit: { code, cause: "exited" } }));
  const without = ["sh", "-c", 'ulimit -c 0; exec "$@"', "sh"];
  const withCore = ["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh"];
  const asProcessOne = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];

  it("each of the 256 exit codes is told", async () => {
    expect(await endsOf("exit", codes)).toEqual(allCodes);
  });

  it("each signal is told, where no core may be dumped", async () => {
    await expectSignals([], without);
  });

  it("each signal is told, and the core dumps", async () => {
    const dumped = await expectSignals([], withCore);
    // Otherwise the difference was not tested (cores lead to a program, perhaps).
    const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8").trim();
    if (pattern === "core") expect(dumped).toBeGreaterThan(5);
  });

  describeWhere({ root: isRoot, namespaces: hasNamespaces }, "as process 1", () => {
    it("each of the 256 exit codes is told", async () => {
      expect(await endsOf("exit", codes, asProcessOne)).toEqual(allCodes);
    });

    it("each signal is told", async () => {
      await expectSignals(asProcessOne, without);
    });
  });

  describe("an end that sidecar itself brought about", () => {
    it("says that a core was dumped, too", async () => {
      const directory = workspace();
      const block = ["--exec", "sh", "-c", "touch up; exec sleep 600"];
      const words = [...withCore, executable, "--quiet", "--result=r", ...block];
      const { child, ended } = start(words, { directory });
      await until(() => existsSync(join(directory, "up")), "the block is up");
      child.kill("SIGQUIT");
      expect((await ended).code).toBe(131);
      const { exit } = JSON.parse(readFileSync(join(directory, "r"), "utf8"));
      const known = (await table(withCore)).find(({ number }) => number === 3)!;
      expect(exit).toEqual({
        signal: "SIGQUIT",
        ...(known.core ? { core: true } : {}),
        cause: "cancelled",
      });
    });
  });
});
