/**
 * What real engines and tools make of images that `sidecar image append` wrote: Docker
 * runs them, podman, skopeo and umoci read them.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Docker, hardened, startDocker } from "./support/docker.ts";
import {
  dockerArchive,
  type ImageDescription,
  ociLayout,
  writeArchive,
} from "./support/images.ts";
import { describeWhere, has, hasNamespaces, isRoot } from "./support/machine.ts";
import { executable, root } from "./support/paths.ts";
import { run, sidecar, workspace } from "./support/sidecar.ts";

const names = ["pseven-calc-shell-1", "pseven-calc-shell-1-nx-2020"];

/** Of BusyBox, with /bin as a link to usr/bin, and a parent that others may not read. */
function shellImage(): ImageDescription {
  const busybox = readFileSync("/bin/busybox");
  const applet = { type: "symlink", linkname: "busybox" } as const;
  return {
    layers: [
      {
        "usr/": {},
        "usr/bin/": {},
        "usr/bin/busybox": { mode: 0o755, content: busybox },
        "usr/bin/sh": applet,
        "usr/bin/id": applet,
        "usr/bin/stat": applet,
        bin: { type: "symlink", linkname: "usr/bin" },
        "tmp/": { mode: 0o1777 },
        "etc/": {},
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
        "etc/group": "root:x:0:\n",
      },
      { "usr/local/": { mode: 0o2711, gid: 50 } },
    ],
    config: {
      Env: ["PATH=/usr/bin:/bin", "DA__P7__RUNENV__SHELL__VERSION=1"],
      Cmd: ["sh"],
    },
    names: ["docker.io/library/shell:1"],
  };
}

const block = [
  "--quiet",
  "--runenv=(SHELL,1)",
  ...["--exec", "sh", "-c"],
  'echo "$HOME $(id -un)"; stat -c "%a %g" /usr/local /usr/bin; exit 7',
];

const wishes = [
  ...["--users", "--home", "--entrypoint", "--compute-names"],
  "--env=DA__P7__RUNENV__SHELL__EXECUTE=sh",
  "--env=DA__P7__FEATURE__NX__VERSION=2020",
];

type Form = "docker-archive" | "oci-archive" | "oci-layout";

