/**
 * Programs that give privileges. A block may gain none (no_new_privs), so they give
 * nothing; and one with an effective capability cannot even be started, as the kernel
 * refuses what it cannot grant (capabilities(7), EPERM).
 */
import { shellWord } from "../../../contract/shell-words.ts";
import { printable } from "../../../system/text.ts";
import type { Layer } from "../../model.ts";
import type { TreeNode } from "../../tree/tree.ts";
import { chmod, run } from "../fix.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { fileOf } from "../uses.ts";

const setUser = 0o4000;
const setGroup = 0o2000;
/** VFS_CAP_FLAGS_EFFECTIVE, in the first byte of `security.capability`. */
const effective = 1;
/** Files that are named in one line of a report. */
const mostNamed = 5;
/** Files that a line to mend them names; for more it is one that finds them. */
const mostKept = 50;

function hasSetId({ type, mode }: TreeNode): boolean {
  return type === "file" && (mode & (setUser | setGroup)) !== 0;
}

const isEffective = ({ capabilities }: TreeNode) =>
  capabilities !== undefined && ((capabilities[0] ?? 0) & effective) !== 0;

/** Programs on the way, once each. */
function* onTheWay({ uses }: Subject, is: (node: TreeNode) => boolean) {
  const told = new Set<string>();
  for (const use of uses) {
    const node = fileOf(use);
    if (!node || use.part === "activation" || told.has(node.path) || !is(node))
      continue;
    told.add(node.path);
    yield { use, node };
  }
}

type Elsewhere = {
  readonly layer: Layer | undefined;
  /** At most `mostKept` of them: somebody may make an image with half a million. */
  readonly nodes: readonly TreeNode[];
  readonly count: number;
};

/**
 * All others, by the layer that brought them.
 * @param isTold which are told already where they are on the way
 */
function elsewhere(
  subject: Subject,
  is: (node: TreeNode) => boolean,
  isTold: (node: TreeNode) => boolean,
): Elsewhere[] {
  const way = new Set([...onTheWay(subject, isTold)].map(({ node }) => node.path));
  const layers = new Map<Layer | undefined, { nodes: TreeNode[]; count: number }>();
  for (const node of subject.tree.nodes("privileged")) {
    if (!is(node) || way.has(node.path)) continue;
    const found = layers.get(node.layer) ?? { nodes: [], count: 0 };
    if (found.nodes.length < mostKept) found.nodes.push(node);
    found.count += 1;
    layers.set(node.layer, found);
  }
  return [...layers].map(([layer, found]) => ({ layer, ...found }));
}

function listed({ nodes, count }: Elsewhere): string {
  const names = nodes.slice(0, mostNamed).map(({ path }) => printable(path));
  const more = count - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

export const privilegeRules: readonly Rule[] = [
  {
    code: "way-set-id",
    severity: "error",
    title: "No program on the way is set-user-ID or set-group-ID",
    *check(subject) {
      for (const { use, node } of onTheWay(subject, hasSetId))
        yield {
          message: `${use.purpose}: ${printable(node.path)} (mode ${node.mode.toString(8)}) is to run as another user, which a block may not`,
          node,
          fix: chmod("a-s", node.path),
        };
    },
  },
  {
    code: "way-capabilities",
    severity: "error",
    title: "No program on the way has capabilities",
    *check(subject) {
      for (const { use, node } of onTheWay(subject, isEffective))
        yield {
          message: `${use.purpose}: ${printable(node.path)} has capabilities of its own: the kernel refuses to start it without privileges`,
          node,
          fix: run(`setcap -r ${shellWord(node.path)}`),
        };
    },
  },
  {
    code: "set-id",
    severity: "note",
    title: "No file is set-user-ID or set-group-ID",
    *check(subject) {
      for (const found of elsewhere(subject, hasSetId, hasSetId)) {
        const { layer, nodes, count } = found;
        yield {
          message: `${listed(found)} would run as another user; no block may, and none needs it`,
          ...(count === 1 ? { path: nodes[0]!.path } : {}),
          ...(layer ? { layer } : {}),
          fix:
            count > nodes.length
              ? run("find / -xdev -type f -perm /6000 -exec chmod a-s {} +")
              : chmod("a-s", ...nodes.map(({ path }) => path)),
        };
      }
    },
  },
  {
    code: "capabilities",
    severity: "note",
    title: "No file has capabilities",
    *check(subject) {
      const has = ({ capabilities }: TreeNode) => capabilities !== undefined;
      for (const found of elsewhere(subject, has, isEffective)) {
        const { layer, nodes, count } = found;
        yield {
          message: `${listed(found)}: capabilities of its own, which a block cannot use`,
          ...(count === 1 ? { path: nodes[0]!.path } : {}),
          ...(layer ? { layer } : {}),
          fix: run(
            count > nodes.length
              ? "find / -xdev -type f -exec setcap -r {} ';' 2>/dev/null"
              : nodes.map(({ path }) => `setcap -r ${shellWord(path)}`).join(" && "),
          ),
        };
      }
    },
  },
];
