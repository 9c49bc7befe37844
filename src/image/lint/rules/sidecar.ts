/** Sidecar itself: that it is there, which one, and that it is what is started. */
import { printable } from "../../../system/text.ts";
import { sidecarPath } from "../../append/contents.ts";
import type { TreeNode } from "../../tree/tree.ts";
import { lastLine } from "../history.ts";
import { findProgram } from "../programs.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";

/** Of two versions like 0.10.2, whether the first is lower; what follows - is the same. */
export function isOlder(one: string, other: string): boolean {
  const numbers = (version: string) =>
    version.split(/[-+]/, 1)[0]!.split(".").map(Number);
  const [first, second] = [numbers(one), numbers(other)];
  for (const [index, number] of first.entries()) {
    const than = second[index] ?? 0;
    if (number !== than) return number < than;
  }
  return false;
}

/** Where a word of the entrypoint leads. */
function fileOfWord(word: string, subject: Subject): TreeNode | undefined {
  const { tree, variables, image } = subject;
  const { workingDirectory } = image.configuration;
  const path = variables.get("PATH");
  const way = findProgram(word, path, tree, workingDirectory || "/")?.way;
  return way?.kind === "found" ? way.node : undefined;
}

function isSidecar(word: string | undefined, subject: Subject): boolean {
  const file = word === undefined ? undefined : fileOfWord(word, subject);
  if (file === undefined) return false;
  return subject.sidecars.some(
    ({ node }) => node.path === file.path || subject.tree.same(node, file),
  );
}

/** What ENTRYPOINT without brackets becomes. */
const isCommandLine = (words: readonly string[]) =>
  /(?:^|\/)\w*sh$/.test(words[0] ?? "") && words[1] === "-c";

function otherEntrypoint(words: readonly string[]): string {
  if (words.length === 0) return "there is no entrypoint";
  if (isCommandLine(words))
    return "the entrypoint is a command line of a shell (ENTRYPOINT without brackets), which gets no arguments";
  return `the entrypoint is ${printable(JSON.stringify(words))}`;
}

/** @param own the version of the sidecar that lints; others are compared with it */
export const sidecarRules = (own: string): readonly Rule[] => [
  {
    code: "sidecar-missing",
    severity: "error",
    title: "Sidecar is there",
    *check({ sidecars }) {
      if (sidecars.length === 0)
        yield {
          message: "there is no sidecar in this image: nothing can start blocks in it",
          fix: `COPY --from=sidecar /sidecar ${sidecarPath}`,
        };
    },
  },
  {
    code: "sidecar-unknown",
    severity: "warning",
    title: "Sidecar says which version it is",
    *check({ sidecars }) {
      const [first] = sidecars;
      if (first === undefined || first.build) return;
      yield {
        message: `${printable(first.node.path)} does not say which version it is: it is older than 0.1.0, built without its launcher, or no sidecar`,
        node: first.node,
        fix: "copy the one of a release, or build it where gcc and libc6-dev are",
      };
    },
  },
  {
    code: "sidecar-old",
    severity: "warning",
    title: "Sidecar is not older than the one that lints",
    *check({ sidecars }) {
      const [first] = sidecars;
      if (!first?.build || !isOlder(first.build.version, own)) return;
      yield {
        message: `${printable(first.node.path)} is sidecar ${first.build.version}; this is ${own}`,
        node: first.node,
        fix: `COPY --from=sidecar /sidecar ${printable(first.node.path)}`,
      };
    },
  },
  {
    code: "entrypoint-other",
    severity: "error",
    title: "The entrypoint is sidecar",
    *check(subject) {
      const { sidecars, image, lines } = subject;
      const [first] = sidecars;
      if (first === undefined) return;
      const { entrypoint } = image.configuration;
      if (isSidecar(entrypoint[0], subject)) return;
      // An init program before it (tini -- sidecar) does no harm.
      if (!isCommandLine(entrypoint) && isSidecar(entrypoint.at(-1), subject)) return;
      const line = lastLine(lines, "ENTRYPOINT");
      yield {
        message: `${otherEntrypoint(entrypoint)}, and pCluster's arguments are sidecar's`,
        fix: `ENTRYPOINT [${JSON.stringify(printable(first.node.path))}]`,
        ...(line === undefined ? {} : { line }),
      };
    },
  },
];
