/**
 * sidecar.exe under Wine: nobody leaves the job, and how a block ended is told whole.
 */
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { meaningOf } from "../src/system/windows/signals.ts";
import { describeWhere } from "./support/machine.ts";
import { messageCodes, run, until, workspace } from "./support/sidecar.ts";
import {
  commandLineOf,
  directoryWith,
  prepareWine,
  processesWith,
  runProbe,
  shellCommand,
  show,
  sidecarExe,
  startProbe,
  startSidecarExe,
  windowsNeeds,
} from "./support/wine.ts";

const newMark = () => `mark-${crypto.randomUUID()}`;

/** How each generation starts the next, and what the three note of it. */
const ways = [
  ["plain", []],
  ["detached", []],
  ["breakaway", Array(3).fill("breakaway denied: 5")],
  ["nested", Array(3).fill("nested")],
] as const;

describeWhere(windowsNeeds, "a tree of generations", () => {
  beforeAll(prepareWine);

  /** Block, child, grandchild and one more, and what they noted. */
  function plant(how: string) {
    const mark = newMark();
    const directory = workspace();
    const notes = () =>
      readFileSync(join(directory, "descent.txt"), "utf8").trim().split("\n");
    return {
      directory,
      notes,
      words: ["--exec", show, "descend", "3", mark, how],
      alive: () => processesWith(mark),
      grown: () => until(() => notes().includes("descended"), "the last generation"),
      gone: () => until(() => processesWith(mark) === 0, "the end of all"),
    };
  }

  it.each(ways)("ends when sidecar is terminated: %s", async (how, said) => {
    const tree = plant(how);
    const words = ["terminate", commandLineOf(...tree.words)];
    const probe = startProbe(words, tree.directory);
    await tree.grown();
    expect(tree.alive()).toBe(4);
    probe.stdin.write("x");
    probe.stdin.end();
    expect(await probe.exited).toBe(55);
    await tree.gone();
    expect(tree.notes().toSorted()).toEqual([...said, "descended"].toSorted());
  });

  it.each(ways)("ends when sidecar is killed from outside: %s", async (how) => {
    const tree = plant(how);
    const { child, ended } = startSidecarExe(tree.words, tree);
    await tree.grown();
    expect(tree.alive()).toBe(4);
    child.kill("SIGKILL");
    await ended;
    await tree.gone();
  });

  it.each(ways)("ends when the block has ended: %s", async (how, said) => {
    const tree = plant(how);
    const words = ["--grace=0s", ...tree.words, "leave"];
    const { code } = await sidecarExe(words, tree);
    expect(code).toBe(3);
    // All are gone before sidecar says that the block is.
    expect(tree.alive()).toBe(0);
    expect(tree.notes().toSorted()).toEqual([...said, "descended"].toSorted());
  });
});

describeWhere(windowsNeeds, "what sidecar.exe cannot ask to end", () => {
  beforeAll(prepareWine);

  // An hour of grace would end the test, not the block.
  it("is terminated at once: the block", async () => {
    const directory = workspace();
    const { code } = await sidecarExe(
      [
        ...["--result=r.json", "--timeout=1s", "--grace=1h"],
        ...["--exec", show, "descend", "1", newMark(), "plain"],
      ],
      { directory },
    );
    expect(code).toBe(124);
    const { exit } = JSON.parse(readFileSync(join(directory, "r.json"), "utf8"));
    expect(exit).toEqual({ signal: "SIGKILL", cause: "timeout" });
  });

  it("is terminated at once: what a block left behind", async () => {
    const mark = newMark();
    const words = ["--grace=1h", "--exec", show, "tree", mark, "leave"];
    const { code } = await sidecarExe(words);
    expect(code).toBe(3);
    expect(processesWith(mark)).toBe(0);
  });
});

describe("a request to end", () => {
  it("means what it means elsewhere, and at once when it comes again", () => {
    expect(meaningOf("interrupt", false)).toBe("SIGINT");
    expect(meaningOf("break", false)).toBe("SIGTERM");
    expect(meaningOf("close", false)).toBe("SIGHUP");
    for (const event of ["interrupt", "break", "close"] as const)
      expect(meaningOf(event, true)).toBe("SIGTERM");
  });
});

