/**
 * `sidecar check` where images are: in roots without a shell or a /tmp, in docker build
 * and docker run; and whether what it calls good really is.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  check,
  findingOf,
  goodVariables,
  inImage,
  type Report,
  troubles,
} from "./support/checking.ts";
import { type Docker, hardened, startDocker } from "./support/docker.ts";
import {
  describeWhere,
  has,
  hasLauncher,
  hasNamespaces,
  isRoot,
} from "./support/machine.ts";
import { executable, root } from "./support/paths.ts";
import { musl, program, scratch } from "./support/roots.ts";
import { run, workspace } from "./support/sidecar.ts";

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "an image that is", () => {
  const good = [0o755, 0o755, 0o755, 0o755, 0o555, 0o777, 0o705];
  const bad = [0o700, 0o750, 0o711, 0o644, 0o570, 0o507, 0o057];
  const mode = fc.oneof(
    { arbitrary: fc.constantFrom(...good), weight: 9 },
    { arbitrary: fc.constantFrom(...bad), weight: 1 },
  );
  const scene = fc.record({
    modes: fc.tuple(mode, mode, mode, mode, mode),
    owners: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 77), {
      minLength: 10,
      maxLength: 10,
    }),
    uids: fc.tuple(
      fc.integer({ min: 20_000, max: 29_999 }),
      fc.integer({ min: 20_000, max: 29_999 }),
    ),
    activate: fc.constantFrom(
      "/opt/tool/activate.sh",
      "/opt/tool/on.env",
      "",
      ". /opt/tool/activate.sh",
    ),
    program: fc.constantFrom("script", "binary", "env", "link"),
  });

  const programs = {
    script: "",
    binary: "cp /bin/true /opt/tool/bin/tool",
    env: "printf '#!/usr/bin/env sh\\nexit 0\\n' > /opt/tool/bin/tool",
    link: "mv /opt/tool/bin/tool /opt/tool/on; ln -s ../on /opt/tool/bin/tool",
  } as const;

  it("called good by the check runs its block as any two users", async () => {
    const verdicts = { good: 0, bad: 0 };
    await fc.assert(
      fc.asyncProperty(scene, async ({ modes, owners, uids, activate, program }) => {
        const files = [
          "/opt",
          "/opt/tool",
          "/opt/tool/bin",
          "/opt/tool/bin/tool",
          activate,
        ];
        const owner = (n: number) => (n === 1 || n === 2 ? uids[n - 1] : n);
        const rights = files
          .map((file, index) => {
            // Only a file has rights of its own; a command line is none.
            if (!file.startsWith("/")) return "";
            const who = `${owner(owners[index]!)}:${owner(owners[index + 5]!)}`;
            return `chown ${who} ${file}; chmod ${modes[index]!.toString(8)} ${file}`;
          })
          .join("\n");
        const scenario = {
          prepare: `
            printf 'PATH=/opt/tool/bin:\${PATH}\\n' > /opt/tool/on.env
            ${programs[program]}
            ${rights}`,
          variables: {
            DA__P7__RUNENV__TOOL__ACTIVATE: activate,
            ...(activate === ""
              ? { DA__P7__RUNENV__TOOL__EXECUTE: "/opt/tool/bin/tool" }
              : {}),
          },
        };
        const blocks = uids.map(
          (uid) =>
            `setpriv --reuid=${uid} --regid=${uid} --clear-groups --no-new-privs ` +
            "/mnt/sidecar --quiet '--runenv=(TOOL,3)' " +
            "--exec '${DA__P7__RUNENV__TOOL__EXECUTE}' >/dev/null; echo $?",
        );
        const script = ["/mnt/sidecar check --json", ...blocks].join("\n");
        const { stdout, stderr } = await inImage(scenario, ["sh", "-c", script]);
        const [line, ...codes] = stdout.split("\n");
        const { ok }: Report = JSON.parse(line!);
        verdicts[ok ? "good" : "bad"] += 1;
        if (ok) expect(codes.slice(0, 2), stdout + stderr).toEqual(["0", "0"]);
      }),
      { numRuns: 40 },
    );
    // Neither is a rarity, or this would show nothing.
    expect(verdicts.good).toBeGreaterThan(2);
    expect(verdicts.bad).toBeGreaterThan(2);
  });

  it("read-only is found to be so, and is good with a /tmp", async () => {
    const { report, code } = await check({ prepare: "mount -o remount,bind,ro /" });
    expect(findingOf(report, "file-system").message).toMatch(/^\/ is read-only/);
    expect(troubles(report)).toEqual([]);
    expect(code).toBe(0);
  });
});

const needs = { root: isRoot, namespaces: hasNamespaces, "the launcher": hasLauncher };

describeWhere(needs, "a root directory", () => {
  let place: string;

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), "sidecar-check-roots-"));
    mkdirSync(join(place, "scratch"));
    scratch(join(place, "scratch"));
    writeFileSync(join(place, "scratch/on.env"), "PATH=/.\n");
    mkdirSync(join(place, "scratch/tmp"));
    program("enter", join(place, "enter"));
  });

  afterAll(() => rmSync(place, { recursive: true, force: true }));

  const variables = {
    DA__P7__RUNENV__BARE__VERSION: "1",
    DA__P7__RUNENV__BARE__ACTIVATE: "/on.env",
    DA__P7__RUNENV__BARE__EXECUTE: "block",
  };

  function enter(
    prepare: string,
    asStranger = false,
    extra: Record<string, string> = {},
  ) {
    const environment: Record<string, string> = { ...variables, ...extra };
    const entries = Object.entries(environment).map(
      ([name, value]) => `${name}=${value}`,
    );
    const words = asStranger
      ? [
          join(place, "enter"),
          join(place, "scratch"),
          String(entries.length),
          ...entries,
        ]
      : ["chroot", join(place, "scratch")];
    const script = `
      set -e
      mount --bind "$1" "$1"
      ${prepare}
      shift
      exec "$@"`;
    return run(
      [
        ...["unshare", "--mount", "--pid", "--fork", "sh", "-c", script, "sh"],
        ...[join(place, "scratch"), ...words, "/sidecar", "check", "--json"],
      ],
      { environment: { PATH: process.env["PATH"] ?? "", ...environment } },
    );
  }

  const withTmp =
    'mount -t tmpfs -o mode=1777 tmp "$1/tmp"; mount -o remount,bind,ro "$1";';

  it.each([false, true])(
    "without a shell, libc and /proc is good with a .env file (as a stranger: %s)",
    async (asStranger) => {
      const { stdout, stderr, code } = await enter(withTmp, asStranger);
      const report: Report = JSON.parse(stdout);
      expect(troubles(report)).toEqual(["warning proc"]);
      expect(findingOf(report, "shell").message).toMatch(/^no \/bin\/sh: fine/);
      expect(findingOf(report, "activate-shell").message).toBe("none is needed");
      expect(findingOf(report, "execute").message).toBe(
        "/./block, everybody may start it",
      );
      expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    },
  );

  it("without a /tmp that can be written to is told so", async () => {
    const { stdout, code } = await enter("");
    const finding = findingOf(JSON.parse(stdout), "tmp");
    expect(finding).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/mode 755/),
    });
    expect(code).toBe(1);
  });

  it("without any /tmp is told how to have one", async () => {
    const without = 'mount -t tmpfs empty "$1/tmp"; umount "$1/tmp"; rmdir "$1/tmp";';
    const { stdout, code } = await enter(without);
    mkdirSync(join(place, "scratch/tmp"), { recursive: true });
    const report: Report = JSON.parse(stdout);
    expect(findingOf(report, "tmp")).toMatchObject({
      status: "failed",
      message: "/tmp: No such file or directory; no HOME can be made",
      hint: expect.stringMatching(/RUN mkdir -m 1777 \/tmp; or mount one/),
    });
    for (const name of ["tmp-exec", "tmp-space", "home"])
      expect(findingOf(report, name).status).toBe("skipped");
    expect(code).toBe(1);
  });

  it("without a shell fails a runenv that needs one", async () => {
    const shell = { DA__P7__RUNENV__BARE__ACTIVATE: "export A=1" };
    const { stdout, code } = await enter(withTmp, false, shell);
    const report: Report = JSON.parse(stdout);
    expect(findingOf(report, "activate-shell")).toMatchObject({
      status: "failed",
      message: expect.stringContaining("/bin/sh was not found"),
      hint: expect.stringContaining(".env file"),
    });
    expect(findingOf(report, "activation").status).toBe("skipped");
    expect(code).toBe(1);
  });
});

describeWhere(
  { ...needs, "busybox-static": has("busybox"), "musl-tools": has("musl-gcc") },
  "a program whose loader is not there",
  () => {
    it("is found in a root of musl", async () => {
      const directory = workspace();
      musl(directory);
      copyFileSync("/bin/true", join(directory, "bin/glibc"));
      const { stdout, code } = await run(
        ["chroot", directory, "/sidecar", "check", "--json"],
        {
          environment: {
            PATH: `${process.env["PATH"]}:/bin`,
            DA__P7__RUNENV__MUSL__EXECUTE: "/bin/glibc",
          },
        },
      );
      expect(findingOf(JSON.parse(stdout), "execute")).toMatchObject({
        status: "failed",
        message: expect.stringMatching(/needs the loader \/lib64\/ld-linux.*not there/),
        hint: expect.stringMatching(/install the C library/),
      });
      expect(code).toBe(1);
    });
  },
);

const base = join(root, ".cache/root");

describeWhere(
  {
    root: isRoot,
    namespaces: hasNamespaces,
    dockerd: has("dockerd"),
    "scripts/make-root.sh .cache/root": existsSync(join(base, "etc")),
  },
  "in Docker",
  () => {
    let docker: Docker;
    const context = () => {
      const directory = workspace();
      copyFileSync(executable, join(directory, "sidecar"));
      return directory;
    };
    const begin = `
FROM debian:check
COPY sidecar /usr/local/bin/sidecar
RUN chmod 0755 /usr/local/bin/sidecar && mkdir /opt/tool && \\
    printf '#!/bin/sh\\necho "ran $*"\\n' > /opt/tool/run && chmod 0755 /opt/tool/run
ENV ${Object.entries(goodVariables)
      .filter(([name]) => name.includes("VERSION"))
      .map(([name, value]) => `${name}=${value}`)
      .join(" ")} \\
    DA__P7__RUNENV__TOOL__ACTIVATE="export TOOL=1" \\
    DA__P7__RUNENV__TOOL__EXECUTE=/opt/tool/run`;

    function build(dockerfile: string) {
      const directory = context();
      const file = join(directory, "Dockerfile");
      writeFileSync(file, `${begin}\n${dockerfile}\n`);
      return docker.run(["build", `--file=${file}`, "--tag=check:test", directory]);
    }

    beforeAll(async () => {
      const started = await startDocker();
      if (!started) throw new Error("dockerd does not come up; its log is above");
      docker = started;
      const words = [
        "sh",
        "-c",
        `tar -C ${base} --exclude=./dev -c . | /usr/bin/docker import - debian:check`,
      ];
      const { exitCode, stderr } = Bun.spawnSync(words, {
        env: { PATH: process.env["PATH"], DOCKER_HOST: docker.host },
        stderr: "pipe",
      });
      expect(exitCode, stderr.toString()).toBe(0);
    });

    afterAll(async () => {
      await docker?.stop();
    });

    it("docker build goes on past a good image, and docker run agrees", () => {
      const built = build("RUN sidecar check");
      expect(built.code, built.stdout + built.stderr).toBe(0);
      expect(built.stdout).toMatch(
        /^ok {7}activation {6}TOOL: \d+ ms, tried as user id 29999$/m,
      );
      expect(built.stdout).toMatch(/^nothing failed: a block of any user id/m);
      const words = ["check:test", "sidecar", "check", "--json", "--runenv=(TOOL,3)"];
      const { stdout, stderr, code } = docker.run([...hardened, ...words]);
      const report: Report = JSON.parse(stdout);
      // Docker mounts a --tmpfs noexec.
      expect(troubles(report)).toEqual(["warning tmp-exec"]);
      expect(findingOf(report, "process").message).toMatch(/^process 1:/);
      expect(findingOf(report, "privileges").message).toBe(
        "no capabilities, none can be gained, a seccomp filter",
      );
      expect(findingOf(report, "activation").message).toMatch(
        /tried as user id 20042$/,
      );
      expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
      const home = docker.run([
        "run",
        "--rm",
        "--network=none",
        "check:test",
        "ls",
        "-A",
        "/tmp",
      ]);
      expect(home).toMatchObject({ stdout: "", code: 0 });
    });

    it("docker build stops at an image that would fail a user, until mended", () => {
      const fault = "RUN mkdir /tmp/home && chmod 0700 /opt/tool";
      const failed = build(`${fault}\nRUN sidecar check`);
      expect(failed.code).toBe(1);
      expect(failed.stdout).toMatch(
        /^FAILED {3}execute .*\/opt\/tool \(mode 0700, user id 0\)/m,
      );
      expect(failed.stdout).toMatch(/^warning {2}home /m);
      const mends = [...failed.stdout.matchAll(/-> in the Dockerfile: (RUN [^,\n]*)/g)];
      const mended = build(
        `${fault}\n${mends.map(([, line]) => line).join("\n")}\nRUN sidecar check`,
      );
      expect(mended.code, mended.stdout).toBe(0);
      expect(mended.stdout).toMatch(/^nothing failed: /m);
    });

    it("a small container is told what sidecar takes of it", () => {
      expect(build("").code).toBe(0);
      const { stdout } = docker.run([
        ...[...hardened, "--memory=48m", "--pids-limit=30"],
        ...["check:test", "sidecar", "check", "--json"],
      ]);
      expect(findingOf(JSON.parse(stdout), "memory")).toMatchObject({
        status: "warning",
        message: expect.stringMatching(
          /^cgroup version [12]: at most 48 MiB, at most 30 /,
        ),
      });
    });
  },
);
