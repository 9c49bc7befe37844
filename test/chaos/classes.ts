/**
 * The classes that a scenario belongs to: what a table counts, so that nobody believes
 * in scenarios that never happened, and what a run can leave out (CHAOS_WITHOUT).
 */
import {
  type ActionName,
  allActions,
  endingSignals,
  type Scenario,
  SIGKILL,
  SIGSTOP,
  SIGTSTP,
} from "./scenario.ts";

/** What leaves the block's process group. */
const escapes: readonly ActionName[] = ["session", "group", "daemon", "storm"];

export function classesOf(scenario: Scenario): string[] {
  const { sends, script, background = [] } = scenario;
  const does = new Set(
    [...allActions(script), ...allActions(background)].map((a) => a.does),
  );
  const has = (...signals: number[]) =>
    sends.some(({ signal, to }) => !to && signals.includes(signal));
  const endings = sends.filter(({ signal }) => endingSignals.includes(signal));
  const facts: Record<string, boolean> = {
    root: !scenario.platformUser,
    "uid-20042": scenario.platformUser,
    "process-1": scenario.processOne,
    subreaper: !scenario.processOne,
    "no-cgroups": scenario.hideCgroups,
    [`redirect-${scenario.redirect.replace(" ", "-")}`]: true,
    cgroup: scenario.cgroup,
    append: scenario.append,
    tee: scenario.tee,
    [`console-${scenario.out}`]: true,
    quiet: scenario.quiet,
    "no-record": !scenario.result,
    temporary: scenario.temporary,
    timeout: scenario.timeout !== undefined,
    "long-grace": (scenario.grace ?? 0) > 10_000,
    [`activation-${scenario.activation.replace(" ", "-")}`]: true,
    background: background.length > 0,
    [`program-${scenario.program.replace(" ", "-")}`]: scenario.program !== "tree",
    "kill-sidecar": has(SIGKILL),
    "kill-guardian": sends.some(({ to }) => to === "guardian"),
    "signal-ending": endings.length > 0,
    "signal-twice": endings.length > 1,
    "signal-first-10ms": sends.some(
      ({ from, microseconds }) => from === "start" && microseconds < 10_000,
    ),
    "signal-other": sends.length > endings.length,
    "signal-stop": has(SIGSTOP, SIGTSTP),
    escape: escapes.some((name) => does.has(name)),
  };
  for (const name of does) facts[`does-${name}`] = true;
  return Object.keys(facts).filter((name) => facts[name]);
}
