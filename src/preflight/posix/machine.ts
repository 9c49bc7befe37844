/** What the machine, container or host grants a block: facts in, findings out. */
import { isPlatformUser } from "../../contract/everybody.ts";
import { type Finding, ok, type Problem, skipped, warning } from "../finding.ts";
import { describeSize } from "./home.ts";

export function checkUser(uid: number): Finding {
  if (uid === 0)
    return ok("user", "root, who judges for user ids 20000–29999 by permission bits");
  const not = isPlatformUser(uid) ? "" : ", not one of 20000–29999,";
  return ok("user", `user id ${uid}${not} who tries, and judges by permission bits`);
}

/** What /proc/self/status says of privileges (proc(5)). */
export type Privileges = {
  /** Bits of effective capabilities. */
  readonly capabilities: bigint;
  readonly noNewPrivileges: boolean;
  readonly seccomp: boolean;
};

export function readPrivileges(status: string): Privileges | undefined {
  const field = (name: string) =>
    new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1];
  const capabilities = field("CapEff");
  if (capabilities === undefined) return undefined;
  return {
    capabilities: BigInt(`0x${capabilities}`),
    noNewPrivileges: field("NoNewPrivs") === "1",
    seccomp: (field("Seccomp") ?? "0") !== "0",
  };
}

/** Names of capabilities(7) by their numbers; later ones are told by number. */
const capabilityNames =
  "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap " +
  "linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock " +
  "ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot " +
  "sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write " +
  "audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend " +
  "audit_read perfmon bpf checkpoint_restore";

function capabilityList(bits: bigint): string[] {
  const names = capabilityNames.split(" ");
  const held: string[] = [];
  for (let number = 0; number < 64; number += 1)
    if ((bits >> BigInt(number)) & 1n) held.push(names[number] ?? `number ${number}`);
  return held;
}

/** What this process has says what a block has only where a block's user runs it. */
export function checkPrivileges(uid: number, found: Privileges | undefined): Finding {
  if (uid === 0)
    return skipped(
      "privileges",
      "this is root; a block's show when its user runs this",
    );
  if (!found) return skipped("privileges", "there is no /proc that would tell");
  const held = capabilityList(found.capabilities);
  const more = held.length > 3 ? ` and ${held.length - 3} more` : "";
  if (held.length > 0)
    return warning("privileges", {
      message: `a block would have capabilities: ${held.slice(0, 3).join(", ")}${more}`,
      hint: "docker run --cap-drop=ALL; in Kubernetes capabilities: {drop: [ALL]}",
    });
  if (!found.noNewPrivileges && isPlatformUser(uid))
    return warning("privileges", {
      message:
        "a set-user-ID program would give a block privileges (no_new_privs is off)",
      hint:
        "docker run --security-opt=no-new-privileges; " +
        "in Kubernetes allowPrivilegeEscalation: false",
    });
  const gain = found.noNewPrivileges
    ? "none can be gained"
    : "set-user-ID programs work";
  const filter = found.seccomp ? "a seccomp filter" : "no seccomp filter";
  return ok("privileges", `no capabilities, ${gain}, ${filter}`);
}

export type ProcessFacts = {
  readonly process: number;
  /** Whether orphans can be adopted (PR_SET_CHILD_SUBREAPER). */
  readonly adopts: boolean;
  /** The name of process 1, where /proc tells. */
  readonly first?: string;
};

export function checkProcess({ process, adopts, first }: ProcessFacts): Finding {
  if (process === 1)
    return ok(
      "process",
      "process 1: sidecar gets every signal, and reaps every orphan",
    );
  const name = first === undefined ? "" : ` (${first})`;
  if (adopts)
    return ok("process", `below process 1${name}: sidecar adopts its block's orphans`);
  return warning("process", {
    message: `below process 1${name}, and sidecar may not adopt its block's orphans`,
    hint: "make sidecar the entrypoint, or allow prctl(PR_SET_CHILD_SUBREAPER)",
  });
}

/** Soft limits; Infinity where there is none. Sizes in bytes. */
export type Limits = {
  readonly fileSize: number;
  readonly processes: number;
  readonly openFiles: number;
  readonly addresses: number;
};

/** Less than this is a surprise to ordinary programs. */
const usual: Limits = {
  fileSize: 1 << 30,
  processes: 64,
  openFiles: 256,
  addresses: 4 * 2 ** 30,
};

const options: Readonly<Record<keyof Limits, string>> = {
  fileSize: "ulimit -f",
  processes: "ulimit -u",
  openFiles: "ulimit -n",
  addresses: "ulimit -v",
};

