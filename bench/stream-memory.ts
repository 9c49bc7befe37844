/** What memory sidecar takes while it relays. */
import { readFileSync } from "node:fs";

export type Memory = {
  /** VmHWM, in bytes: the most that was resident, pages of the executable included. */
  readonly resident: number;
  /** The largest RssAnon that was seen, in bytes: what belongs to no file. */
  readonly own: number;
};

/**
 * Relays both streams.
 * @param words of the block `write`
 * @param options of sidecar, beside those that make it relay
 */
export async function measureMemory(
  directory: string,
  words: string,
  options: readonly string[] = [],
): Promise<Memory> {
  const block = `./write ${words} & ./write ${words} >&2; wait`;
  const sidecar = Bun.spawn(
    [
      ...["./sidecar", "--quiet", "--tee", "--stdout=out", "--stderr=error"],
      ...[...options, "--exec", "sh", "-c", block],
    ],
    { cwd: directory, stdio: ["ignore", "ignore", "ignore"] },
  );
  const file = `/proc/${sidecar.pid}/status`;
  const largest = { resident: 0, own: 0 };
  while (sidecar.exitCode === null) {
    try {
      const text = readFileSync(file, "utf8");
      const kilobytes = (name: string) =>
        Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(text)?.[1] ?? 0);
      largest.resident = Math.max(largest.resident, kilobytes("VmHWM") * 1024);
      largest.own = Math.max(largest.own, kilobytes("RssAnon") * 1024);
    } catch {
      // It has ended between the two.
    }
    await Bun.sleep(5);
  }
  return largest;
}
