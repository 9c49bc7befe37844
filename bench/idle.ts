/**
 * What a supervisor takes while its block sleeps: memory, processor time, wake-ups.
 *
 * Pages of the executable belong to the page cache, and the kernel calls them private
 * as long as only one process has them mapped. So memory is read twice: alone, and with
 * a second copy running, which shows what each further block costs. The second is
 * judged: the pages of the file are there once for a machine, and may be dropped.
 */
import { readdirSync, readFileSync } from "node:fs";
import { names, type Programs } from "./programs.ts";

export type Idle = {
  readonly name: string;
  /** Private_Clean + Private_Dirty, in bytes, while no copy runs beside it. */
  readonly alone: number;
  /** The same with a second copy running. */
  readonly private: number;
  /** RssAnon in bytes: what belongs to no file. */
  readonly anonymous: number;
  /** Resident set in bytes, shared pages included. */
  readonly resident: number;
  /** utime + stime during the window, in ticks of 10 ms. */
  readonly ticks: number;
  /** Context switches of all threads during the window: a wake-up is at least one. */
  readonly switches: number;
};

/** Until everything that a start leaves to be done later is done, in milliseconds. */
const settling = 1500;
/** How long nothing may happen, in milliseconds. */
export const idleWindow = 6000;

type Running = ReturnType<typeof Bun.spawn>;

/** The supervisors are those of them that are installed. */
export async function measureIdle({
  sidecar,
  programs,
  environment,
}: Programs): Promise<Idle[]> {
  const tini = programs.find(({ name }) => name === names.tini)?.words[0];
  const block = ["/bin/sleep", "30"];
  const commands = [
    { name: names.plain, words: [sidecar, "--quiet", "--exec", ...block] },
    ...(tini ? [{ name: names.tini, words: [tini, "-s", "--", ...block] }] : []),
  ];
  const running: Running[] = [];
  const start = (words: string[]) => {
    const stdio = ["ignore", "ignore", "ignore"] as const;
    const started = Bun.spawn(words, { env: environment, stdio: [...stdio] });
    running.push(started);
    return started;
  };
  // Each passes SIGTERM on to its sleep.
  const stop = () => {
    for (const one of running) one.kill("SIGTERM");
  };
  process.once("exit", stop);
  try {
    const first = commands.map(({ words }) => start(words));
    await Bun.sleep(settling);
    const alone = first.map(({ pid }) => privateMemory(pid));
    for (const { words } of commands) start(words);
    await Bun.sleep(settling);
    const before = first.map(({ pid }) => activity(pid));
    await Bun.sleep(idleWindow);
    return first.map(({ pid }, index) => {
      const after = activity(pid);
      return {
        name: commands[index]!.name,
        alone: alone[index]!,
        private: privateMemory(pid),
        anonymous: kilobytes(`/proc/${pid}/status`, "RssAnon"),
        resident: kilobytes(`/proc/${pid}/status`, "VmRSS"),
        ticks: after.ticks - before[index]!.ticks,
        switches: after.switches - before[index]!.switches,
      };
    });
  } finally {
    stop();
    process.off("exit", stop);
    await Promise.all(running.map(({ exited }) => exited));
  }
}

function privateMemory(pid: number): number {
  const file = `/proc/${pid}/smaps_rollup`;
  return kilobytes(file, "Private_Clean") + kilobytes(file, "Private_Dirty");
}

/** A line `NAME: NUMBER kB` of a file in /proc, in bytes. */
function kilobytes(file: string, name: string): number {
  return number(file, name) * 1024;
}

function number(file: string, name: string): number {
  const found = new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(readFileSync(file, "utf8"));
  if (!found) throw new Error(`${file} has no ${name}`);
  return Number(found[1]);
}

function activity(pid: number): { ticks: number; switches: number } {
  // Behind the name in parentheses, which may hold blanks: utime is the 14th field,
  // stime the 15th.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  const switches = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const file = `/proc/${pid}/task/${thread}/status`;
    return number(file, "voluntary_ctxt_switches") + involuntary(file);
  });
  return {
    ticks: Number(fields[11]) + Number(fields[12]),
    switches: switches.reduce((sum, count) => sum + count, 0),
  };
}

function involuntary(file: string): number {
  return number(file, "nonvoluntary_ctxt_switches");
}
