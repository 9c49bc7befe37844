/**
 * Sidecar starts where nothing else does: images without libc, with another, with a
 * broken one; without /proc, /dev, /tmp; for an unknown user without any privilege.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Docker, hardened, startDocker } from "./support/docker.ts";
import {
  describeWhere,
  has,
  hasLauncher,
  hasNamespaces,
  isRoot,
  platformUser,
} from "./support/machine.ts";
import { executable, root } from "./support/paths.ts";
import {
  brokenGlibc,
  musl,
  muslWithPython,
  privatePython,
  program,
  scratch,
} from "./support/roots.ts";
import { codesBut, run, workspace } from "./support/sidecar.ts";

/** Whatever could change a program of glibc, of Bun, or of Node. */
const hostile = {
  BUN_BE_BUN: "1",
  BUN_OPTIONS: "--version",
  BUN_JSC_useJIT: "nonsense",
  GLIBC_TUNABLES: "glibc.malloc.check=3:glibc.malloc.perturb=1",
  LD_AUDIT: "/lib/hostile.so",
  LD_BIND_NOW: "1",
  LD_DEBUG: "all",
  LD_LIBRARY_PATH: "/lib/x86_64-linux-gnu",
  LD_PRELOAD: "/lib/x86_64-linux-gnu/libnss_hostile.so.2",
  LOCPATH: "/nowhere",
  MALLOC_CHECK_: "3",
  MIMALLOC_VERBOSE: "1",
  NODE_OPTIONS: "--nonsense",
  TZDIR: "/nowhere",
} as const;

/** What the block says it got, in order. */
function report(stdout: string) {
  const all = (kind: string) =>
    [...stdout.matchAll(new RegExp(`^${kind} (.*)$`, "gm"))].map((match) => match[1]!);
  return {
    user: Number(all("user")[0]),
    words: all("word"),
    variables: all("variable"),
    descriptors: all("descriptor").map(Number),
    limit: Number(all("limit")[0]),
  };
}

