/** The images of images/, built and run by a real Docker engine. */
import { chownSync, cpSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Docker, hardened, startDocker } from "./support/docker.ts";
import {
  buildFamily,
  debianRoot,
  expectBlock,
  expectedOf,
  family,
  familyBlocks,
  hasDebianRoot,
  known,
  lint,
  placeOf,
} from "./support/family.ts";
import {
  describeWhere,
  has,
  hasNamespaces,
  isRoot,
  platformUser,
} from "./support/machine.ts";
import { root } from "./support/paths.ts";
import { hasRegistry, startRegistry } from "./support/registry.ts";
import { run, until, workspace } from "./support/sidecar.ts";
import { inTerminal, keys } from "./support/terminal.ts";

const python3 = family.find(({ folder }) => folder === "python3")!;
const calibration = expectedOf("python3", python3.blocks[0]!);

/** What the commands of a page print, among other things. */
const pages: [page: string, printed: string[]][] = [
  ["README.md", [calibration]],
  ["images/sidecar/README.md", ["/shared/sidecar: installed"]],
  ["images/base/README.md", ["user 20042 at home in /tmp/home\n"]],
  ...family
    .filter(({ blocks }) => blocks.length > 0)
    .map(({ folder, blocks }): [string, string[]] => [
      `images/${folder}/README.md`,
      blocks.map((block) => expectedOf(folder, block)),
    ]),
];

