/**
 * An HTCondor of the tests' own, from the root that scripts/make-condor.sh has made: a
 * central manager, a queue, and as many hosts as wanted, each with lines of its own.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.ts";
import { type Pool, poolNeeds, startPool, write } from "./pool.ts";

const unpacked = join(root, ".cache/condor");

/** For describeWhere. */
export const condorNeeds = {
  ...poolNeeds,
  ".cache/condor of scripts/make-condor.sh": existsSync(join(unpacked, "complete")),
};

export type CondorHost = { readonly name: string; readonly configuration: string };

/** Where the pool's directory is in the root, for its daemons and commands. */
export const shared = "/mnt";

export function startCondor(hosts: readonly CondorHost[]): Promise<Pool> {
  return startPool({
    name: "condor",
    prepare: (directory) => {
      mkdirSync(join(directory, "root"));
      for (const name of ["manager", ...hosts.map((host) => host.name)])
        for (const folder of ["log", "spool", "execute", "lock", "run"])
          mkdirSync(join(directory, name, folder), { recursive: true });
      write(directory, "manager.config", manager);
      for (const { name, configuration } of hosts)
        write(directory, `${name}.config`, hostConfiguration(name, configuration));
    },
    // Condor wants its root to be a mount of its own.
    script: `
      mount --bind ${unpacked}/root "$1/root"
      mount --rbind /proc "$1/root/proc"
      mount --rbind /dev "$1/root/dev"
      mount -t tmpfs -o mode=1777 tmp "$1/root/tmp"
      mount --bind "$1/hosts" "$1/root/etc/hosts"
      chmod 755 "$1"
      chown -R 900:900 "$1"/*/spool "$1"/*/log "$1"/*/lock "$1"/*/run "$1"/*/execute
      mount --bind "$1" "$1/root${shared}"
      cd "$1/root"
      chroot . condor_master -f &
      ${hosts
        .map(
          ({ name }) =>
            `CONDOR_CONFIG=${shared}/${name}.config chroot . condor_startd -f &`,
        )
        .join("\n")}`,
    before: (directory) => ["chroot", join(directory, "root")],
    variables: () => ({ CONDOR_CONFIG: `${shared}/manager.config` }),
    isUp: async (pool) => {
      const status = await pool.run(["condor_status", "-af", "Machine"]);
      const queue = await pool.run(["condor_status", "-schedd", "-af", "Name"]);
      const { length } = status.stdout.split("\n").filter((line) => line !== "");
      return length === hosts.length && queue.stdout.trim() !== "";
    },
  });
}

const common = `
RELEASE_DIR = /usr
LIBEXEC = /usr/libexec/condor
CONDOR_HOST = 127.0.0.1
COLLECTOR_HOST = 127.0.0.1:9618
NETWORK_INTERFACE = 127.0.0.1
BIND_ALL_INTERFACES = False
ENABLE_IPV6 = False
USE_SHARED_PORT = False
UID_DOMAIN = sidecar
TRUST_UID_DOMAIN = True
SOFT_UID_DOMAIN = True
SEC_USE_FAMILY_SESSION = False
SEC_DEFAULT_AUTHENTICATION_METHODS = FS
ALLOW_READ = *
ALLOW_WRITE = *
ALLOW_DAEMON = *
ALLOW_NEGOTIATOR = *
ALLOW_ADMINISTRATOR = root@*, condor@*
USE_PID_NAMESPACES = False
ENABLE_KERNEL_TUNING = False
DISCARD_SESSION_KEYRING_ON_STARTUP = False
LOG = $(LOCAL_DIR)/log
SPOOL = $(LOCAL_DIR)/spool
EXECUTE = $(LOCAL_DIR)/execute
LOCK = $(LOCAL_DIR)/lock
RUN = $(LOCAL_DIR)/run
`;

const manager = `${common}
LOCAL_DIR = ${shared}/manager
DAEMON_LIST = MASTER, COLLECTOR, NEGOTIATOR, SCHEDD
NEGOTIATOR_INTERVAL = 1
NEGOTIATOR_MIN_INTERVAL = 1
NEGOTIATOR_CYCLE_DELAY = 1
SCHEDD_INTERVAL = 1
SCHEDD_MIN_INTERVAL = 1
`;

const hostConfiguration = (name: string, configuration: string) => `${common}
LOCAL_DIR = ${shared}/${name}
STARTD_NAME = ${name}
NUM_CPUS = 2
NUM_SLOTS = 1
NUM_SLOTS_TYPE_1 = 1
SLOT_TYPE_1 = 100%
SLOT_TYPE_1_PARTITIONABLE = False
START = True
SUSPEND = False
PREEMPT = False
KILL = False
UPDATE_INTERVAL = 5
RunBenchmarks = False
${configuration}
`;
