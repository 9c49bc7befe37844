/** Whether everybody of 20000–29999 may go a block's way; nobody needs to try. */
import {
  type Barrier,
  barriers,
  changeOfMode,
  describeBarrier,
  isPlatformUser,
} from "../../../contract/everybody.ts";
import { shellWord } from "../../../contract/shell-words.ts";
import { printable } from "../../../system/text.ts";
import type { TreeNode } from "../../tree/tree.ts";
import type { Fault } from "../finding.ts";
import { chmod, run } from "../fix.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { fileOf } from "../uses.ts";

type Closed = { readonly found: Barrier<TreeNode>; readonly purposes: string[] };

const isDirectory = ({ type }: TreeNode) => type === "directory";

/** What keeps somebody out, each once, with all that is kept from him by it. */
function allBarriers({ uses }: Subject): Closed[] {
  const closed = new Map<string, Closed>();
  for (const use of uses) {
    if (fileOf(use) === undefined) continue;
    for (const found of barriers(use.way.steps, use.wish, isDirectory)) {
      const key = `${found.wish === "enter"} ${found.step.path}`;
      const known = closed.get(key);
      if (known === undefined) closed.set(key, { found, purposes: [use.purpose] });
      else if (!known.purposes.includes(use.purpose)) known.purposes.push(use.purpose);
    }
  }
  return [...closed.values()];
}

function faultOf({ found, purposes }: Closed): Fault {
  const { path } = found.step;
  const isPrivate = /^\/(?:root|home)(?:\/|$)/.test(path);
  const mend = chmod(changeOfMode(found), path);
  return {
    message: `${purposes.join(", ")}: ${printable(path)} ${describeBarrier(found)}`,
    node: found.step,
    fix: isPrivate ? `install it elsewhere, as in /opt; or ${mend}` : mend,
  };
}

/** Whether some user or group of the platform, or anybody, may write to it. */
function isWritable({ mode, uid, gid }: TreeNode): boolean {
  return (
    (mode & 0o002) !== 0 ||
    (isPlatformUser(gid) && (mode & 0o020) !== 0) ||
    (isPlatformUser(uid) && (mode & 0o200) !== 0)
  );
}

const sticky = 0o1000;

/** What on the way a block could change; links have no mode of their own. */
function writable({ uses }: Subject): { node: TreeNode; purposes: string[] }[] {
  const found = new Map<string, { node: TreeNode; purposes: string[] }>();
  for (const use of uses)
    for (const step of use.way.steps) {
      const { type, mode } = step;
      if (type !== "directory" && type !== "file") continue;
      if (!isWritable(step) || (type === "directory" && (mode & sticky) !== 0))
        continue;
      const known = found.get(step.path) ?? { node: step, purposes: [] };
      if (!known.purposes.includes(use.purpose)) known.purposes.push(use.purpose);
      found.set(step.path, known);
    }
  return [...found.values()];
}

export const permissionRules: readonly Rule[] = [
  {
    code: "way-closed",
    severity: "error",
    title: "Directories on the way may be entered by everybody",
    *check(subject) {
      for (const closed of allBarriers(subject))
        if (closed.found.wish === "enter") yield faultOf(closed);
    },
  },
  {
    code: "file-closed",
    severity: "error",
    title: "Files on the way may be read and executed by everybody",
    *check(subject) {
      for (const closed of allBarriers(subject))
        if (closed.found.wish !== "enter") yield faultOf(closed);
    },
  },
  {
    code: "way-writable",
    severity: "warning",
    title: "Nothing on the way can be changed by blocks",
    *check(subject) {
      for (const { node, purposes } of writable(subject)) {
        const mode = node.mode.toString(8).padStart(4, "0");
        const owner = isPlatformUser(node.uid) || isPlatformUser(node.gid);
        yield {
          message: `${purposes.join(", ")}: ${printable(node.path)} (mode ${mode}, user id ${node.uid}) can be changed by blocks`,
          node,
          fix: owner
            ? run(
                `chown 0:0 ${shellWord(node.path)} && chmod go-w ${shellWord(node.path)}`,
              )
            : chmod("go-w", node.path),
        };
      }
    },
  },
];
