/**
 * Starts /bin/true again and again, by the launcher and by libc, and prints the
 * milliseconds of each call: from sidecar's call to the kernel's return from execve.
 */
import { libc } from "../../src/system/posix/libc.ts";
import { startProcess } from "../../src/system/posix/spawn.ts";
import { readStart } from "../../src/system/posix/start.ts";

const started = readStart();
const start = {
  path: "/bin/true",
  words: ["/bin/true"],
  environment: started.environment,
  descriptors: {},
};
const times: number[] = [];
for (let round = 0; round < 300; round += 1) {
  const before = performance.now();
  startProcess(start, started);
  times.push(performance.now() - before);
  libc().wait4(-1, null, 0, null);
}
console.log(JSON.stringify(times.slice(50)));
process.exit(0);
