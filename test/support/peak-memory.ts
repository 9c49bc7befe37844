/** How much memory a process had at most. */
import { readFileSync } from "node:fs";

/**
 * Bytes that were resident at once, those of its files included, as the kernel counts
 * them for the program alone: what wait4(2) tells begins with the memory of whoever
 * started it. Comes when the process has ended.
 */
export async function peakMemory(child: Bun.Subprocess): Promise<number> {
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    peak = Math.max(peak, highWaterMark(child.pid));
    await Bun.sleep(5);
  }
  return peak;
}

/** 0 of a process that is no more. */
function highWaterMark(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
