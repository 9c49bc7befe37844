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

/**
 * All others, by the layer that brought them.
 * @param isTold which are told already where they are on the way
 */
function elsewhere(
  subject: Subject,
  is: (node: TreeNode) => boolean,
  isTold: (node: TreeNode) => boolean,
): { readonly layer: Layer | undefined; readonly nodes: readonly TreeNode[] }[] {
  const way = new Set([...onTheWay(subject, isTold)].map(({ node }) => node.path));
  const layers = new Map<Layer | undefined, TreeNode[]>();
  for (const node of subject.tree.nodes("privileged")) {
    if (!is(node) || way.has(node.path)) continue;
    const nodes = layers.get(node.layer) ?? [];
    nodes.push(node);
    layers.set(node.layer, nodes);
  }
  return [...layers].map(([layer, nodes]) => ({ layer, nodes }));
}

function listed(nodes: readonly TreeNode[]): string {
  const names = nodes.slice(0, mostNamed).map(({ path }) => printable(path));
  const more = nodes.length - names.length;
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
      for (const { layer, nodes } of elsewhere(subject, hasSetId, hasSetId))
        yield {
          message: `${listed(nodes)} would run as another user; no block may, and none needs it`,
          ...(nodes.length === 1 ? { path: nodes[0]!.path } : {}),
          ...(layer ? { layer } : {}),
          fix: chmod("a-s", ...nodes.map(({ path }) => path)),
        };
    },
  },
  {
    code: "capabilities",
    severity: "note",
    title: "No file has capabilities",
    *check(subject) {
      const has = ({ capabilities }: TreeNode) => capabilities !== undefined;
      for (const { layer, nodes } of elsewhere(subject, has, isEffective))
        yield {
          message: `${listed(nodes)}: capabilities of its own, which a block cannot use`,
          ...(nodes.length === 1 ? { path: nodes[0]!.path } : {}),
          ...(layer ? { layer } : {}),
          fix: run(
            nodes.map(({ path }) => `setcap -r ${shellWord(path)}`).join(" && "),
          ),
        };
    },
  },
];