/** Results by what they are made of and how: each takes seconds. */
const results = new Map<string, Promise<string>>();
const place = mkdtempSync(join(tmpdir(), "sidecar-engines-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** @returns the path of the result, which nobody may change */
function appended(make: typeof ociLayout, form: Form): Promise<string> {
  const key = `${make.name}-${form}`;
  const known = results.get(key) ?? append(make, form, join(place, key));
  results.set(key, known);
  return known;
}

async function append(make: typeof ociLayout, form: Form, out: string) {
  const directory = workspace();
  const source = await writeArchive(await make(shellImage()), join(directory, "i.tar"));
  const words = ["image", "append", source, "-o", out, `--form=${form}`, ...wishes];
  const { code, stderr } = await sidecar(words);
  expect(code, stderr).toBe(0);
  return out;
}

const sources = [
  ["an archive of Docker", dockerArchive],
  ["an archive of OCI", ociLayout],
] as const;

describeWhere(
  { root: isRoot, namespaces: hasNamespaces, dockerd: has("dockerd") },
  "in Docker",
  () => {
    let docker: Docker;

    beforeAll(async () => {
      const started = await startDocker();
      if (!started) throw new Error("dockerd does not come up; its log is above");
      docker = started;
    });

    afterAll(async () => {
      await docker?.stop();
    });

    it.each(sources)("what comes of %s is loaded and run", async (_, make) => {
      const out = await appended(make, "docker-archive");
      const loaded = docker.run(["load", `--input=${out}`]);
      expect(loaded.code, loaded.stderr).toBe(0);
      for (const name of names) {
        expect(loaded.stdout).toContain(`Loaded image: ${name}:latest`);
        const { code, stdout, stderr } = docker.run([...hardened, name, ...block]);
        expect(stderr).toBe("");
        expect(stdout).toBe("/tmp/home user20042\n2711 50\n755 0\n");
        expect(code).toBe(7);
      }
      const { stdout } = docker.run([
        "inspect",
        "--format={{json .Config}}",
        names[0]!,
      ]);
      expect(JSON.parse(stdout)).toMatchObject({
        Entrypoint: ["/usr/local/bin/sidecar"],
        Cmd: null,
      });
      docker.run(["rmi", "--force", ...names]);
    });

    it("the commands of docs/image-archives.md do what they say", async () => {
      const page = readFileSync(join(root, "docs/image-archives.md"), "utf8");
      const section = page.split("## Putting sidecar into an image\n")[1]!;
      const script = /^( {4}.*\n)+/m.exec(section)![0];
      const directory = workspace();
      const base = join(directory, "base.tar");
      await writeArchive(
        await dockerArchive({ ...shellImage(), names: ["tool:1"] }),
        base,
      );
      expect(docker.run(["load", `--input=${base}`]).code).toBe(0);
      copyFileSync(executable, join(directory, "sidecar"));
      const { code, stderr } = await run(["sh", "-e", "-c", script], {
        directory,
        environment: { PATH: `${directory}:/usr/bin:/bin`, DOCKER_HOST: docker.host },
      });
      expect(code, stderr).toBe(0);
      const name = "pseven-calc-tool-1";
      const ran = docker.run([
        ...[...hardened, name, "--quiet", "--runenv=(TOOL,1)"],
        ...["--exec", "sh", "-c", "echo $HOME"],
      ]);
      expect(ran.stdout, ran.stderr).toBe("/tmp/home\n");
      docker.run(["rmi", "--force", name, "tool:1"]);
    });

    it("what Docker saves of a result can be appended to again", async () => {
      docker.run([
        "load",
        `--input=${await appended(dockerArchive, "docker-archive")}`,
      ]);
      const directory = workspace();
      const saved = join(directory, "saved.tar");
      docker.run(["save", `--output=${saved}`, ...names]);
      const out = join(directory, "out.tar");
      const { code, stderr } = await sidecar([
        ...["image", "append", saved, "-o", out, ...wishes],
      ]);
      expect(code, stderr).toBe(0);
      const id = () =>
        docker.run(["inspect", "--format={{.Id}}", names[0]!]).stdout.trim();
      const before = id();
      expect(docker.run(["load", `--input=${out}`]).code).toBe(0);
      // The same configuration, and so the same layers: ours was replaced by itself.
      expect(id()).toBe(before);
    });
  },
);

const reference = `docker.io/library/${names[1]}:latest`;

async function expectReadBySkopeo(form: Form, name: string): Promise<void> {
  const out = await appended(ociLayout, form);
  const transport = form === "oci-layout" ? "oci" : form;
  const image = `${transport}:${out}${name}`;
  const inspected = await run(["skopeo", "inspect", image]);
  expect(inspected.code, inspected.stderr).toBe(0);
  const { Labels, Layers, Env } = JSON.parse(inspected.stdout);
  expect(Layers).toHaveLength(3);
  expect(Labels["sidecar.layer"]).toMatch(/^sha256:/);
  expect(Env).toContain("HOME=/tmp/home");
  const copy = `dir:${workspace()}`;
  const copied = await run(["skopeo", "--insecure-policy", "copy", image, copy]);
  expect(copied.code, copied.stderr).toBe(0);
}

describeWhere({ skopeo: has("skopeo") }, "skopeo", () => {
  it("reads docker-archive, and copies it", () =>
    expectReadBySkopeo("docker-archive", ""));

  it("reads oci-layout, and copies it", () =>
    expectReadBySkopeo("oci-layout", `:${reference}`));
});

// It unpacks such an archive first, and gives each file to whom the archive says.
describeWhere({ root: isRoot, skopeo: has("skopeo") }, "skopeo", () => {
  it("reads oci-archive, and copies it", () =>
    expectReadBySkopeo("oci-archive", `:${reference}`));
});

describeWhere({ root: isRoot, umoci: has("umoci") }, "umoci", () => {
  it("unpacks the layout, with every attribute", async () => {
    const out = await appended(dockerArchive, "oci-layout");
    const { stdout } = await run(["umoci", "ls", "--layout", out]);
    expect(stdout.trim().split("\n")).toContain(reference);
    const bundle = join(workspace(), "bundle");
    const words = ["umoci", "unpack", "--image", `${out}:${reference}`, bundle];
    const { code, stderr } = await run(words);
    expect(code, stderr).toBe(0);
    const local = statSync(join(bundle, "rootfs/usr/local"));
    expect([local.mode & 0o7777, local.gid]).toEqual([0o2711, 50]);
    expect(statSync(join(bundle, "rootfs/usr/local/bin/sidecar")).mode & 0o7777).toBe(
      0o755,
    );
    const passwd = readFileSync(join(bundle, "rootfs/etc/passwd"), "utf8");
    expect(passwd).toContain("user29999:x:29999:29999::/tmp/home:/bin/sh\n");
  });
});

describeWhere({ root: isRoot, podman: has("podman") }, "podman", () => {
  it.each(sources)("loads what comes of %s, with all names", async (_, make) => {
    const out = await appended(make, "docker-archive");
    const directory = workspace();
    const place = ["root", "run"].map((name) => {
      mkdirSync(join(directory, name));
      return join(directory, name);
    });
    // As podman is where it may not raise limits, and where there is no systemd.
    const configuration = join(directory, "containers.conf");
    writeFileSync(
      configuration,
      `[containers]
default_ulimits=["nofile=4096:4096","nproc=4096:4096"]
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
runtime="runc"
`,
    );
    const podman = (...words: string[]) =>
      run(
        [
          ...["podman", "--root", place[0]!, "--runroot", place[1]!],
          ...["--storage-driver", "vfs", ...words],
        ],
        {
          environment: {
            PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
            CONTAINERS_CONF: configuration,
            HOME: directory,
          },
        },
      );
    const { code, stdout, stderr } = await podman("load", "--input", out);
    expect(code, stderr).toBe(0);
    for (const name of names) expect(stdout).toContain(`${name}:latest`);
    const ran = await podman(
      ...["run", "--rm", "--network=none", "--user=20042:20042", "--cap-drop=ALL"],
      ...["--security-opt=no-new-privileges", `localhost/${names[0]}`, ...block],
    );
    expect(ran.stdout, ran.stderr).toBe("/tmp/home user20042\n2711 50\n755 0\n");
    expect(ran.code).toBe(7);
    await podman("rmi", "--all", "--force");
  });
});