export function checkLimits(limits: Limits): Finding {
  const named: Readonly<Record<keyof Limits, string>> = {
    fileSize: `files of ${size(limits.fileSize)}`,
    processes: `${count(limits.processes)} processes`,
    openFiles: `${count(limits.openFiles)} open files`,
    addresses: `${size(limits.addresses)} of addresses`,
  };
  const names = Object.keys(named) as (keyof Limits)[];
  const low = names.filter((name) => limits[name] < usual[name]);
  if (low.length === 0)
    return ok("limits", `${named.openFiles}, ${named.processes}, ${named.addresses}`);
  return warning("limits", {
    message: `unusually low: ${low.map((name) => named[name]).join(", ")}`,
    hint:
      `raise ${low.map((name) => options[name]).join(", ")} where sidecar is started ` +
      "(docker run --ulimit)",
  });
}

const count = (limit: number) => (limit === Infinity ? "any number of" : String(limit));
const size = (limit: number) => (limit === Infinity ? "any size" : describeSize(limit));

export type MemoryFacts = {
  readonly version: 1 | 2;
  /** Bytes; nothing where there is no limit. */
  readonly limit?: number;
  /** How many processes and threads the cgroup may have. */
  readonly processes?: number;
};

/** Sidecar takes some 30 MB of a cgroup. */
const leastMemory = 64 << 20;
/** Sidecar has about ten threads. */
const fewestProcesses = 32;

export function checkMemory(cgroup: MemoryFacts | undefined): Finding {
  if (!cgroup)
    return ok("memory", "no cgroup: peak memory is told for the largest process only");
  const { version, limit, processes } = cgroup;
  const memory = limit === undefined ? "no limit" : `at most ${describeSize(limit)}`;
  const threads =
    processes === undefined ? "" : `, at most ${processes} processes and threads`;
  const text = `cgroup version ${version}: ${memory}${threads}`;
  const low: Problem[] = [];
  if (limit !== undefined && limit < leastMemory)
    low.push({
      message: `${text}; sidecar takes about 30 MB of it`,
      hint: "give the container more: docker run --memory",
    });
  if (processes !== undefined && processes < fewestProcesses)
    low.push({
      message: `${text}; sidecar takes about ten of them`,
      hint: "allow the container more: docker run --pids-limit",
    });
  return low[0] ? warning("memory", low[0]) : ok("memory", text);
}

export function checkProc(isMounted: boolean): Finding {
  if (isMounted) return ok("proc", "/proc is mounted");
  return warning("proc", {
    message: "there is no /proc: sidecar needs none, but many programs do",
    hint: "container engines mount it; in a chroot: mount -t proc proc DIR/proc",
  });
}

export function checkFileSystem(readOnly: boolean): Finding {
  return ok(
    "file-system",
    readOnly
      ? "/ is read-only: a block writes to its directory, HOME and /tmp"
      : "/ is not mounted read-only",
  );
}

export function checkDirectory(path: string, isOpen: boolean): Finding {
  return ok("directory", `${path}: ${isOpen ? "" : "not "}everybody may write there`);
}

/** @param problem what is wrong with /bin/sh; @param isThere whether there is one */
export function checkShell(isThere: boolean, problem: Problem | undefined): Finding {
  if (!isThere)
    return ok("shell", "no /bin/sh: fine for blocks and activations that need none");
  if (problem) return warning("shell", problem);
  return ok("shell", "/bin/sh");
}

/** How many user ids of the platform passwd(5) knows. */
export function platformEntries(passwd: string): number {
  const identifiers = passwd
    .split("\n")
    .map((line) => line.split(":")[2])
    .filter((field) => field !== undefined && /^2\d{4}$/.test(field));
  return new Set(identifiers).size;
}

/** Nothing that a block needs; but some programs ask, and it is good to know why. */
export function checkPasswd(entries: number): Finding {
  if (entries > 0) return ok("passwd", `it has ${entries} of the user ids 20000–29999`);
  return ok("passwd", "no user ids 20000–29999: whoami, ssh, Java's user.home mind");
}

/** @param closed what keeps somebody from starting sidecar's file */
export function checkSidecar(
  path: string | undefined,
  build: string,
  closed: Problem | undefined,
): Finding {
  if (path === undefined)
    return skipped("sidecar", `${build}; its file cannot be found without /proc`);
  if (closed) return { name: "sidecar", status: "failed", ...closed };
  return ok("sidecar", `${path}: ${build}, everybody may start it`);
}
