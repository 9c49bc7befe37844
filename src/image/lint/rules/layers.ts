/** Layers that tools understand in two ways, or refuse. */
import { printable } from "../../../system/text.ts";
import type { LayerProblem } from "../../tree/tree.ts";
import type { Fault } from "../finding.ts";
import type { Rule } from "../rule.ts";

type Kind = LayerProblem["kind"];

const ambiguous: Partial<Record<Kind, string>> = {
  "duplicate-entry": "has two entries in this layer: tools differ in which counts",
  "whiteout-and-entry":
    "is both made and removed by this layer: tools differ in whether it is there",
  "entry-below-non-directory": "is below what this layer makes no directory",
};

const broken: Partial<Record<Kind, string>> = {
  "hard-link-missing": "is a hard link to what is not there",
  "hard-link-to-directory": "is a hard link to a directory",
  "parent-unusable": "is below what is no directory",
};

const again =
  "build the layer again, with docker build or GNU tar; no tool should write it";

function* faults(
  problems: readonly LayerProblem[],
  kinds: Partial<Record<Kind, string>>,
): Generator<Fault> {
  for (const { kind, path, layer, target } of problems) {
    const what = kinds[kind];
    if (what === undefined) continue;
    const to = target === undefined ? "" : ` (${printable(target)})`;
    yield { message: `${printable(path)} ${what}${to}`, path, layer, fix: again };
  }
}

export const layerRules: readonly Rule[] = [
  {
    code: "layer-ambiguous",
    severity: "error",
    title: "Each layer means one thing",
    check: ({ problems }) => faults(problems, ambiguous),
  },
  {
    code: "layer-broken",
    severity: "error",
    title: "Each layer can be unpacked",
    *check({ problems, omittedProblems }) {
      yield* faults(problems, broken);
      if (omittedProblems > 0)
        yield {
          message: `${omittedProblems} more such entries are not told`,
          fix: again,
        };
    },
  },
];
