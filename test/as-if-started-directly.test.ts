/**
 * The block is started as if directly: same limits, signal dispositions and mask,
 * umask, descriptors, credentials. A probe run directly and through sidecar prints the
 * same.
 */
import { describe, expect, it } from "vitest";
import { hasLauncher } from "./support/machine.ts";
import { executable } from "./support/paths.ts";
import { run, workspace } from "./support/sidecar.ts";

/**
 * Sets a state up and execs a command: Perl's POSIX module reaches all of it, and Perl
 * is on every Debian.
 */
const states: Record<string, string> = {
  "nothing special": "",
  "few descriptors allowed": "setlimit(7, 64, 4096);",
  "no core files, little stack": "setlimit(4, 0, 0); setlimit(3, 1048576, 8388608);",
  "SIGPIPE and SIGXFSZ ignored": "$SIG{PIPE} = $SIG{XFSZ} = 'IGNORE';",
  "SIGCHLD ignored": "$SIG{CHLD} = 'IGNORE';",
  "little memory locked, few messages queued":
    "setlimit(8, 4096, 65536); setlimit(12, 1024, 8192);",
  "SIGHUP ignored, as under nohup": "$SIG{HUP} = 'IGNORE';",
  "SIGINT and SIGQUIT ignored, as in the background":
    "$SIG{INT} = $SIG{QUIT} = 'IGNORE';",
  "signals blocked":
    "sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGTERM, SIGUSR1, SIGALRM, 40));",
  "a strict umask": "umask 077;",
  "a lower priority": "POSIX::nice(5);",
  "a session of its own": "POSIX::setsid();",
  "a descriptor more":
    "open(my $f, '<', '/etc/passwd'); $^F = 99; POSIX::dup2(fileno($f), 7);",
  "a descriptor with a high number":
    "open(my $f, '<', '/etc/passwd'); $^F = 99; POSIX::dup2(fileno($f), 65);",
  "standard input closed": "POSIX::close(0);",
  "standard error closed": "POSIX::close(2);",
};

/** What the kernel says of the probe itself; less what differs from run to run. */
async function look(state: string, through: boolean) {
  const directory = workspace();
  const script = `
    use POSIX qw(:signal_h);
    sub setlimit {
      syscall(160, $_[0], pack("QQ", $_[1], $_[2])) == 0 or die "setrlimit: $!";
    }
    ${state}
    exec @ARGV or die "exec: $!";`;
  const files = ["status", "limits", "oom_score_adj", "cgroup", "personality"].map(
    (name) => `/proc/self/${name}`,
  );
  const wrap = (words: string[]) =>
    through ? [executable, "--quiet", "--exec", ...words] : words;
  const kernel = await run(
    ["/usr/bin/perl", "-e", script, ...wrap(["/bin/cat", ...files])],
    { directory },
  );
  const descriptors = await run(
    ["/usr/bin/perl", "-e", script, ...wrap(["/bin/ls", "/proc/self/fd"])],
    { directory },
  );
  const numbers = "Pid|Tgid|Ngid|PPid|NSpid|NStgid|NSpgid|NSsid|Threads|SigQ";
  const memory = "Vm\\w+|Rss\\w+|HugetlbPages|untag_mask";
  const machine = "\\w+_ctxt_switches|Cpus_\\w+|Mems_\\w+|x86_\\w+";
  const varies = new RegExp(`^(${numbers}|${memory}|${machine}):`);
  return {
    kernel: kernel.stdout.split("\n").filter((line) => !varies.test(line)),
    descriptors: descriptors.stdout.split("\n"),
    codes: [kernel.code, descriptors.code],
  };
}

/** States that only the launcher can know: Bun changes them before sidecar runs. */
const onlyByLauncher = [
  "few descriptors allowed",
  "SIGCHLD ignored",
  "SIGPIPE and SIGXFSZ ignored",
  "a descriptor more",
  "a descriptor with a high number",
];

describe.each(Object.entries(states))("with %s", (name, state) => {
  const needsLauncher = onlyByLauncher.includes(name);
  const skipped = needsLauncher && !hasLauncher;
  const title = "the probe sees the same through sidecar";
  it.skipIf(skipped)(skipped ? `${title} [needs launcher]` : title, async () => {
    const direct = await look(state, false);
    expect(direct.codes).toEqual([0, 0]);
    expect(direct.kernel.join("\n")).toContain("Max open files");
    expect(await look(state, true)).toEqual(direct);
  });
});

it("leads a process group of its own, in the same session", async () => {
  const { stdout } = await run([
    executable,
    "--quiet",
    "--exec",
    "sh",
    "-c",
    "cat /proc/$$/stat /proc/$PPID/stat",
  ]);
  // proc(5): pid, name, state, parent, group, session.
  const [own, parent] = stdout.split("\n").map((line) => line.split(" "));
  expect(own![4]).toBe(own![0]);
  expect(own![5]).toBe(parent![5]);
  expect(own![4]).not.toBe(parent![4]);
});
