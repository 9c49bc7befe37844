/** Frozen activations: those that no longer hold, and those that nobody would believe. */
import { runenvVariable } from "../../../contract/runenv-variables.ts";
import { shellWord } from "../../../contract/shell-words.ts";
import { printable } from "../../../system/text.ts";
import { sidecarPath } from "../../append/contents.ts";
import { run } from "../fix.ts";
import { environmentLine } from "../history.ts";
import type { Rule } from "../rule.ts";

export const frozenRules: readonly Rule[] = [
  {
    code: "frozen-changed",
    severity: "error",
    title: "Frozen activations are of what is there",
    *check({ runenvs, lines }) {
      for (const { name, frozen } of runenvs) {
        if (frozen?.problem === undefined) continue;
        const file = frozen.way.kind === "found" ? frozen.way.node : undefined;
        const node = frozen.node ?? file;
        const line = environmentLine(lines, runenvVariable(name, "FROZEN"));
        yield {
          message: `the frozen ACTIVATE of ${name}, ${printable(frozen.path)}: ${frozen.problem}; every block is refused`,
          fix: `RUN ["${sidecarPath}", "freeze"]`,
          ...(node ? { node } : line === undefined ? {} : { line }),
        };
      }
    },
  },
  {
    code: "frozen-untrusted",
    severity: "error",
    title: "Frozen activations are root's, and nobody else may write them",
    *check({ runenvs, sidecars }) {
      for (const { name, frozen } of runenvs) {
        if (frozen?.way.kind !== "found") continue;
        const { node } = frozen.way;
        const isOwn = node.uid === 0 || node.uid === sidecars[0]?.node.uid;
        if (isOwn && (node.mode & 0o022) === 0) continue;
        const mode = node.mode.toString(8).padStart(4, "0");
        const path = shellWord(node.path);
        yield {
          message: `the frozen ACTIVATE of ${name}, ${printable(node.path)} (mode ${mode}, user id ${node.uid}), could be written by others than root: every block is refused`,
          node,
          fix: run(`chown 0:0 ${path} && chmod 644 ${path}`),
        };
      }
    },
  },
];