describeWhere(windowsNeeds, "an exit code", () => {
  beforeAll(prepareWine);

  /** 259 is STILL_ACTIVE; 0xc000013a, that of a program which Ctrl-C ended. */
  const codes = [
    ...[0, 1, 2, 123, 124, 125, 126, 127, 128, 137, 255, 256, 259, 9009, 65536],
    ...[0x7fffffff, 0x80000000, 0x80000003, 0xc0000005, 0xc000013a, 0xffffffff],
  ];

  it("has 32 bits, in sidecar's own and in the record", async () => {
    const directory = workspace();
    const commands = codes.map((code) =>
      commandLineOf(`--result=${code}.json`, "--exec", show, "exit", `${code}`),
    );
    const { stdout } = await runProbe(["codes", ...commands], { directory });
    expect(stdout.trim().split(/\r?\n/)).toEqual(codes.map((code) => `code ${code}`));
    for (const code of codes) {
      const record = JSON.parse(readFileSync(join(directory, `${code}.json`), "utf8"));
      expect(record.state).toBe("finished");
      expect(record.exit).toEqual({ code, cause: "exited" });
    }
  });

  it("of a batch file has as many", async () => {
    const directory = directoryWith({ "x.bat": "@exit /b %1\n" });
    const given = [0, 7, 259, 3000, -1073741819, -1];
    const commands = given.map((code) => commandLineOf("--exec", "x.bat", `${code}`));
    const { stdout } = await runProbe(["codes", ...commands], { directory });
    expect(stdout.trim().split(/\r?\n/)).toEqual(
      given.map((code) => `code ${code >>> 0}`),
    );
  });

  it("of sidecar's own tells from the record what it means", async () => {
    const directory = workspace();
    const words = ["--result=r.json", "--exec"];
    const missing = await sidecarExe([...words, "no-such"], { directory });
    const record = () => JSON.parse(readFileSync(join(directory, "r.json"), "utf8"));
    expect([missing.code, record().exit]).toEqual([127, { cause: "not-found" }]);
    const ended = await sidecarExe([...words, show, "exit", "127"], { directory });
    expect([ended.code, record().exit]).toEqual([127, { code: 127, cause: "exited" }]);
  });
});

describeWhere(windowsNeeds, "a reader of --tee that stops reading", () => {
  beforeAll(prepareWine);

  it("stops the block, but neither sidecar nor its --timeout", async () => {
    const directory = workspace();
    const fifo = join(directory, "fifo");
    Bun.spawnSync(["mkfifo", fifo]);
    const writer = openSync(fifo, constants.O_RDWR);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const mark = newMark();
    const words = ["--tee", "--stdout=o.txt", "--timeout=3s", "--grace=1h"];
    const { child } = startSidecarExe([...words, "--exec", show, "flood", mark], {
      directory,
      stdout: writer,
    });
    let ended = false;
    child.exited.then(() => {
      ended = true;
    });
    await until(() => processesWith(mark) === 1, "the block's start");
    await until(() => processesWith(mark) === 0, "its end by --timeout");
    expect(ended).toBe(false);
    // Who reads again gets the rest.
    let copied = 0;
    const buffer = new Uint8Array(65_536);
    await until(() => {
      try {
        for (;;) copied += readSync(reader, buffer);
      } catch {
        return ended; // Nothing there.
      }
    }, "sidecar's end");
    for (const end of [reader, writer]) closeSync(end);
    expect(child.exitCode).toBe(124);
    const written = readFileSync(join(directory, "o.txt"));
    expect(copied).toBeGreaterThan(65_536);
    expect(copied).toBe(written.length);
  });
});

describeWhere(windowsNeeds, "a reader of --tee that goes away", () => {
  beforeAll(prepareWine);

  it("is missed by nobody: the file is whole, and the block goes on", async () => {
    const directory = directoryWith({
      "much.bat": "@for /L %%i in (1,1,2000) do @echo line %%i of what is much\n",
    });
    const words = ["--tee", "--result=r.json", "--stdout=o.txt", "--exec", "much.bat"];
    const command = `${shellCommand(words)} 2>messages.txt | head -c 10`;
    const { stdout } = await run(["sh", "-c", command], { directory });
    expect(stdout).toBe("line 1 of ");
    const text = (name: string) => readFileSync(join(directory, name), "utf8");
    expect(messageCodes(text("messages.txt"))).toEqual(["stream-lost"]);
    expect(text("o.txt").trim().split("\n").length).toBe(2000);
    expect(JSON.parse(text("r.json")).exit).toEqual({ code: 0, cause: "exited" });
  });
});
