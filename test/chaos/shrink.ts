/** Makes a failing scenario smaller, as long as it fails. */
import type { Action, Scenario, Script } from "./scenario.ts";

/** @param fails whether a scenario still fails; asked at most `tries` times */
export async function shrink(
  scenario: Scenario,
  fails: (scenario: Scenario) => Promise<boolean>,
  tries = 60,
): Promise<Scenario> {
  let best = scenario;
  let left = tries;
  for (let improved = true; improved && left > 0; ) {
    improved = false;
    for (const candidate of smaller(best)) {
      if (left <= 0) break;
      left -= 1;
      if (!(await fails(candidate))) continue;
      best = candidate;
      improved = true;
      break;
    }
  }
  return best;
}

function* smaller(scenario: Scenario): Generator<Scenario> {
  const { background: _, ...withoutBackground } = scenario;
  if (scenario.background) yield withoutBackground;
  for (const script of shorter(scenario.script)) yield { ...scenario, script };
  const plain: Partial<Scenario>[] = [
    { activation: "none" },
    { processOne: false },
    { platformUser: false },
    { hideCgroups: false },
    { tee: false, out: "file" },
    { append: false },
    { temporary: false },
    { redirect: "neither", tee: false, append: false, out: "file" },
    { out: "file", error: "file" },
  ];
  for (const change of plain) {
    const changed = { ...scenario, ...change };
    if (JSON.stringify(changed) !== JSON.stringify(scenario)) yield changed;
  }
  for (const [index] of scenario.sends.entries())
    if (scenario.sends.length > 1)
      yield { ...scenario, sends: scenario.sends.toSpliced(index, 1) };
}

/** Each with one action less; the last one is the block's end, and stays. */
function* shorter(script: Script): Generator<Script> {
  for (const [index, action] of script.entries()) {
    if (index < script.length - 1) yield script.toSpliced(index, 1);
    if (!action.inner) continue;
    for (const inner of shorter(action.inner)) {
      const changed: Action = { ...action, inner };
      yield script.toSpliced(index, 1, changed);
    }
  }
}
