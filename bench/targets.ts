/** What sidecar promises of its start and its idleness, and whether a run keeps it. */

import type { FirstInstruction } from "./first-instruction.ts";
import type { Idle } from "./idle.ts";
import { names } from "./programs.ts";
import type { Summary } from "./summary.ts";

export type Target = { readonly text: string; readonly ok: boolean };

const mostOfFloor = 1.3;
/** Bytes. */
const mostPrivate = 4e6;
/** Bytes. */
const mostAdded = 2e6;
/** Milliseconds. */
const mostFirstInstruction = 1;

export function judge(
  summaries: ReadonlyMap<string, Summary>,
  idle: readonly Idle[],
  added: number,
  firstInstruction: FirstInstruction | undefined,
): Target[] {
  const wall = (name: string) => summaries.get(name)!.wall;
  const ratio = wall(names.plain) / wall(names.floor);
  const activation = wall(names.sourced) - wall(names.plain);
  const frozen = wall(names.frozen) - wall(names.plain);
  const {
    private: memory,
    ticks,
    switches,
  } = idle.find(({ name }) => name === names.plain)!;
  const dynamic = wall(names.plain) / wall(names.dynamic);
  return [
    {
      text: `the static executable: ${dynamic.toFixed(2)} x the dynamic one, at most 1`,
      ok: dynamic <= 1,
    },
    {
      text: `it is ${(added / 1e6).toFixed(2)} MB larger, at most ${mostAdded / 1e6}`,
      ok: added <= mostAdded,
    },
    ...(firstInstruction
      ? [
          {
            text:
              `from sidecar to the block's first instruction: ` +
              `${firstInstruction.launcher.toFixed(2)} ms (posix_spawn: ` +
              `${firstInstruction.spawn.toFixed(2)}), below ${mostFirstInstruction}`,
            ok: firstInstruction.launcher < mostFirstInstruction,
          },
        ]
      : []),
    {
      text:
        `a block without activation: ${ratio.toFixed(2)} x floor, ` +
        `at most ${mostOfFloor}`,
      ok: ratio <= mostOfFloor,
    },
    {
      text:
        `a sourced activation adds ${activation.toFixed(2)} ms, ` +
        `at most the ${wall(names.shell).toFixed(2)} ms of a shell that does the same`,
      ok: activation <= wall(names.shell),
    },
    {
      text:
        `the same activation frozen adds ${frozen.toFixed(2)} ms, ` +
        `at most half of a sourced one`,
      ok: frozen <= activation / 2,
    },
    {
      text:
        `private memory while a block runs: ${(memory / 1e6).toFixed(2)} MB, ` +
        "at most 4",
      ok: memory <= mostPrivate,
    },
    {
      text:
        `processor time while a block runs: ${ticks} ticks, ` +
        `${switches} wake-ups, none allowed`,
      ok: ticks === 0 && switches === 0,
    },
  ];
}
