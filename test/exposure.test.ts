/** Other users' folders must not be seen from inside a task. */
import { describe, expect, it } from "vitest";
import { findExposures, mountPoints } from "../src/companion/exposure.ts";
import { describeWhere, hasNamespaces, isRoot } from "./support/machine.ts";
import { sidecarAsUser } from "./support/namespace.ts";
import { messageCodes, smallEnvironment } from "./support/sidecar.ts";

describe("exposures", () => {
  const find = (
    storage: string[],
    tree: Record<string, string[]>,
    mounted: string[] = [],
  ) =>
    findExposures(
      storage,
      (directory) => tree[directory] ?? [],
      (directory) => mounted.includes(directory),
    ).map(({ directory, others }) => `${directory}:${others}`);

  it.each<[string, string[], Record<string, string[]>, string[], string[]]>([
    ["nothing there", [], {}, [], []],
    ["only one's own", ["/Users/42/"], { "/Users": ["42"] }, ["/Users/42"], []],
    ["all users", ["/Users/42"], { "/Users": ["7", "42", "x"] }, [], ["/Users:1"]],
    ["all users, no storage", [], { "/Users": ["7", "42"] }, [], ["/Users:2"]],
    ["the root mounted", ["/Users/42"], { "/Users": ["42"] }, ["/Users"], ["/Users:0"]],
    [
      "all runs of an app",
      ["/Apps/13/Runs/42"],
      { "/Apps": ["13"], "/Apps/13/Runs": ["41", "42", "43"] },
      [],
      ["/Apps/13/Runs:2"],
    ],
    [
      "two folders of one's own",
      ["/Users/42", "/Users/43"],
      { "/Users": ["42", "43"] },
      [],
      [],
    ],
    ["another place", ["/data/u/42"], { "/data/u": ["41", "42"] }, [], ["/data/u:1"]],
    ["numbers beside a name", ["/data/me"], { "/data": ["1", "2", "me"] }, [], []],
    ["names beside a number", ["/data/42"], { "/data": ["42", "lib"] }, [], []],
  ])("%s", (_, storage, tree, mounted, expected) => {
    expect(find(storage, tree, mounted)).toEqual(expected);
  });

  it("know mount points with blanks in their names", () => {
    const info = "1 2 0:3 / /Users rw - ext4 d rw\n4 5 0:6 / /a\\040b rw - ext4 d rw\n";
    expect([...mountPoints(info)]).toEqual(["/Users", "/a b"]);
  });
});

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "in the product", () => {
  // A root of our own: /Users and /Apps do not exist on this machine.
  const prepare = `
    mkdir -p /mnt/root/Users/42 /mnt/root/Users/7
    for d in bin lib lib64 usr etc proc dev; do
      [ -e /$d ] && mkdir -p /mnt/root/$d && mount --rbind /$d /mnt/root/$d
    done
    mkdir -m 1777 /mnt/root/tmp; mkdir -p /mnt/root/mnt
    touch /mnt/root/mnt/sidecar; mount --bind /mnt/sidecar /mnt/root/mnt/sidecar
    set -- chroot /mnt/root "$@"`;
  const environment = {
    ...smallEnvironment,
    DA__P7__PCLUSTER__STORAGE__USER: "/Users/42/",
  };

  it("they are warned about", async () => {
    const { stderr, code } = await sidecarAsUser(prepare, ["--exec", "true"], {
      environment,
    });
    expect(messageCodes(stderr)).toEqual(["exposed-folders"]);
    expect(stderr).toContain(
      "/Users is mounted here: 1 of others' folders can be seen",
    );
    expect(code).toBe(0);
  });

  it("they are refused under --strict", async () => {
    const { stderr, code } = await sidecarAsUser(
      prepare,
      ["--strict", "--exec", "true"],
      {
        environment,
      },
    );
    expect(messageCodes(stderr)).toEqual(["strict-refusal"]);
    expect(code).toBe(125);
  });

  it("one's own folder alone is fine", async () => {
    const alone = `${prepare}\n rmdir /mnt/root/Users/7`;
    const { stderr, code } = await sidecarAsUser(
      alone,
      ["--strict", "--exec", "true"],
      {
        environment,
      },
    );
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });
});
