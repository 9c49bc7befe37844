/**
 * Starts a block again and again, by the launcher or by libc, and prints the
 * milliseconds from sidecar's call to the first instructions of the block's main.
 *
 * usage: first-instruction MOMENTS FILE    (the program of moments.c, and its clock)
 */
import { readFileSync } from "node:fs";
import { ptr } from "../../src/system/foreign.ts";
import { commonLibc, libc } from "../../src/system/posix/libc.ts";
import { startProcess } from "../../src/system/posix/spawn.ts";
import { readStart } from "../../src/system/posix/start.ts";

const started = readStart();
const [moments, clock] = started.arguments as [string, string];
const start = {
  path: moments,
  words: [moments, "block", clock],
  environment: started.environment,
  descriptors: {},
};
const times: number[] = [];
for (let round = 0; round < 300; round += 1) {
  const before = monotonic();
  startProcess(start, started);
  libc().wait4(-1, null, 0, null);
  const [begun] = new Float64Array(readFileSync(clock).buffer.slice(0, 16));
  times.push(begun! - before);
}
/** The clock of the block, in milliseconds; Bun's counts from its own start. */
function monotonic(): number {
  const SYS_clock_gettime = 228;
  const CLOCK_MONOTONIC = 1;
  const time = new BigInt64Array(2);
  commonLibc().syscall(SYS_clock_gettime, CLOCK_MONOTONIC, ptr(time), 0);
  return Number(time[0]!) * 1e3 + Number(time[1]!) / 1e6;
}
console.log(JSON.stringify(times.slice(50)));
process.exit(0);
