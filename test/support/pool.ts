/**
 * Daemons of an execution engine, in namespaces of their own: their ports, processes and
 * the name of their host are nobody else's, and all of them end with the first.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { has, isRoot } from "./machine.ts";
import { run, smallEnvironment } from "./sidecar.ts";

const kinds = ["--mount", "--net", "--uts", "--pid"];

/** For describeWhere: what a pool needs beside its engine. */
export const poolNeeds = {
  root: isRoot,
  busybox: has("busybox"),
  namespaces:
    isRoot &&
    has("unshare") &&
    Bun.spawnSync(["unshare", ...kinds, "--fork", "true"]).exitCode === 0,
};

export type Pool = {
  /** For files that daemons and tests share. */
  readonly directory: string;
  /** Runs a command among the daemons. */
  readonly run: (words: readonly string[]) => ReturnType<typeof run>;
  readonly stop: () => Promise<void>;
};

export type PoolDescription = {
  readonly name: string;
  /** Writes what the daemons need into the directory. */
  readonly prepare: (directory: string) => void;
  /** A shell's script, with the directory as $1, that starts them and goes on. */
  readonly script: string;
  /** What goes before each command: the engine's own root, say. */
  readonly before: (directory: string) => readonly string[];
  readonly variables?: (directory: string) => Readonly<Record<string, string>>;
  /** Whether the pool answers. */
  readonly isUp: (pool: Pool) => Promise<boolean>;
};

/** Milliseconds between two looks, and how many: ends only what would never come up. */
const pause = 250;
const patience = 1200;

/** @throws Error with what the daemons have said */
export async function startPool(description: PoolDescription): Promise<Pool> {
  const { name, prepare, script, before, variables, isUp } = description;
  const directory = mkdtempSync(join(tmpdir(), `sidecar-${name}-`));
  prepare(directory);
  const log = join(directory, "output");
  const start = `
    set -e
    mount -t proc proc /proc
    # Daemons that tune the kernel would tune everybody's.
    mount --bind /proc/sys /proc/sys
    mount -o remount,ro,bind /proc/sys
    busybox ip link set lo up
    # Of hosts with no other address than 127.0.0.1 glibc resolves nothing.
    busybox ip address add 10.0.0.1/32 dev lo
    hostname sidecar
    echo '127.0.0.1 localhost sidecar' >"$1/hosts"
    mount --bind "$1/hosts" /etc/hosts
    ${script}
    # Until whoever runs the tests ends this, or is gone.
    exec cat`;
  const daemons = Bun.spawn(
    ["unshare", ...kinds, "--fork", "--kill-child", "sh", "-c", start, "sh", directory],
    {
      env: { ...smallEnvironment, ...variables?.(directory) },
      cwd: "/",
      stdin: "pipe",
      stdout: Bun.file(log),
      stderr: Bun.file(log),
    },
  );
  /** The first process in the namespaces; "" where there is none, yet or any more. */
  const first = () => {
    try {
      const children = `/proc/${daemons.pid}/task/${daemons.pid}/children`;
      return readFileSync(children, "utf8").trim();
    } catch {
      return "";
    }
  };
  const pool: Pool = {
    directory,
    run: (words) =>
      run(
        ["nsenter", `--target=${first()}`, ...kinds, ...before(directory), ...words],
        { environment: { ...smallEnvironment, ...variables?.(directory) } },
      ),
    stop: async () => {
      daemons.kill("SIGKILL");
      await daemons.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
  for (let tries = 0; tries < patience && daemons.exitCode === null; tries += 1) {
    await Bun.sleep(pause);
    if (first() !== "" && (await isUp(pool))) return pool;
  }
  const said = readFileSync(log, "utf8");
  await pool.stop();
  throw new Error(`${name} does not come up: ${said}`);
}

/** Writes a file of the pool. */
export function write(directory: string, name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}
