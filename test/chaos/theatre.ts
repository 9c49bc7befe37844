/** What all scenarios of a run share: programs, and a place for their directories. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasNamespaces } from "../support/machine.ts";
import type { Theatre } from "./performance.ts";

/** Longer than anything that a scenario does, however busy the machine is. */
const defaultLimit = 45_000;

export type House = Theatre & { close(): void };

/** @param sidecar the executable, or what is to be judged in its place */
export function openTheatre(sidecar: string, limit = defaultLimit): House {
  const privileged = hasNamespaces;
  // Programs where they can be executed, files where they cost little. Neither in /tmp:
  // each scenario has its own there.
  const programs = freshDirectory(privileged ? "/var/tmp" : tmpdir());
  const place = existsSync("/dev/shm") ? "/dev/shm" : programs;
  const directory = freshDirectory(place);
  copyFileSync(sidecar, join(programs, "sidecar"));
  compile(join(programs, "tree"), "tree.c", "actions.c");
  compile(join(programs, "stage"), "stage.c", "console.c", "processes.c");
  const cgroups = privileged ? makeCgroup() : undefined;
  return {
    ...(cgroups === undefined ? {} : { cgroups }),
    directory,
    sidecar: join(programs, "sidecar"),
    tree: join(programs, "tree"),
    stage: join(programs, "stage"),
    privileged,
    limit,
    close() {
      if (cgroups !== undefined) rmdirSync(cgroups);
      for (const place of [directory, programs])
        rmSync(place, { recursive: true, force: true });
    },
  };
}

function freshDirectory(parent: string): string {
  const directory = mkdtempSync(join(parent, "sidecar-chaos-"));
  chmodSync(directory, 0o755);
  return directory;
}

/** @returns nothing where this machine has no cgroups of version 2 */
function makeCgroup(): string | undefined {
  const hierarchy = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((directory) =>
    existsSync(join(directory, "cgroup.subtree_control")),
  );
  if (hierarchy === undefined) return undefined;
  const directory = join(hierarchy, `sidecar-chaos-${process.pid}`);
  try {
    mkdirSync(directory);
  } catch {
    return undefined;
  }
  if (existsSync(join(directory, "cgroup.kill"))) return directory;
  rmdirSync(directory);
  return undefined;
}

function compile(file: string, ...names: string[]): void {
  const sources = names.map((name) => join(import.meta.dirname, name));
  const words = ["gcc", "-O1", "-static", "-pthread", "-o", file, ...sources];
  const { exitCode, stderr } = Bun.spawnSync(words, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
}