const entries = (variables: Readonly<Record<string, string>>) =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}`);

const identity = ["HOME=/tmp/home", "USER=user20042", "LOGNAME=user20042"];

const images = { scratch, brokenGlibc, musl, muslWithPython } as const;
const names = Object.keys(images) as (keyof typeof images)[];

let place: string;

beforeAll(() => {
  if (!isRoot) return;
  place = mkdtempSync(join(tmpdir(), "sidecar-images-"));
  for (const name of names) {
    mkdirSync(join(place, name));
    images[name](join(place, name));
  }
  program("enter", join(place, "enter"));
});

afterAll(() => {
  if (place) rmSync(place, { recursive: true, force: true });
});

const needs = {
  root: isRoot,
  "the launcher": hasLauncher,
  "busybox-static": has("busybox"),
  "musl-tools": has("musl-gcc"),
  "python3 of Debian": Bun.file("/usr/bin/python3").size > 0,
};

describeWhere({ ...needs, namespaces: hasNamespaces }, "in a root directory", () => {
  type Conditions = {
    readonly image: keyof typeof images;
    readonly variables?: Readonly<Record<string, string>>;
    /** Commands of a shell, before the root is entered; $1 is its path. */
    readonly prepare?: string;
    /** "-/sidecar" starts it without any argument. */
    readonly file?: string;
  };

  function enter(
    { image, variables = {}, prepare = "", file = "/sidecar" }: Conditions,
    ...words: string[]
  ) {
    const script = `
      set -e
      mount --bind "$1" "$1"
      ${prepare}
      enter=$2 root=$1; shift 2
      exec "$enter" "$root" "$@"`;
    const list = entries(variables);
    return run([
      ...["unshare", "--mount", "--pid", "--fork", "sh", "-c", script, "sh"],
      ...[join(place, image), join(place, "enter"), String(list.length), ...list],
      ...[file, ...words],
    ]);
  }

  const withProc = 'mkdir -p "$1/proc"; mount -t proc proc "$1/proc";';
  const readOnly = 'mount -o remount,bind,ro "$1";';

  describe.each(names)("of the image %s", (image) => {
    describe.each([
      ["with /proc", withProc],
      ["without /proc", ""],
    ])("%s", (_, proc) => {
      it("a block runs, and gets the most hostile environment unchanged", async () => {
        const { stdout, code } = await enter(
          { image, variables: hostile, prepare: proc },
          ...["--exec", "/block", "one", "two words"],
        );
        expect(report(stdout)).toMatchObject({
          user: platformUser,
          words: ["one", "two words"],
          variables: [...entries(hostile), ...identity],
          descriptors: [0, 1, 2],
        });
        expect(code).toBe(7);
      });

      it("read-only, a block runs and is told that it has no HOME", async () => {
        const result = await enter(
          { image, prepare: `${proc} rm -rf "$1/tmp/home"; ${readOnly}` },
          ...["--exec", "/block"],
        );
        expect(codesBut(result.stderr)).toEqual(["home-unavailable"]);
        expect(result.code).toBe(7);
      });

      it("with an empty environment", async () => {
        const { stdout, code } = await enter(
          { image, prepare: proc },
          ...["--quiet", "--exec", "/block"],
        );
        expect(report(stdout).variables).toEqual(identity);
        expect(code).toBe(7);
      });

      it("with 16 descriptors", async () => {
        const { stdout, code } = await enter(
          { image, prepare: `${proc} ulimit -n 16;` },
          ...["--quiet", "--exec", "/block"],
        );
        expect(report(stdout)).toMatchObject({ limit: 16, descriptors: [0, 1, 2] });
        expect(code).toBe(7);
      });

      it.each(["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])(
        "with closed streams (%s), which the block finds closed",
        async (closed) => {
          const script = `${proc}
          mkdir -p "$1/mnt"
          mount -t tmpfs -o mode=1777 tmp "$1/mnt"
          enter=$2 root=$1; shift 2
          code=0; "$enter" "$root" "$@" ${closed} || code=$?
          cat "$root/mnt/out"
          exit $code`;
          const { stdout, code } = await enter(
            { image, prepare: script },
            ...["--quiet", "--stdout=/mnt/out", "--exec", "/block"],
          );
          const open = [0, 1, 2].filter(
            (n) => n === 1 || !closed.includes(["<", "", "2>"][n]!),
          );
          expect(report(stdout).descriptors).toEqual(open);
          expect(code).toBe(7);
        },
      );

      it("with 450 MiB of addresses, or less where that may be raised", async () => {
        const start = (limit: string) =>
          enter({ image, prepare: `${proc} ${limit};` }, "--quiet", "--exec", "/block");
        for (const limit of ["ulimit -v 460800", "ulimit -S -v 300000"])
          expect((await start(limit)).code).toBe(7);
        for (const limit of ["ulimit -v 400000", "ulimit -d 250000"]) {
          const { stderr, code } = await start(limit);
          expect(codesBut(stderr)).toEqual(["memory-limited"]);
          expect(code).toBe(125);
        }
      });

      it("with no argument, not even its own name", async () => {
        const { stderr, code } = await enter({
          image,
          prepare: proc,
          file: "-/sidecar",
        });
        expect(codesBut(stderr)).toEqual(["exec-missing"]);
        expect(code).toBe(125);
      });

      it.each([256, "unlimited"])("with a stack of %s KiB", async (size) => {
        const { code } = await enter(
          { image, prepare: `${proc} ulimit -s ${size};` },
          ...["--quiet", "--exec", "/block"],
        );
        expect(code).toBe(7);
      });

      it("the commands for people work", async () => {
        const prepare = proc;
        const help = await enter({ image, prepare }, "--help");
        expect(help.stdout).toContain("--runenv");
        const messages = await enter(
          { image, prepare },
          "messages",
          "home-unavailable",
        );
        expect(messages.stdout).toContain("HOME");
        const completion = await enter({ image, prepare }, "completion", "bash");
        expect(completion.stdout).toContain("complete -");
        for (const { code } of [help, messages, completion]) expect(code).toBe(0);
      });

      it("a program that is not there is told from one that cannot run", async () => {
        const missing = await enter({ image, prepare: proc }, "--exec", "/nowhere");
        expect(missing.code).toBe(127);
        const directory = await enter({ image, prepare: proc }, "--exec", "/");
        expect(directory.code).toBe(126);
      });
    });
  });

  it("forbidden memory is told in one line", async () => {
    // PR_SET_MDWE, of Linux 6.3: what is written can never be executed.
    const forbid = "exit 77 if syscall(157, 65, 1, 0, 0, 0); exec @ARGV";
    const words = ["perl", "-e", forbid, executable, "--exec", "/bin/true"];
    const { stderr, code } = await run(words);
    if (code === 77) return;
    expect(codesBut(stderr)).toEqual(["executable-memory-forbidden"]);
    expect(code).toBe(125);
  });

  it("an activation of a shell works with musl and busybox", async () => {
    const { stdout, code } = await enter(
      {
        image: "musl",
        variables: {
          PATH: "/bin",
          DA__P7__RUNENV__MUSL__ACTIVATE: "export ADDED='from sh'",
        },
      },
      ...["--quiet", "--runenv=(MUSL,0)", "--exec", "sh", "-c", "echo $ADDED; exit 3"],
    );
    expect({ stdout, code }).toEqual({ stdout: "from sh\n", code: 3 });
  });

  it("a Python block runs where there is musl and busybox", async () => {
    const { stdout, stderr, code } = await enter(
      {
        image: "muslWithPython",
        prepare: 'mount -t tmpfs -o mode=1777 tmp "$1/tmp";',
        variables: {
          DA__P7__RUNENV__PYTHON3__ACTIVATE: "/opt/python/activate.env",
          DA__P7__RUNENV__PYTHON3__EXECUTE: privatePython,
        },
      },
      ...["--runenv=(PYTHON3,3)", "--cwd=/opt/python/blocks"],
      ...["--exec", "${DA__P7__RUNENV__PYTHON3__EXECUTE}", "calibrate.py"],
    );
    const expected = join(root, "images/python3/blocks/calibrate.expected");
    expect(stderr).toBe("");
    expect(stdout).toBe(readFileSync(expected, "utf8"));
    expect(code).toBe(0);
  });
});

describeWhere(
  { ...needs, namespaces: hasNamespaces, dockerd: has("dockerd") },
  "in a Docker container",
  () => {
    let docker: Docker;

    beforeAll(async () => {
      const started = await startDocker();
      if (!started) throw new Error("dockerd does not come up; its log is above");
      docker = started;
      for (const name of names) {
        const { exitCode, stderr } = Bun.spawnSync(
          [
            "sh",
            "-c",
            `tar -C "$1" -c . | /usr/bin/docker import - "$2:test"`,
            "sh",
            join(place, name),
            name.toLowerCase(),
          ],
          { env: { PATH: process.env["PATH"], DOCKER_HOST: docker.host } },
        );
        expect(exitCode, stderr.toString()).toBe(0);
      }
    });

    afterAll(async () => {
      await docker?.stop();
    });

    /** The seccomp profile is Docker's own. */
    const confined = [...hardened, "--pids-limit=64"];
    const small = ["--memory=32m", "--memory-swap=32m"];

    it.each(names)("FROM %s, with 32 MB and no privilege whatever", (name) => {
      const { stdout, stderr, code } = docker.run([
        ...confined,
        ...small,
        ...entries(hostile).map((entry) => `--env=${entry}`),
        ...["--entrypoint=/sidecar", `${name.toLowerCase()}:test`],
        ...["--exec", "/block", "in a container"],
      ]);
      expect(stderr).toBe("");
      const { user, words, variables, descriptors } = report(stdout);
      expect({ user, words, descriptors }).toEqual({
        user: platformUser,
        words: ["in a container"],
        descriptors: [0, 1, 2],
      });
      expect(variables).toEqual(expect.arrayContaining(entries(hostile)));
      expect(code).toBe(7);
    });

    it("FROM scratch it installs itself into a volume, for another image", () => {
      const volume = workspace();
      const into = (image: string, ...words: string[]) =>
        docker.run([
          ...confined,
          ...small,
          `--volume=${volume}:/shared`,
          image,
          ...words,
        ]);
      const init = into("scratch:test", "/sidecar", "install", "/shared/");
      expect(init.stderr).toBe("");
      expect(init.stdout).toMatch(
        /^\/shared\/sidecar: installed: .*, SHA-256 [0-9a-f]{64}$/m,
      );
      expect(init.code).toBe(0);
      const block = into("musl:test", "/shared/sidecar", "--quiet", "--exec", "/block");
      expect(report(block.stdout).user).toBe(platformUser);
      expect(block.code).toBe(7);
    });

    it("FROM a root of musl and busybox, a Python block", () => {
      const { stdout, stderr, code } = docker.run([
        ...confined,
        "--env=DA__P7__RUNENV__PYTHON3__ACTIVATE=/opt/python/activate.env",
        `--env=DA__P7__RUNENV__PYTHON3__EXECUTE=${privatePython}`,
        ...["--entrypoint=/sidecar", "muslwithpython:test"],
        ...["--runenv=(PYTHON3,3)", "--cwd=/opt/python/blocks"],
        ...["--exec", "${DA__P7__RUNENV__PYTHON3__EXECUTE}", "calibrate.py"],
      ]);
      const expected = join(root, "images/python3/blocks/calibrate.expected");
      expect(stderr).toBe("");
      expect(stdout).toBe(readFileSync(expected, "utf8"));
      expect(code).toBe(0);
    });
  },
);
