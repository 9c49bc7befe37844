/** Commands in namespaces of their own, so that a test can have its own /tmp. */
import { asPlatformUser } from "./machine.ts";
import { executable } from "./paths.ts";
import { type Options, run } from "./sidecar.ts";

/**
 * Runs `sidecar WORDS…` as a user of the platform, in a mount namespace in which
 * `prepare` (a shell script, run by root) has set things up. There is an empty /tmp.
 */
export function sidecarAsUser(
  prepare: string,
  words: readonly string[],
  options: Options = {},
) {
  const script = `
    set -e
    sidecar=$1; shift
    mount -t tmpfs -o mode=755 keep /mnt
    touch /mnt/sidecar
    mount --bind "$sidecar" /mnt/sidecar
    mount -t tmpfs -o mode=1777 tmp /tmp
    cd /
    ${prepare}
    exec "$@"`;
  return run(
    [
      "unshare",
      "--mount",
      "sh",
      "-c",
      script,
      "sh",
      executable,
      ...asPlatformUser("/mnt/sidecar", ...words),
    ],
    options,
  );
}
