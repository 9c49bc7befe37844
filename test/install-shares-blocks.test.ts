/** On a file system that shares blocks between files, a copy costs next to nothing. */
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeWhere, has, hasNamespaces, isRoot } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { run, workspace } from "./support/sidecar.ts";

const hasBtrfs =
  has("mkfs.btrfs") &&
  existsSync("/dev/loop-control") &&
  readFileSync("/proc/filesystems", "utf8").includes("\tbtrfs\n");

describeWhere(
  { root: isRoot, namespaces: hasNamespaces, "Btrfs and btrfs-progs": hasBtrfs },
  "on Btrfs",
  () => {
    it("a copy is whole, starts, and takes no space of its own", async () => {
      const script = `
        set -e
        sidecar=$1
        truncate --size=400M disk
        mkfs.btrfs --quiet disk
        mkdir volume
        mount -o loop disk volume
        cp "$sidecar" volume/one
        sync
        free() { stat --file-system --format='%a * %S' volume; }
        before=$(free)
        volume/one install volume/two
        sync
        after=$(free)
        cmp volume/one volume/two
        volume/two --version
        stat --format='mode %a' volume/two
        echo "taken $(( $before - ($after) ))"
        umount volume`;
      const { stdout, stderr, code } = await run(
        ["unshare", "--mount", "sh", "-c", script, "sh", executable],
        { directory: workspace() },
      );
      expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
      expect(stdout).toMatch(/^sidecar \S+ \(/m);
      expect(stdout).toContain("mode 755");
      // The file has 113 MB; what is taken is for its name and its list of blocks.
      const taken = Number(/^taken (-?\d+)$/m.exec(stdout)?.[1]);
      expect(taken).toBeLessThan(5_000_000);
    });
  },
);
