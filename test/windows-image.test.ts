/** sidecar.exe under Wine: an image for Linux gets the executable for Linux. */
import { copyFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import {
  dockerArchive,
  type ImageDescription,
  writeArchive,
} from "./support/images.ts";
import { describeWhere } from "./support/machine.ts";
import { messageCodes, sidecar, workspace } from "./support/sidecar.ts";
import { prepareWine, sidecarExe, windowsNeeds } from "./support/wine.ts";

const image: ImageDescription = {
  layers: [{ "usr/": {}, "usr/local/": { mode: 0o2775, gid: 50 } }],
  config: { Env: ["DA__P7__RUNENV__COBOL__VERSION=42"] },
};

describeWhere(windowsNeeds, "on Windows", () => {
  beforeAll(prepareWine);

  async function prepared() {
    const directory = workspace();
    await writeArchive(await dockerArchive(image), join(directory, "i.tar"));
    // The head of a program for Linux, which is all that is looked at.
    copyFileSync("/bin/true", join(directory, "sidecar"));
    return directory;
  }

  it("appends to an archive as on Linux, and names it", async () => {
    const directory = await prepared();
    writeFileSync(join(directory, "out.tar"), "before");
    const words = ["image", "append", "i.tar", "--compute-names", "--sidecar=sidecar"];
    const { code, stderr, stdout } = await sidecarExe([...words, "-o", "out.tar"], {
      directory,
    });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("name: pseven-calc-cobol-42:latest");
    const here = await sidecar([...words, "-o", "here.tar"], { directory });
    expect(here.code, here.stderr).toBe(0);
    const configuration = (file: string) => {
      const extract = (name: string) =>
        JSON.parse(
          Bun.spawnSync(["tar", "xOf", join(directory, file), name]).stdout.toString(),
        );
      const [{ Config, RepoTags }] = extract("manifest.json");
      return { RepoTags, Config, layers: extract(Config).rootfs.diff_ids };
    };
    expect(configuration("out.tar")).toEqual(configuration("here.tar"));
    expect(readdirSync(directory).toSorted()).toEqual([
      ...["here.tar", "i.tar", "out.tar", "sidecar"],
    ]);
  });

  it("wants to be told where the executable for Linux is", async () => {
    const directory = await prepared();
    const words = ["image", "append", "i.tar", "-o", "out.tar"];
    const { code, stderr } = await sidecarExe(words, { directory });
    expect(messageCodes(stderr)).toEqual(["image-sidecar-invalid"]);
    expect(code).toBe(125);
    expect(readdirSync(directory).toSorted()).toEqual(["i.tar", "sidecar"]);
  });
});
