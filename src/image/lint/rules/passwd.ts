/** passwd and group: one meaning for each number, and nobody changes it. */
import { firstUser, isPlatformUser, lastUser } from "../../../contract/everybody.ts";
import { decode, printable } from "../../../system/text.ts";
import type { TreeNode } from "../../tree/tree.ts";
import { chmod } from "../fix.ts";
import { type Account, readAccounts } from "../passwd.ts";
import type { Rule } from "../rule.ts";
import { groupPath, passwdPath, type Subject } from "../subject.ts";

const files = [
  [passwdPath, 7],
  [groupPath, 4],
] as const;
const all = lastUser - firstUser + 1;

type File = { readonly node: TreeNode; readonly accounts: readonly Account[] };

/** passwd and group, where they are there. */
function* accountFiles({ tree, content }: Subject): Generator<File> {
  for (const [path, fields] of files) {
    const way = tree.resolve(path);
    const bytes = way.kind === "found" ? content(way.node) : undefined;
    if (way.kind !== "found" || bytes === undefined) continue;
    yield { node: way.node, accounts: readAccounts(decode(bytes), fields) };
  }
}

/** What occurs more than once, with where. */
function repeated(
  accounts: readonly Account[],
  key: (account: Account) => string | undefined,
): [string, Account[]][] {
  const groups = new Map<string, Account[]>();
  for (const account of accounts) {
    const value = key(account);
    if (value !== undefined) groups.set(value, [...(groups.get(value) ?? []), account]);
  }
  return [...groups].filter(([, members]) => members.length > 1);
}

export const passwdRules: readonly Rule[] = [
  {
    code: "passwd-malformed",
    severity: "warning",
    title: "passwd and group have lines of their form",
    *check(subject) {
      for (const { node, accounts } of accountFiles(subject)) {
        const wrong = accounts.filter(({ number }) => number === undefined);
        if (wrong.length === 0) continue;
        const lines = wrong.slice(0, 5).map(({ line }) => line);
        const more = wrong.length > lines.length ? " …" : "";
        yield {
          message: `${printable(node.path)}: line ${lines.join(", ")}${more} is not of its form`,
          node,
          fix: `mend it, as in user20001:x:20001:20001::/tmp/home:/bin/sh`,
        };
      }
    },
  },
  {
    code: "passwd-duplicate",
    severity: "warning",
    title: "passwd and group have each name, and passwd each number, once",
    *check(subject) {
      for (const { node, accounts } of accountFiles(subject)) {
        const place = printable(node.path);
        for (const [name, members] of repeated(accounts, (account) => account.name)) {
          const lines = members.map(({ line }) => line).join(" and ");
          yield {
            message: `${place}: ${printable(name)} stands in lines ${lines}`,
            node,
            fix: "keep one of the lines",
          };
        }
        if (!node.path.endsWith("passwd")) continue;
        for (const [number, members] of repeated(
          accounts,
          (account) => account.number,
        )) {
          const names = new Set(members.map(({ name }) => printable(name)));
          if (names.size < 2) continue;
          const danger = number === "0" ? ", and so each of them is root" : "";
          yield {
            message: `${place}: user id ${number} is ${[...names].join(" and ")}${danger}`,
            node,
            fix: "give each its own number",
          };
        }
      }
    },
  },
  {
    code: "passwd-writable",
    severity: "error",
    title: "Only root may write to passwd, group and shadow",
    *check({ tree }) {
      for (const path of [passwdPath, groupPath, "/etc/shadow"]) {
        const way = tree.resolve(path);
        if (way.kind !== "found") continue;
        const { node } = way;
        if ((node.mode & 0o022) === 0 && !isPlatformUser(node.uid)) continue;
        const mode = node.mode.toString(8).padStart(4, "0");
        yield {
          message: `${printable(node.path)} (mode ${mode}, user id ${node.uid}) can be written by others than root, who may then be anybody`,
          node,
          fix: isPlatformUser(node.uid)
            ? `${chmod("go-w", node.path)} && chown 0:0 ${printable(node.path)}`
            : chmod("go-w", node.path),
        };
      }
    },
  },
  {
    code: "passwd-users",
    severity: "note",
    title: "passwd knows the users of the platform",
    *check(subject) {
      const [file] = accountFiles(subject);
      const known = new Set(
        file?.accounts
          .map(({ number }) => Number(number))
          .filter((number) => isPlatformUser(number)),
      );
      if (known.size === all) return;
      const some = known.size === 0 ? "none" : `${known.size}`;
      const missing = [firstUser, firstUser + 1, lastUser].find((id) => !known.has(id));
      yield {
        message: `passwd has ${some} of the ${all} users 20000–29999${known.size > 0 && missing ? ` (not ${missing})` : ""}: sidecar sets USER and HOME, but whoami, ssh and Java's user.home want a line`,
        ...(file ? { node: file.node } : { path: passwdPath }),
        fix: "sidecar image append --users adds them, where a block needs it",
      };
    },
  },
];
