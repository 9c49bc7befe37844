/** A memory cgroup of version 1 on this machine, made for a test. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRoot } from "./machine.ts";
import { until } from "./sidecar.ts";

const hierarchy = "/sys/fs/cgroup/memory";

let count = 0;

function make(): string {
  count += 1;
  const path = join(hierarchy, `sidecar-test-${process.pid}-${count}`);
  mkdirSync(path);
  return path;
}

function possible(): boolean {
  if (!isRoot || !existsSync(join(hierarchy, "memory.oom_control"))) return false;
  try {
    rmdirSync(make());
    return true;
  } catch {
    return false;
  }
}

export const hasMemoryCgroups = possible();

export type MemoryCgroup = {
  readonly path: string;
  /** The words that start a command in it. */
  readonly inside: readonly string[];
  /** Also ends who is in it. */
  readonly remove: () => Promise<void>;
};

/** @param limit bytes */
export function memoryCgroup(limit: number): MemoryCgroup {
  const path = make();
  writeFileSync(join(path, "memory.limit_in_bytes"), String(limit));
  const processes = join(path, "cgroup.procs");
  const inside = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', processes];
  const remove = async () => {
    await until(() => {
      for (const member of readFileSync(processes, "utf8").split("\n"))
        if (member !== "") process.kill(Number(member), "SIGKILL");
      rmdirSync(path);
      return true;
    }, "the cgroup is empty");
  };
  return { path, inside, remove };
}
