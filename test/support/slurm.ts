/** A Slurm of the tests' own, without munge: a controller, and as many nodes as wanted. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { has } from "./machine.ts";
import { type Pool, poolNeeds, startPool, write } from "./pool.ts";

/** For describeWhere. */
export const slurmNeeds = {
  ...poolNeeds,
  slurmctld: has("slurmctld"),
  slurmd: has("slurmd"),
  sbatch: has("sbatch"),
};

export type SlurmNode = { readonly name: string; readonly features: string };

const controllerPort = 6817;

export function startSlurm(nodes: readonly SlurmNode[]): Promise<Pool> {
  return startPool({
    name: "slurm",
    prepare: (directory) => {
      for (const name of ["state", ...nodes.map((node) => `spool-${node.name}`)])
        mkdirSync(join(directory, name));
      write(directory, "slurm.conf", configuration(directory, nodes));
    },
    script: [
      "slurmctld -D &",
      ...nodes.map(({ name }) => `slurmd -D -N ${name} &`),
    ].join("\n"),
    before: () => [],
    variables: (directory) => ({ SLURM_CONF: join(directory, "slurm.conf") }),
    isUp: async (pool) => {
      const { stdout } = await pool.run(["sinfo", "--noheader", "-N", "-o", "%T"]);
      const states = stdout.trim().split("\n");
      return states.length === nodes.length && states.every((one) => one === "idle");
    },
  });
}

function configuration(directory: string, nodes: readonly SlurmNode[]): string {
  return `
ClusterName=sidecar
SlurmctldHost=sidecar(127.0.0.1)
SlurmctldPort=${controllerPort}
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation=${directory}/state
SlurmdSpoolDir=${directory}/spool-%n
SlurmctldPidFile=${directory}/slurmctld.pid
SlurmdPidFile=${directory}/slurmd-%n.pid
SlurmctldLogFile=${directory}/slurmctld.log
SlurmdLogFile=${directory}/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
AccountingStorageType=accounting_storage/none
MailProg=/bin/true
${nodes
  .map(
    ({ name, features }, at) =>
      `NodeName=${name} NodeHostname=sidecar NodeAddr=127.0.0.1 ` +
      `Port=${controllerPort + 1 + at} CPUs=4 Feature=${features} State=UNKNOWN`,
  )
  .join("\n")}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}
