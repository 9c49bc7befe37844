/** Commands under strace, which makes a system call fail, or sends a signal at it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { has } from "./machine.ts";
import { executable } from "./paths.ts";
import { start, until, workspace } from "./sidecar.ts";

/** Whether a process can be traced here, and system calls tampered with. */
export const hasStrace =
  has("strace") &&
  Bun.spawnSync(["strace", "-qq", "-e", "inject=close:error=EIO:when=99", "true"])
    .exitCode === 0;

export type Tampering = {
  /** As for `strace -e inject=`: "copy_file_range:signal=TERM:when=2". */
  readonly inject: readonly string[];
  /** Only calls that concern one of these paths, as for `strace -P`. */
  readonly paths?: readonly string[];
  /** Another one than the executable under test. */
  readonly program?: string;
};

/** The command that runs `sidecar WORDS…` so. */
export function tamperedWith(
  { inject, paths = [], program = executable }: Tampering,
  words: readonly string[],
  log = "/dev/null",
): string[] {
  return [
    ...["strace", "-f", "-o", log],
    ...inject.flatMap((fault) => ["-e", `inject=${fault}`]),
    ...paths.flatMap((path) => ["-P", path]),
    program,
    ...words,
  ];
}

/** Starts it, and waits until a signal of the tampering has stopped it. */
export async function startUntilStopped(
  tampering: Tampering,
  words: readonly string[],
  /** The beginning of a command that runs the rest of it. */
  around: readonly string[] = [],
) {
  const log = join(workspace(), "log");
  const { ended } = start([...around, ...tamperedWith(tampering, words, log)]);
  let stopped = 0;
  await until(() => {
    const text = readFileSync(log, "utf8");
    stopped = Number(/^(\d+) +--- stopped by SIGSTOP ---$/m.exec(text)?.[1]);
    return stopped > 0;
  }, "sidecar is stopped");
  return { ended, goOn: () => process.kill(stopped, "SIGCONT") };
}
