/** What is started and compared. Every program ends by running `/bin/true`. */
import { chmodSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheAlike, compile, compileDynamic } from "./compile.ts";

export const distributed = join(import.meta.dir, "..", "dist", "sidecar");

/** The rows of the table; targets.ts refers to them by these names. */
export const names = {
  direct: "/bin/true",
  tini: "tini -s --",
  dumbInit: "dumb-init",
  bash: "bash -c 'exec /bin/true'",
  empty: "empty Bun program",
  floor: "floor: Bun.spawnSync",
  plain: "sidecar",
  dynamic: "sidecar, dynamic build",
  shell: "sh -c '. FILE; exec /bin/true'",
  sourced: "sidecar, FILE sourced",
  frozen: "sidecar, FILE frozen",
  variables: "sidecar, .env file",
} as const;

export type Program = { readonly name: string; readonly words: readonly string[] };

export type Programs = {
  /** A copy of dist/sidecar. */
  readonly sidecar: string;
  /** Bytes by which it is larger than the dynamic build. */
  readonly added: number;
  readonly programs: readonly Program[];
  /** The same for all: an environment is copied by each exec. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the rows whose program is not installed here. */
  readonly missing: readonly string[];
};

const variables = {
  BENCH_HOME: "/opt/bench",
  BENCH_LICENSE: "27000@license.example",
  BENCH_THREADS: "4",
  BENCH_MODE: "batch",
  BENCH_LIBRARIES: "/opt/bench/lib:/opt/bench/lib64",
};

/** Compiles and writes what is needed into `directory`, which is empty. */
export function makePrograms(directory: string): Programs {
  const sourced = join(directory, "activate.sh");
  const dotenv = join(directory, "activate.env");
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(sourced, lines.map((line) => `export ${line}`).join(""));
  writeFileSync(dotenv, lines.join(""));

  const sidecar = cacheAlike(distributed, join(directory, "sidecar"));
  const dynamic = compileDynamic(directory);
  const block = ["--quiet", "--exec", "/bin/true"];
  const known: readonly (readonly [string, readonly (string | null)[]])[] = [
    [names.direct, ["/bin/true"]],
    [names.tini, [Bun.which("tini"), "-s", "--", "/bin/true"]],
    [names.dumbInit, [Bun.which("dumb-init"), "/bin/true"]],
    [names.bash, [Bun.which("bash"), "-c", "exec /bin/true"]],
    [names.empty, [compile("empty", directory)]],
    [names.floor, [compile("floor", directory)]],
    [names.plain, [sidecar, ...block]],
    [names.dynamic, [dynamic, ...block]],
    [names.shell, ["/bin/sh", "-c", `. ${sourced}; exec /bin/true`]],
    [names.sourced, [sidecar, "--runenv=(TEST,1)", ...block]],
    [names.frozen, [sidecar, "--runenv=(TEST_FROZEN,1)", ...block]],
    [names.variables, [sidecar, "--runenv=(TEST_ENV,1)", ...block]],
  ];
  const environment = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: directory,
    DA__P7__RUNENV__TEST__ACTIVATE: sourced,
    DA__P7__RUNENV__TEST__EXECUTE: "/bin/true",
    DA__P7__RUNENV__TEST_ENV__ACTIVATE: dotenv,
    DA__P7__RUNENV__TEST_ENV__EXECUTE: "/bin/true",
    DA__P7__RUNENV__TEST_FROZEN__ACTIVATE: sourced,
    DA__P7__RUNENV__TEST_FROZEN__FROZEN: join(directory, "activate.frozen"),
  };
  freeze(sidecar, environment);
  return {
    sidecar,
    added: statSync(sidecar).size - statSync(dynamic).size,
    programs: known.flatMap(([name, words]) =>
      isComplete(words) ? [{ name, words }] : [],
    ),
    environment,
    missing: known.flatMap(([name, words]) => (isComplete(words) ? [] : [name])),
  };
}

/** As other users than root's, who have to get at everything. */
function freeze(sidecar: string, env: Readonly<Record<string, string>>): void {
  chmodSync(dirname(sidecar), 0o755);
  const { exitCode, stderr } = Bun.spawnSync([sidecar, "freeze", "TEST_FROZEN"], {
    env,
  });
  if (exitCode !== 0) throw new Error(`cannot freeze: ${stderr}`);
}

function isComplete(words: readonly (string | null)[]): words is readonly string[] {
  return !words.includes(null);
}
