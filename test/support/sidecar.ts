/** Starts the compiled executable, as its users do, and tells what came of it. */
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { platformUser } from "./machine.ts";
import { executable } from "./paths.ts";

export type Result = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Uint8Array;
};

export type Options = {
  /** The whole environment; a small one where nothing is given. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  readonly input?: string | Uint8Array;
  /** A descriptor to write to, for a test that reads in its own way. */
  readonly stdout?: number;
};

export const smallEnvironment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

/** Runs any command to its end. */
export async function run(words: readonly string[], options: Options = {}) {
  const started = start(words, options);
  return started.ended;
}

/** Runs `sidecar WORDS…` to its end. */
export function sidecar(words: readonly string[], options: Options = {}) {
  return run([executable, ...words], options);
}

/** Starts a command and lets the test go on. */
export function start(words: readonly string[], options: Options = {}) {
  const child = Bun.spawn([...words], {
    env: { ...(options.environment ?? smallEnvironment) },
    cwd: options.directory ?? workspace(),
    stdin: options.input === undefined ? "ignore" : Buffer.from(options.input),
    stdout: options.stdout ?? "pipe",
    stderr: "pipe",
  });
  running.add(child);
  const ended = (async (): Promise<Result> => {
    const [out, error] = await Promise.all([
      typeof child.stdout === "object"
        ? new Response(child.stdout).bytes()
        : new Uint8Array(),
      new Response(child.stderr as ReadableStream).text(),
    ]);
    await child.exited;
    running.delete(child);
    return {
      code: child.exitCode,
      signal: child.signalCode as string | null,
      stdout: new TextDecoder().decode(out),
      stderr: error,
      bytes: out,
    };
  })();
  return { child, ended };
}

/** A HOME for a user of the platform, so that none is made in this machine's /tmp. */
export function homeOfPlatformUser(): string {
  const home = workspace();
  chownSync(home, platformUser, platformUser);
  return home;
}

const running = new Set<Bun.Subprocess>();
const workspaces: string[] = [];

/** A fresh directory that everybody may enter and write to; removed after the test. */
export function workspace(): string {
  const directory = mkdtempSync(join(tmpdir(), "sidecar-test-"));
  Bun.spawnSync(["chmod", "777", directory]);
  workspaces.push(directory);
  return directory;
}

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
  for (const directory of workspaces.splice(0))
    rmSync(directory, { recursive: true, force: true });
});

/** Waits until `happened` says so. */
export async function until(happened: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    try {
      if (happened()) return;
    } catch {
      // A file that is not there yet, say.
    }
    await Bun.sleep(20);
  }
  throw new Error(`it never happened: ${what}`);
}

/** The messages on standard error: `error[code]` and `warning[code]`. */
export function messageCodes(stderr: string): string[] {
  return [...stderr.matchAll(/^sidecar: (?:error|warning)\[([a-z-]+)\]: /gm)].map(
    ([, code]) => code!,
  );
}

/** Less the warning that every block of root gets. */
export function codesBut(stderr: string, but = "running-as-root"): string[] {
  return messageCodes(stderr).filter((code) => code !== but);
}
