/** The machine that tries to break sidecar; docs/development.md says how to use it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { conduct, type Failed } from "./chaos/campaign.ts";
import { describeFailure, describeTally } from "./chaos/report-text.ts";
import { type House, openTheatre } from "./chaos/theatre.ts";
import { describeWhere, has, hasLauncher } from "./support/machine.ts";
import { executable } from "./support/paths.ts";

const seed = Number(process.env["CHAOS_SEED"] ?? 1);
const count = Number(process.env["CHAOS_COUNT"] ?? 1000);
const without = process.env["CHAOS_WITHOUT"] ?? "";

let theatre: House;
const needs = { gcc: has("gcc"), "the launcher": hasLauncher };

describeWhere(needs, `scenarios of seed ${seed}`, () => {
  beforeAll(() => {
    theatre = openTheatre(executable);
  });
  afterAll(() => theatre.close());

  it(`${count} end as the contract says, and leave nothing`, async () => {
    const failures: Failed[] = [];
    const started = performance.now();
    const tally = await conduct({
      seed,
      first: 0,
      count,
      ground: {
        privileged: theatre.privileged,
        cgroups: theatre.cgroups !== undefined,
        without: new Set(without.split(",").filter((name) => name !== "")),
      },
      theatre,
      onFailure: (failed) => {
        failures.push(failed);
      },
    });
    console.log(describeTally(tally, (performance.now() - started) / 1000));
    expect(failures.map((failed) => describeFailure(seed, without, failed))).toEqual(
      [],
    );
    expect(tally.scenarios).toBe(count);
  }, 1_200_000);
});
