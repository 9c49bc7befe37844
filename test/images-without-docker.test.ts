/**
 * The family of images/ where there is no engine: built by `scripts/images.sh` and
 * `sidecar image`. What an engine makes of the result is then asked a real one.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Docker, startDocker } from "./support/docker.ts";
import {
  expectBlock,
  family,
  familyBlocks,
  hasDebianRoot,
  known,
  lint,
} from "./support/family.ts";
import { describeWhere, has, hasNamespaces, isRoot } from "./support/machine.ts";
import { root } from "./support/paths.ts";
import { run, sidecar, workspace } from "./support/sidecar.ts";

const build = (...words: string[]) =>
  run(["sh", join(root, "scripts/images.sh"), "--without-docker", ...words], {
    environment: { PATH: process.env["PATH"]!, HOME: workspace() },
  });

const withRunenv = family.filter(({ blocks }) => blocks.length > 0);

describeWhere(
  {
    root: isRoot,
    namespaces: hasNamespaces,
    "scripts/make-root.sh .cache/root": hasDebianRoot,
  },
  "built without an engine",
  () => {
    let place: string;

    beforeAll(async () => {
      place = mkdtempSync(join(tmpdir(), "sidecar-family-"));
      const { stdout, stderr, code } = await build(`--output=${place}`);
      expect(code, stderr).toBe(0);
      const directories = family.map(({ folder }) => `${join(place, folder)}\n`);
      expect(stdout).toBe(directories.join(""));
    });

    afterAll(() => {
      if (place) rmSync(place, { recursive: true, force: true });
    });

    it("nothing but the images is left behind", () => {
      const folders = family.map(({ folder }) => folder);
      expect(readdirSync(place).toSorted()).toEqual(folders.toSorted());
    });

    it.each(withRunenv)("$folder has the names that it must carry", async (member) => {
      const { stdout, code } = await sidecar([
        ...["image", "names", "--json", join(place, member.folder)],
      ]);
      const { images } = JSON.parse(stdout);
      const names = member.names.map((name) => `${name}:latest`);
      for (const image of images)
        expect(image).toMatchObject({ platform: "linux/amd64", names });
      expect(images.flatMap(({ present }: { present: string[] }) => present)).toEqual(
        names,
      );
      expect(code).toBe(0);
    });

    it.each(family)(
      "sidecar image lint has nothing against $folder",
      async (member) => {
        const name = `${member.names[0]}:latest`;
        expect(await lint(join(place, member.folder))).toEqual({ [name]: known[name] });
      },
    );

    it("what fails is told with the line of the Dockerfile, and leaves nothing", async () => {
      const result = await build("--output=/proc/nowhere", "shell");
      expect(result.stderr).toMatch(/^images\.sh: .*\/proc\/nowhere/m);
      expect(result.code).toBe(1);
      const unknown = await build(`--output=${place}`, "rust");
      expect(unknown.stderr).toContain("there is no image rust; there are sidecar, ");
      expect(unknown.code).toBe(1);
    });

    describeWhere({ dockerd: has("dockerd") }, "and loaded into Docker", () => {
      let docker: Docker;

      beforeAll(async () => {
        const started = await startDocker();
        if (!started) throw new Error("dockerd does not come up; its log is above");
        docker = started;
        for (const { folder } of withRunenv) {
          const archive = join(place, "archive.tar");
          const { stderr, code } = await sidecar([
            ...["image", "names", join(place, folder), "--apply"],
            ...["--form=docker-archive", `--output=${archive}`],
          ]);
          expect(code, stderr).toBe(0);
          const loaded = docker.run(["load", `--input=${archive}`]);
          expect(loaded.code, loaded.stderr).toBe(0);
          rmSync(archive);
        }
      });

      afterAll(async () => {
        await docker?.stop();
      });

      it.each(familyBlocks)(
        "$name runs its block as a user without privileges, read-only",
        (one) => {
          expectBlock(docker, one);
        },
      );
    });
  },
);
