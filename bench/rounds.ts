/**
 * Starts the programs in rounds: each once a round, each round in another order. What
 * disturbs the machine then hits all alike, and none always runs behind the same other.
 */
import { measure, prepare, type Sample } from "./process.ts";
import type { Program, Programs } from "./programs.ts";

/** Rounds before those that count: page cache, processor's clock, our own compiler. */
const warmUp = 20;

/** @returns the samples of each program by its name */
export async function runRounds(
  { programs, environment }: Programs,
  rounds: number,
): Promise<Map<string, Sample[]>> {
  for (const program of programs) requireSuccess(program, environment);
  const entries = programs.map(({ name, words }) => ({
    prepared: prepare(words, environment),
    samples: [] as Sample[],
    name,
  }));
  for (let round = 0; round < warmUp + rounds; round += 1) {
    for (const { prepared, samples } of shuffled(entries)) {
      const sample = measure(prepared);
      if (round >= warmUp) samples.push(sample);
    }
    await Bun.sleep(0); // lets Ctrl-C through
  }
  return new Map(entries.map(({ name, samples }) => [name, samples]));
}

/** Once with its messages to be seen; the rounds see only the exit status. */
function requireSuccess({ name, words }: Program, env: Programs["environment"]): void {
  const { exitCode, signalCode, stderr } = Bun.spawnSync([...words], { env });
  if (exitCode !== 0 || stderr.length > 0)
    throw new Error(`${name} ended with ${exitCode ?? signalCode}: ${stderr}`);
}

export function shuffled<T>(items: readonly T[]): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