describeWhere(
  {
    root: isRoot,
    namespaces: hasNamespaces,
    dockerd: has("dockerd"),
    "scripts/make-root.sh .cache/root": hasDebianRoot,
  },
  "in a Docker container",
  () => {
    let docker: Docker;

    beforeAll(async () => {
      const started = await startDocker();
      if (!started) throw new Error("dockerd does not come up; its log is above");
      docker = started;
      buildFamily(docker);
    });

    afterAll(async () => {
      await docker?.stop();
    });

    it.each(familyBlocks)(
      "$name runs its block as a user without privileges, to the known result",
      (one) => {
        const record = join(expectBlock(docker, one), "result.json");
        expect(statSync(record).uid).toBe(platformUser);
        expect(JSON.parse(readFileSync(record, "utf8"))).toMatchObject({
          state: "finished",
          runenv: { name: one.block.runenv[0] },
          exit: { code: 0, cause: "exited" },
        });
      },
    );

    it("sidecar image lint has nothing against them", async () => {
      const archive = join(workspace(), "family.tar");
      const names = family.flatMap((member) => member.names);
      const saved = docker.run(["save", `--output=${archive}`, ...names]);
      expect(saved.code, saved.stderr).toBe(0);
      expect(await lint(archive)).toEqual(known);
    });

    it("scripts/images.sh builds what is named, and what that is built from", async () => {
      const { stdout, stderr, code } = await run(
        ["sh", join(root, "scripts/images.sh"), "shell"],
        {
          environment: {
            PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
            HOME: workspace(),
            DOCKER_HOST: docker.host,
            DOCKER_BUILDKIT: "0",
          },
        },
      );
      expect(code, stderr).toBe(0);
      expect(stdout).toBe("sidecar\nsidecar-base\npseven-calc-shell-1\n");
    });

    /** Types what a page tells people to type; everything else is as they have it. */
    async function type(page: string, variables: Record<string, string> = {}) {
      const text = readFileSync(join(root, page), "utf8");
      const scripts = [...text.matchAll(/^```sh with-docker\n([\s\S]*?)^```/gm)];
      const directory = workspace();
      for (const name of ["dist/sidecar", "images", ".dockerignore"])
        cpSync(join(root, name), join(directory, name), { recursive: true });
      const script = scripts.map(([, lines]) => lines).join("\n");
      return run(["sh", "-e", "-c", script], {
        directory,
        environment: {
          PATH: `${directory}/dist:/usr/bin:/bin`,
          DOCKER_HOST: docker.host,
          DOCKER_BUILDKIT: "0",
          ...variables,
        },
      });
    }

    it.each(pages)("the commands of %s work as they stand there", async (page, all) => {
      const { stdout, stderr, code } = await type(page);
      expect(code, stderr).toBe(0);
      for (const printed of all) expect(stdout).toContain(printed);
    });

    describeWhere({ "docker-registry": hasRegistry }, "and with a registry", () => {
      it("ten minutes lead from nothing to an approved image", async () => {
        const registry = await startRegistry();
        const repository = `${registry.name}/pseven`;
        const { stdout, stderr, code } = await type("docs/image-developers.md", {
          REGISTRY: repository,
        });
        expect(code, stderr).toBe(0);
        // What lint says first is what the page shows.
        expect(stdout).toMatch(
          /^ERROR +way-closed .*: \/opt\/units \(mode 0750, user id 0\) may not be entered/m,
        );
        expect(stdout).toMatch(/^ +by layer 4: RUN chmod 0750 \/opt\/units$/m);
        expect(stdout).toMatch(/^ +-> RUN chmod a\+x \/opt\/units$/m);
        expect(stdout).toContain("\nexit code 1\n");
        expect(stdout).toContain("\n30.48 m\n0.3175 m\n");
        expect(stdout).toContain("\npseven-calc-units-1:latest\n");
        expect(stdout).toMatch(
          new RegExp(`${repository}/pseven-calc-units-1@sha256:[0-9a-f]{64}`),
        );
        expect(stdout).toContain("\nno: 1\n");
        expect(stdout).toContain("\ntwo and 2\n");
        await registry.stop();
      });
    });

    it("docker stop reaches the block, which may end as it wants", async () => {
      const id = docker
        .run([
          ...hardened.filter((word) => word !== "--rm"),
          "--detach",
          "pseven-calc-shell-1",
          "--exec",
          "/bin/sh",
          "-c",
          "trap 'echo saved; exit 6' TERM; echo up; while :; do sleep 0.1; done",
        ])
        .stdout.trim();
      while (!docker.run(["logs", id]).stdout.includes("up")) await Bun.sleep(50);
      docker.run(["stop", "--time=60", id]);
      expect(docker.run(["wait", id]).stdout.trim()).toBe("6");
      expect(docker.run(["logs", id]).stdout).toBe("up\nsaved\n");
    });

    describe("docker run -it", () => {
      const begin = (script: string) =>
        inTerminal(
          [
            ...[
              "/usr/bin/docker",
              "run",
              "-it",
              ...hardened.slice(1),
              "pseven-calc-shell-1",
            ],
            ...["--quiet", "--exec", "/bin/sh", "-c", script],
          ],
          { PATH: "/usr/bin:/bin", DOCKER_HOST: docker.host, TERM: "xterm" },
        );

      it("Ctrl-C ends the block as the block wants", async () => {
        const script =
          "trap 'echo bye; exit 7' INT; echo ready; while :; do sleep 0.1; done";
        const { type, shows, ended } = begin(script);
        await shows("ready");
        type(keys.interrupt);
        await shows("bye");
        expect(await ended).toBe(7);
      });

      it("Ctrl-Z, which nobody there could undo, does not stop the block", async () => {
        const { type, shows, ended } = begin("echo ready; read x; echo got-$x; exit 5");
        await shows("ready");
        type(keys.suspend);
        type("typed\n");
        await shows("got-typed");
        expect(await ended).toBe(5);
      });

      it("the window's size and its changes reach the block", async () => {
        const script =
          "trap 'stty size' WINCH; stty size; echo ready; " +
          "i=0; while [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done";
        const { type, shows, shown, resize, ended } = begin(script);
        await shows("ready");
        // Docker's client may not listen yet: its window changes until it does.
        let columns = 132;
        await until(() => {
          resize(columns, 43);
          columns = 263 - columns;
          return /43 13[12]/.test(shown());
        }, "the block learns of it");
        type(keys.interrupt);
        expect(await ended).toBe(130);
      });
    });

    it("a block that takes too much memory is told so", () => {
      const directory = placeOf("python3");
      const { code, stderr } = docker.run([
        ...hardened,
        "--memory=64m",
        "--memory-swap=64m",
        `--volume=${directory}:/block`,
        "pseven-calc-python3-3",
        "--result=/block/result.json",
        "--exec",
        "python3",
        "-c",
        "x = bytearray(500_000_000)",
      ]);
      // The kernel takes the biggest process of the container: the block, not sidecar.
      expect(code).toBe(137);
      expect(stderr).toMatch(/block-out-of-memory/);
      const record = readFileSync(join(directory, "result.json"), "utf8");
      const limit = 64 * 1024 * 1024;
      expect(JSON.parse(record)).toMatchObject({
        exit: { signal: "SIGKILL", cause: "out-of-memory" },
        usage: { peakMemory: limit, peakMemorySource: "cgroup", memoryLimit: limit },
      });
    });

    it("sidecar works with 32 MB of memory, and leaves the block nearly all", () => {
      const { code, stdout } = docker.run([
        ...hardened,
        "--memory=32m",
        "pseven-calc-shell-1",
        "--exec",
        "/bin/echo",
        "fits",
      ]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: "fits\n" });
    });

    it("what was frozen when the image was built needs no shell", () => {
      const words = ["--runenv=(PYTHON3,3)", "--explain", "--exec", "python"];
      const { code, stdout, stderr } = docker.run([
        ...hardened,
        "pseven-calc-python3-3",
        ...words,
      ]);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      expect(stdout).toContain(
        "activation  frozen in /usr/local/share/sidecar/frozen/PYTHON3\n",
      );
      expect(stdout).toContain("program     /opt/python3/venv/bin/python\n");
    });

    it("what was frozen is not used for another file", () => {
      const file = join(workspace(), "activate");
      writeFileSync(file, "export PATH=/elsewhere:$PATH\n");
      const { code, stderr } = docker.run([
        ...hardened,
        `--volume=${file}:/opt/python3/venv/bin/activate:ro`,
        ...["pseven-calc-python3-3", "--runenv=(PYTHON3,3)", "--exec", "python"],
      ]);
      expect(stderr).toContain("error[activation-frozen-changed]");
      expect(stderr).toContain("/opt/python3/venv/bin/activate has changed");
      expect(code).toBe(123);
    });

    it("the wrong runenv lists what the image has", () => {
      const { code, stderr } = docker.run([
        ...hardened,
        "pseven-calc-cobol-42",
        "--runenv=(PYTHON3,3)",
        "--exec",
        "x",
      ]);
      expect(code).toBe(125);
      expect(stderr).toContain("this image has no runenv PYTHON3; it has COBOL 42");
    });
  },
);

