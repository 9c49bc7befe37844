/**
 * A virtual machine of scripts/make-machine.sh: a kernel with version 2 of cgroups and
 * its memory controller, whatever this machine has. Emulated, so that KVM is not
 * needed; it is up in two seconds, and some ten times slower than this machine.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./paths.ts";
import { run } from "./sidecar.ts";

const place = process.env["SIDECAR_MACHINE"] ?? join(root, ".cache/machine");
const unpacked = join(place, "usr/bin/qemu-system-x86_64");
/** Where it is installed it was not unpacked. */
const emulator = existsSync(unpacked) ? unpacked : "/usr/bin/qemu-system-x86_64";
const busybox = Bun.which("busybox");
const mke2fs = Bun.which("mke2fs", { PATH: "/usr/sbin:/sbin" });

/** What is needed, by name, and whether it is there. */
export const machineNeeds = {
  "scripts/make-machine.sh .cache/machine": existsSync(join(place, "complete")),
  "busybox-static": busybox !== null,
  e2fsprogs: mke2fs !== null,
};

const begin = `#!/bin/busybox sh
export PATH=/bin NO_COLOR=1
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t tmpfs tmp /tmp
`;
const end = "\necho '=== end'\nsync\npoweroff -f\n";

/** More than enough: it ends by itself, and a kernel that panics ends it, too. */
const patience = "300";

/**
 * Starts it, and runs a script of busybox's sh in it as process 1, as root. `files` are
 * in /bin there, by their names. What is on its console comes back.
 */
export async function runInMachine(
  files: Readonly<Record<string, string>>,
  script: string,
): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "sidecar-machine-"));
  try {
    const tree = join(directory, "tree");
    for (const name of ["bin", "dev", "proc", "sys", "tmp"])
      mkdirSync(join(tree, name), { recursive: true });
    const all = { ...files, busybox: busybox! };
    for (const [name, file] of Object.entries(all)) {
      copyFileSync(file, join(tree, "bin", name));
      chmodSync(join(tree, "bin", name), 0o755);
    }
    writeFileSync(join(tree, "init"), begin + script + end, { mode: 0o755 });
    const disk = join(directory, "disk");
    // 300 MB: sidecar has 113 of them. What nobody writes takes no room.
    await must([mke2fs!, "-q", "-t", "ext4", "-d", tree, disk, "300M"]);
    return await must(["timeout", patience, ...machineWords(disk)]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function machineWords(disk: string): string[] {
  return [
    emulator,
    ...["-L", join(place, "usr/share/qemu"), "-L", join(place, "usr/share/seabios")],
    ...["-machine", "pc,accel=tcg", "-cpu", "max", "-m", "512"],
    ...["-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"],
    // Its drivers are in the kernel itself, no module has to be loaded.
    ...["-drive", `file=${disk},if=none,id=disk,format=raw,cache=unsafe`],
    ...["-device", "nvme,serial=1,drive=disk"],
    ...["-kernel", join(place, "vmlinuz"), "-append"],
    "console=ttyS0 quiet loglevel=0 panic=-1 root=/dev/nvme0n1 rw init=/init",
  ];
}

async function must(words: readonly string[]): Promise<string> {
  const libraries = join(place, "usr/lib/x86_64-linux-gnu");
  const environment = { PATH: "/usr/bin:/bin", LD_LIBRARY_PATH: libraries };
  const { code, stdout, stderr } = await run(words, { environment });
  if (code !== 0) throw new Error(`${words[0]}: ${code}\n${stdout}${stderr}`);
  return stdout.replaceAll("\r", "");
}

/** What a script printed behind `=== NAME`, up to the next such line. */
export function section(output: string, name: string): string {
  const after = output.split(`=== ${name}\n`)[1];
  if (after === undefined) throw new Error(`there is no "${name}" in:\n${output}`);
  return after.split(/^=== /m)[0]!;
}
