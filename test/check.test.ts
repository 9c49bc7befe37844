/** `sidecar check` finds what would keep a block of some user from working. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { checkNames } from "../src/preflight/finding.ts";
import {
  asRoot,
  check,
  findingOf,
  remedy,
  type Scenario,
  troubles,
} from "./support/checking.ts";
import {
  asPlatformUser,
  describeWhere,
  hasNamespaces,
  isRoot,
  platformUser,
} from "./support/machine.ts";
import { root } from "./support/paths.ts";

const variable = (what: string) => `DA__P7__RUNENV__TOOL__${what}`;
const storage = "DA__P7__PCLUSTER__STORAGE__USER";
const tool = "/opt/tool/bin/tool";

const schema = JSON.parse(
  readFileSync(join(root, "docs/sidecar-check-1.schema.json"), "utf8"),
);
const isValid = new Ajv2020().compile(schema);

/** A fault, what is said of it, and whether the hint's own command mends it. */
type Fault = Scenario & {
  readonly found: `${"failed" | "warning"} ${(typeof checkNames)[number]}`;
  readonly says: RegExp;
  readonly hint: RegExp;
  readonly mends?: boolean;
};

const faults: Readonly<Record<string, Fault>> = {
  "sidecar in a closed directory": {
    prepare: "chmod 750 /mnt",
    found: "failed sidecar",
    says: /^\/mnt \(mode 0750, user id 0\) may not be entered by everybody$/,
    hint: /RUN chmod a\+x \/mnt$/,
    mends: true,
  },
  "a /tmp for root only": {
    prepare: "chmod 755 /tmp",
    found: "failed tmp",
    says: /mode 755: not everybody/,
    hint: /RUN chmod 1777 \/tmp$/,
    mends: true,
  },
  "a /tmp that is not sticky": {
    prepare: "chmod 777 /tmp",
    found: "warning tmp",
    says: /not sticky/,
    hint: /RUN chmod 1777 \/tmp$/,
    mends: true,
  },
  "a /tmp of one user of the platform": {
    prepare: "chown 20042:20042 /tmp; chmod 1770 /tmp",
    found: "failed tmp",
    says: /mode 1770/,
    hint: /chmod 1777/,
    mends: true,
  },
  "a read-only /tmp": {
    prepare: "mount -o remount,ro /tmp",
    found: "failed tmp",
    says: /\/tmp is read-only/,
    hint: /--tmpfs=\/tmp.*emptyDir/,
  },
  "a read-only /tmp, and a TMPDIR": {
    prepare: "mount -o remount,ro /tmp; mkdir -m 1777 /mnt/t",
    variables: { TMPDIR: "/mnt/t" },
    found: "warning tmp",
    says: /a HOME is made in \/mnt\/t \(TMPDIR\)/,
    hint: /--tmpfs=\/tmp/,
  },
  "a /tmp mounted noexec": {
    prepare: "mount -o remount,noexec /tmp",
    found: "warning tmp-exec",
    says: /noexec/,
    hint: /--tmpfs=\/tmp:exec/,
  },
  "a full /tmp": {
    prepare:
      "umount /tmp; mount -t tmpfs -o mode=1777,size=64k tmp /tmp; " +
      "cat /dev/zero > /tmp/fill 2>/dev/null || true",
    found: "failed tmp-space",
    says: /no space is left/,
    hint: /make room/,
  },
  "a /tmp without inodes": {
    prepare:
      "umount /tmp; mount -t tmpfs -o mode=1777,nr_inodes=3 tmp /tmp; " +
      "touch /tmp/a /tmp/b /tmp/c 2>/dev/null || true",
    found: "failed tmp-space",
    says: /no inode is left/,
    hint: /make room/,
  },
  "a /tmp/home that a RUN left": {
    prepare: "mkdir /tmp/home; touch /tmp/home/.cache",
    found: "warning home",
    says: /belongs to user id 0: others get a private directory/,
    hint: /RUN rm -rf \/tmp\/home/,
    mends: true,
  },
  "a /tmp/home of one user of the platform": {
    prepare: "mkdir /tmp/home; chown 20043 /tmp/home",
    found: "warning home",
    says: /belongs to user id 20043/,
    hint: /RUN rm -rf \/tmp\/home/,
    mends: true,
  },
  "a /tmp/home that is a link": {
    prepare: "ln -s /mnt /tmp/home",
    found: "warning home",
    says: /is a symbolic link/,
    hint: /RUN rm -rf \/tmp\/home/,
    mends: true,
  },
  "few open files": {
    as: (...words) => ["prlimit", "--nofile=100", ...words],
    found: "warning limits",
    says: /^unusually low: 100 open files$/,
    hint: /ulimit -n/,
  },
  "few addresses and processes": {
    as: (...words) => ["prlimit", "--as=2147483648", "--nproc=50", ...words],
    found: "warning limits",
    says: /^unusually low: 50 processes, 2 GiB of addresses$/,
    hint: /ulimit -u, ulimit -v/,
  },
  "no /proc": {
    prepare: "mount --bind /opt /proc",
    found: "warning proc",
    says: /there is no \/proc/,
    hint: /mount -t proc/,
  },
  "a storage variable with a relative path": {
    variables: { [storage]: "Users/42" },
    found: "failed storage",
    says: /Users\/42 is not an absolute path/,
    hint: /from \/ on/,
  },
  "a storage folder that is not there": {
    variables: { [storage]: "/mnt/Users/42" },
    found: "failed storage",
    says: /\/mnt\/Users\/42: No such file/,
    hint: /mounts the folder/,
  },
  "a storage folder that is a file": {
    prepare: "touch /mnt/folder",
    variables: { [storage]: "/mnt/folder" },
    found: "failed storage",
    says: /is a file, not a directory/,
    hint: /mounts the folder/,
  },
  "a storage folder that this user may not enter": {
    prepare: "mkdir -m 700 /mnt/folder",
    variables: { [storage]: "/mnt/folder" },
    as: asPlatformUser,
    found: "failed storage",
    says: /may not be entered by user id 20042/,
    hint: /right to enter/,
  },
  "other users' folders": {
    prepare: "mkdir -p /mnt/Users/42 /mnt/Users/43",
    variables: { [storage]: "/mnt/Users/42" },
    found: "warning exposure",
    says: /1 of others' folders can be seen/,
    hint: /mount only the folders of this task/,
  },
  "a misspelt variable": {
    variables: { DA__P7__RUNENV__TOOL__EXECUT: "x" },
    found: "warning variables",
    says: /does not read DA__P7__RUNENV__TOOL__EXECUT$/,
    hint: /upper case/,
  },
  "a runenv that the image does not have": {
    words: ["--runenv=(ADA,1)"],
    found: "failed runenv",
    says: /no runenv ADA; it has TOOL 3/,
    hint: /ask for one of these/,
  },
  "a runenv that is too old": {
    words: ["--runenv", "tool, 4"],
    found: "failed runenv",
    says: /version 4 or later was asked for/,
    hint: /TOOL 4 or later/,
  },
  "a version that is no number": {
    variables: { [variable("VERSION")]: "3.1" },
    found: "failed runenv",
    says: /3\.1 is not a whole number/,
    hint: /ENV DA__P7__RUNENV__TOOL__VERSION=1/,
  },
  "no version": {
    variables: { [variable("VERSION")]: undefined },
    found: "warning runenv",
    says: /no version is declared/,
    hint: /ENV DA__P7__RUNENV__TOOL__VERSION=1/,
  },
  "an activation's file that is not there": {
    prepare: "rm /opt/tool/activate.sh",
    found: "failed activate-file",
    says: /\/opt\/tool\/activate\.sh: No such file/,
    hint: /put it there/,
  },
  "an activation's file that root alone may read": {
    prepare: "chmod 640 /opt/tool/activate.sh",
    found: "failed activate-file",
    says: /activate\.sh \(mode 0640, user id 0\) may not be read by everybody/,
    hint: /RUN chmod a\+r \/opt\/tool\/activate\.sh$/,
    mends: true,
  },
  "an activation's file of one user of the platform": {
    prepare: "chown 20042 /opt/tool/activate.sh; chmod 600 /opt/tool/activate.sh",
    as: asPlatformUser,
    found: "failed activate-file",
    says: /\(mode 0600, user id 20042\) may not be read by everybody/,
    hint: /RUN chmod a\+r/,
    mends: true,
  },
  "an activation's file that its group may not read": {
    prepare: "chgrp 20042 /opt/tool/activate.sh; chmod 604 /opt/tool/activate.sh",
    found: "failed activate-file",
    says: /\(mode 0604, user id 0\)/,
    hint: /RUN chmod a\+r/,
    mends: true,
  },
  "an activation's file in a closed directory": {
    prepare: "chmod 700 /opt/tool",
    found: "failed activate-file",
    says: /^\/opt\/tool \(mode 0700, user id 0\) may not be entered by everybody$/,
    hint: /RUN chmod a\+x \/opt\/tool$/,
    mends: true,
  },
  "an activation's file by a relative path": {
    variables: { [variable("ACTIVATE")]: "tool/activate.sh" },
    found: "warning activate-file",
    says: /each block's own directory/,
    hint: /whole path/,
  },
  "an activation for no shell": {
    prepare: "sed -i '1i #!/usr/bin/python3' /opt/tool/activate.sh",
    found: "failed activate-shell",
    says: /which is no POSIX shell/,
    hint: /#!\/bin\/sh/,
  },
  "an activation for a shell that is not there": {
    prepare: "sed -i '1i #!/opt/bash' /opt/tool/activate.sh",
    found: "failed activate-shell",
    says: /\/opt\/bash was not found/,
    hint: /install it, or .* \.env file/,
  },
  "an activation that fails": {
    variables: { [variable("ACTIVATE")]: "echo 'no licence' >&2; false" },
    found: "failed activation",
    says: /failed with exit status 1; it said: no licence/,
    hint: /try it in a shell/,
  },
  "an activation that reads what root alone may": {
    prepare: "touch /opt/secret; chmod 600 /opt/secret",
    variables: { [variable("ACTIVATE")]: ". /opt/secret" },
    found: "failed activation",
    says: /Permission denied/,
    hint: /try it in a shell/,
  },
  "an activation that reads what one user of the platform may": {
    prepare: "touch /opt/secret; chown 20042 /opt/secret; chmod 600 /opt/secret",
    variables: { [variable("ACTIVATE")]: ". /opt/secret" },
    found: "failed activation",
    says: /Permission denied/,
    hint: /try it in a shell/,
  },
  "an activation that ends its shell": {
    variables: { [variable("ACTIVATE")]: "exit 0" },
    found: "failed activation",
    says: /ended its shell before/,
    hint: /leave it with return/,
  },
  "an activation that root alone can try": {
    as: (...words) => ["setpriv", "--bounding-set=-setuid", ...words],
    found: "warning activation",
    says: /tried as root only.*not permitted/i,
    hint: /--user=20042:20042/,
  },
  "a program that the activation does not put into PATH": {
    variables: { [variable("ACTIVATE")]: "" },
    found: "failed execute",
    says: /the program tool was not found in PATH/,
    hint: /^PATH is \/usr/,
  },
  "a program that may not be executed": {
    prepare: `chmod 644 ${tool}`,
    found: "failed execute",
    says: /tool \(mode 0644, user id 0\) may not be executed by everybody/,
    hint: /RUN chmod a\+rx \/opt\/tool\/bin\/tool$/,
    mends: true,
  },
  "a script that may be executed and not read": {
    prepare: `chmod 711 ${tool}`,
    found: "failed execute",
    says: /tool \(mode 0711, user id 0\) may not be read by everybody/,
    hint: /RUN chmod a\+rx/,
    mends: true,
  },
  "a program in a closed directory": {
    prepare: "chmod 750 /opt/tool/bin",
    found: "failed execute",
    says: /^\/opt\/tool\/bin \(mode 0750/,
    hint: /RUN chmod a\+x \/opt\/tool\/bin$/,
    mends: true,
  },
  "a program behind a link into root's home": {
    prepare:
      "mount -t tmpfs -o mode=700 home /root; mkdir /root/.pyenv; " +
      `mv ${tool} /root/.pyenv/tool; ln -s ../../../root/.pyenv/tool ${tool}`,
    found: "failed execute",
    says: /^\/root \(mode 0700, user id 0\) may not be entered by everybody$/,
    hint: /install it elsewhere, as in \/opt; or .*RUN chmod a\+x \/root$/,
    mends: true,
  },
  "a program whose interpreter is not there": {
    prepare: `sed -i '1s|.*|#!/opt/python9|' ${tool}`,
    found: "failed execute",
    says: /needs the interpreter \/opt\/python9, which is not there/,
    hint: /install the interpreter/,
  },
  "a program whose interpreter root alone may start": {
    prepare:
      "cp /bin/dash /opt/dash; chmod 700 /opt/dash; " +
      `sed -i '1s|.*|#!/opt/dash|' ${tool}`,
    found: "failed execute",
    says: /\/opt\/dash \(mode 0700, user id 0\) may not be/,
    hint: /RUN chmod a\+rx \/opt\/dash$/,
    mends: true,
  },
  "a script with the line ends of Windows": {
    prepare: `sed -i 's/$/\\r/' ${tool}`,
    found: "failed execute",
    says: /needs the interpreter \/bin\/sh\\x0d/,
    hint: /RUN sed -i 's\/\\r\$\/\/' \/opt\/tool\/bin\/tool$/,
    mends: true,
  },
  "a script that has env search for what is not there": {
    prepare: `sed -i '1s|.*|#!/usr/bin/env -S python9 -u|' ${tool}`,
    found: "failed execute",
    says: /is run by python9: the program python9 was not found/,
    hint: /install it/,
  },
  "a program that is for no system": {
    prepare: `echo 'echo no first line' > ${tool}`,
    found: "failed execute",
    says: /neither an executable of this system nor a #! script/,
    hint: /#!\/bin\/sh/,
  },
  "a program for another processor": {
    // e_machine of elf(5): 183 is aarch64.
    prepare:
      `cp /bin/true ${tool}; ` +
      `printf '\\267' | dd of=${tool} bs=1 seek=18 conv=notrunc status=none`,
    found: "failed execute",
    says: /is for aarch64; this machine is x86_64/,
    hint: /x86_64/,
  },
  "an EXECUTE with a quote that is not closed": {
    variables: { [variable("EXECUTE")]: "tool 'x" },
    found: "failed execute",
    says: /a ' that is not closed/,
    hint: /JSON array/,
  },
  "an empty EXECUTE": {
    variables: { [variable("EXECUTE")]: " " },
    found: "failed execute",
    says: /EXECUTE is empty/,
    hint: /ENV DA__P7__RUNENV__TOOL__EXECUTE=/,
  },
  "a program by a relative path": {
    variables: { [variable("EXECUTE")]: "./run" },
    found: "warning execute",
    says: /\.\/run is looked for in each block's own directory/,
    hint: /whole path/,
  },
  "a program on a file system mounted noexec": {
    prepare: "mount -o remount,noexec /opt",
    found: "failed execute",
    says: /noexec/,
    hint: /./,
  },
  capabilities: {
    as: (...words) => [
      "setpriv",
      "--reuid=20042",
      "--regid=20042",
      "--clear-groups",
      "--inh-caps=+net_raw",
      "--ambient-caps=+net_raw",
      ...words,
    ],
    found: "warning privileges",
    says: /would have capabilities: net_raw$/,
    hint: /--cap-drop=ALL/,
  },
  "set-user-ID programs that work": {
    as: (...words) => [
      "setpriv",
      "--reuid=20042",
      "--regid=20042",
      "--clear-groups",
      ...words,
    ],
    found: "warning privileges",
    says: /no_new_privs is off/,
    hint: /no-new-privileges.*allowPrivilegeEscalation/,
  },
};

describeWhere({ root: isRoot, namespaces: hasNamespaces }, "an image", () => {
  it.each([
    ["root", asRoot, 29_999],
    ["a user of the platform", asPlatformUser, platformUser],
  ])("that is good is found to be so by %s, and left as it was", async (_, as, uid) => {
    const { report, stderr, code, left } = await check({ as });
    expect(troubles(report)).toEqual([]);
    expect(report).toMatchObject({ schema: "sidecar-check-1", ok: true });
    expect(report.checks.map(({ name }) => name)).toEqual(checkNames);
    expect(findingOf(report, "activation")).toMatchObject({
      runenv: "TOOL",
      message: expect.stringMatching(`^\\d+ ms, tried as user id ${uid}$`),
    });
    expect(isValid(report), JSON.stringify(isValid.errors)).toBe(true);
    expect({ stderr, code, left }).toEqual({ stderr: "", code: 0, left: [] });
  });

  describe.each(Object.entries(faults))("with %s", (_, fault) => {
    it("is told so, and what to do", async () => {
      const { report, code, left } = await check(fault);
      const [status, name] = fault.found.split(" ") as [string, string];
      expect(troubles(report)).toContain(fault.found);
      const finding = findingOf(report, name);
      expect(finding.message).toMatch(fault.says);
      expect(finding.hint).toMatch(fault.hint);
      expect(code).toBe(report.ok ? 0 : 1);
      if (status === "failed") expect(code).toBe(1);
      expect(isValid(report), JSON.stringify(isValid.errors)).toBe(true);
      expect(left).toEqual([]);
      if (!fault.mends) return;
      const prepare = `${fault.prepare}\n${remedy(finding)}`;
      const mended = await check({ ...fault, prepare });
      expect(troubles(mended.report)).toEqual([]);
      expect(mended.code).toBe(0);
    });
  });
});
