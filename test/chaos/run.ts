/**
 * The machine by hand:
 *
 *     sh scripts/bun test/chaos/run.ts --seed 1 --count 20000
 *     sh scripts/bun test/chaos/run.ts --seed 1 --only 4711 --repeat 20
 *     sh scripts/bun test/chaos/run.ts --scenario '{…}'
 *
 * `--without escape,kill-sidecar` leaves classes out, `--shrink` makes what
 * fails smaller, `--sidecar FILE` judges another executable than dist/sidecar,
 * `--width N` is how many run at the same time.
 */
import { parseArgs } from "node:util";
import { built } from "../support/paths.ts";
import { conduct, type Failed, tryOut } from "./campaign.ts";
import type { Ground } from "./generator.ts";
import { generate } from "./generator.ts";
import { describeFailure, describeNotes, describeTally } from "./report-text.ts";
import type { Scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";
import { type House, openTheatre } from "./theatre.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
    count: { type: "string", default: "1000" },
    only: { type: "string" },
    repeat: { type: "string", default: "1" },
    scenario: { type: "string" },
    without: { type: "string", default: process.env["CHAOS_WITHOUT"] ?? "" },
    shrink: { type: "boolean", default: false },
    sidecar: { type: "string", default: built },
    width: { type: "string", default: "12" },
    limit: { type: "string", default: "45000" },
    verbose: { type: "boolean", default: false },
  },
});

const seed = Number(values.seed);
const theatre = openTheatre(values.sidecar, Number(values.limit));
const ground: Ground = {
  privileged: theatre.privileged,
  cgroups: theatre.cgroups !== undefined,
  without: new Set(values.without.split(",").filter((name) => name !== "")),
};

try {
  const only =
    values.scenario !== undefined
      ? (JSON.parse(values.scenario) as Scenario)
      : values.only !== undefined
        ? generate(seed, Number(values.only), ground)
        : undefined;
  process.exitCode = only ? await again(only, theatre) : await many(theatre);
} finally {
  theatre.close();
}

/** The same scenario, several times. */
async function again(scenario: Scenario, house: House): Promise<number> {
  console.log(JSON.stringify(scenario));
  let failures = 0;
  let left = Number(values.repeat);
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const { problems, evidence } = await tryOut(scenario, house);
      if (problems.length > 0 || values.verbose) console.log(describeNotes(evidence));
      for (const problem of problems) console.log(`  ${problem}`);
      if (problems.length > 0) failures += 1;
    }
  };
  await Promise.all(Array.from({ length: Number(values.width) }, work));
  console.log(`${failures} of ${values.repeat} failed`);
  if (failures > 0 && values.shrink) await reduce(scenario);
  return failures > 0 ? 1 : 0;
}

async function many(house: House): Promise<number> {
  const failures: Failed[] = [];
  const started = performance.now();
  const count = Number(values.count);
  const tally = await conduct({
    seed,
    first: Number(values.first),
    count,
    ground,
    theatre: house,
    width: Number(values.width),
    onFailure: (failed) => {
      failures.push(failed);
      console.log(describeFailure(seed, values.without, failed));
    },
    onProgress: (done) => {
      if (done % 500 !== 0) return;
      const rate = (done / (performance.now() - started)) * 1000;
      console.log(
        `${done} of ${count}, ${rate.toFixed(1)} a second, ${failures.length} failed`,
      );
    },
  });
  console.log(describeTally(tally, (performance.now() - started) / 1000));
  if (values.shrink)
    for (const { scenario } of failures.slice(0, 5)) await reduce(scenario);
  console.log(`${failures.length} of ${tally.scenarios} failed`);
  return failures.length > 0 ? 1 : 0;
}

/** Prints a smaller scenario that fails; what fails now and then is tried thrice. */
async function reduce(scenario: Scenario): Promise<void> {
  const smallest = await shrink(scenario, async (candidate) => {
    for (let round = 0; round < 3; round += 1)
      if ((await tryOut(candidate, theatre)).problems.length > 0) return true;
    return false;
  });
  console.log(`smaller:\n  --scenario '${JSON.stringify(smallest)}'`);
}
