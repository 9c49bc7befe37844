/**
 * A Docker engine of the tests' own: no bridge, no network, everything in one place.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { platformUser } from "./machine.ts";
import { root } from "./paths.ts";

export type Docker = {
  /** The value of DOCKER_HOST. */
  readonly host: string;
  /** Runs `docker WORDS…`; what it prints, and its exit code. */
  readonly run: (words: readonly string[]) => DockerResult;
  readonly stop: () => Promise<void>;
};

export type DockerResult = {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

/** What pCluster gives to a pod: any user, and no privilege whatever. */
export const hardened = [
  "run",
  "--rm",
  "--network=none",
  `--user=${platformUser}:${platformUser}`,
  "--read-only",
  "--tmpfs=/tmp",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
];

const patience = 60;

/** Starts dockerd and waits until it answers; nothing where it does not come up. */
export async function startDocker(): Promise<Docker | undefined> {
  const place = mkdtempSync(join(tmpdir(), "sidecar-docker-"));
  const host = `unix://${place}/docker.sock`;
  const daemon = Bun.spawn(
    [
      "dockerd",
      `--host=${host}`,
      `--data-root=${place}/root`,
      `--exec-root=${place}/exec`,
      `--pidfile=${place}/docker.pid`,
      "--iptables=false",
      "--ip6tables=false",
      "--bridge=none",
      "--ip-forward=false",
    ],
    { stdout: "ignore", stderr: Bun.file(join(place, "log")) },
  );
  const run = (words: readonly string[]): DockerResult => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(["/usr/bin/docker", ...words], {
      cwd: root,
      env: { PATH: process.env["PATH"], DOCKER_HOST: host, DOCKER_BUILDKIT: "0" },
    });
    return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  };
  const stop = async () => {
    daemon.kill("SIGTERM");
    await daemon.exited;
    // Nothing must be removed through a mount that the engine left behind.
    const mounts = readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[1] ?? "")
      .filter((point) => point.startsWith(`${place}/`));
    for (const point of mounts.toSorted().toReversed())
      Bun.spawnSync(["umount", "--lazy", point]);
    rmSync(place, { recursive: true, force: true });
  };
  for (let tries = 0; tries < patience && daemon.exitCode === null; tries += 1) {
    if (run(["version"]).code === 0) return { host, run, stop };
    await Bun.sleep(500);
  }
  console.error(await Bun.file(join(place, "log")).text());
  await stop();
  return undefined;
}