describeWhere(
  {
    root: isRoot,
    namespaces: hasNamespaces,
    "scripts/make-root.sh .cache/root": hasDebianRoot,
  },
  "in a debootstrap root, without any engine",
  () => {
    it("the COBOL report is printed as uid 20042, unknown, unprivileged", async () => {
      const directory = workspace();
      cpSync(join(root, "images/cobol/blocks"), directory, { recursive: true });
      chownSync(directory, platformUser, platformUser);
      const script = `
        set -e
        mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" overlay "$4"
        mkdir -p "$4/opt/cobol" "$4/block" "$4/usr/local/src"
        cp -r "$5/images/cobol" "$4/usr/local/src/cobol"
        cp "$5/dist/sidecar" "$4/usr/local/bin/sidecar"
        chroot "$4" sh /usr/local/src/cobol/install.sh /opt/cobol >&2
        mount --bind "$6" "$4/block"
        mount -t proc proc "$4/proc"
        exec setpriv --no-new-privs \\
          chroot --userspec=${platformUser}:${platformUser} --groups= "$4" \\
          /usr/bin/env -i PATH=/usr/bin:/bin \\
          DA__P7__RUNENV__COBOL__VERSION=42 \\
          DA__P7__RUNENV__COBOL__ACTIVATE=/opt/cobol/activate.sh \\
          "DA__P7__RUNENV__COBOL__EXECUTE=cobc -xj" \\
          /usr/local/bin/sidecar "--runenv=(COBOL,42)" --cwd=/block \\
          --exec '\${DA__P7__RUNENV__COBOL__EXECUTE}' report.cob`;
      const scratch = workspace();
      const places = ["upper", "work", "merged"].map((name) => join(scratch, name));
      Bun.spawnSync(["mkdir", ...places]);
      const { stdout, stderr, code } = await run([
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "sh",
        "-c",
        script,
        "sh",
        debianRoot,
        ...places,
        root,
        directory,
      ]);
      expect(stderr).toBe("");
      expect(stdout).toBe(readFileSync(join(directory, "report.expected"), "utf8"));
      expect(code).toBe(0);
    });
  },
);
